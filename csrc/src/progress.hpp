#pragma once

#include <atomic>
#include <thread>

namespace geomvision {

/// How far one member of a team has come, for the others to wait for. Nothing else shares its cache line.
class alignas(64) Progress {
 public:
  void reset() { steps_.store(0, std::memory_order_relaxed); }

  /// What this member wrote before is seen by those who wait for `steps`.
  void reach(int steps) { steps_.store(steps, std::memory_order_release); }

  void wait_for(int steps) const {
    constexpr int patience = 4000;  // looks; whoever is waited for may have lost its core to another process
    for (int looks = 0; steps_.load(std::memory_order_acquire) < steps; ++looks) {
      if (looks < patience) {
#if defined(__x86_64__) || defined(__i386__)
        __builtin_ia32_pause();
#endif
      } else {
        std::this_thread::yield();
      }
    }
  }

 private:
  std::atomic<int> steps_{0};
};

}  // namespace geomvision

#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace geomvision {

/// How far one member of a team has come, for the others to wait for. Nothing else shares its cache line.
class alignas(64) Progress {
 public:
  void reset() { steps_.store(0); }

  /// What this member wrote before is seen by those who wait for `steps`.
  void reach(int steps) {
    steps_.store(steps);
    if (sleepers_.load() == 0) return;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
    }  // whoever looked a moment ago sleeps now
    reached_.notify_all();
  }

  /// Looks for some milliseconds, then sleeps. Waking takes longer than most waits, and whoever wakes late lets others
  /// wait: teams that sleep early end up asleep at every step. Between looks whoever is waited for may have this core.
  void wait_for(int steps) {
    constexpr int rounds = 300, looks = 1000;
    for (int round = 0; round < rounds; ++round) {
      for (int look = 0; look < looks; ++look) {
        if (steps_.load(std::memory_order_acquire) >= steps) return;
#if defined(__x86_64__) || defined(__i386__)
        __builtin_ia32_pause();
#endif
      }
      std::this_thread::yield();
    }
    ++sleepers_;
    {
      std::unique_lock<std::mutex> lock(mutex_);
      reached_.wait(lock, [&] { return steps_.load() >= steps; });
    }
    --sleepers_;
  }

 private:
  std::atomic<int> steps_{0};
  std::atomic<int> sleepers_{0};
  std::mutex mutex_;
  std::condition_variable reached_;
};

}  // namespace geomvision

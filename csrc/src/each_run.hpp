#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "each_worker.hpp"

namespace geomvision {

/// Hands out indices in runs: each slot goes on with the next one while it can. A slot that has none left takes the
/// farther half of the longest run there is.
class Runs {
 public:
  /// Indices below `count`, shared out among `slots`. Keeps its memory.
  void begin(int count, int slots) {
    if (left_.size() != static_cast<std::size_t>(slots)) {
      left_ = std::vector<std::atomic<Run>>(static_cast<std::size_t>(slots));
    }
    for (int slot = 0; slot < slots; ++slot) {
      const auto edge = [&](int k) { return static_cast<std::uint32_t>(std::int64_t{count} * k / slots); };
      left_[static_cast<std::size_t>(slot)] = {edge(slot), edge(slot + 1)};
    }
  }

  /// The slot's next index, -1 where there is none left.
  int next(int slot) {
    std::atomic<Run>& own = left_[static_cast<std::size_t>(slot)];
    Run run = own;
    while (run.begin < run.end) {
      if (own.compare_exchange_weak(run, {run.begin + 1, run.end})) return static_cast<int>(run.begin);
    }
    while (true) {
      std::atomic<Run>* longest = &own;
      for (std::atomic<Run>& other : left_) {
        const Run found = other, most = *longest;
        if (found.begin < found.end && (most.begin >= most.end || found.end - found.begin > most.end - most.begin)) {
          longest = &other;
        }
      }
      run = *longest;
      if (run.begin >= run.end) {
        if (longest == &own) return -1;
        continue;  // it was emptied meanwhile
      }
      const std::uint32_t half = run.begin + (run.end - run.begin) / 2;
      if (!longest->compare_exchange_strong(run, {run.begin, half})) continue;
      own = {half + 1, run.end};
      return static_cast<int>(half);
    }
  }

 private:
  struct Run {
    std::uint32_t begin, end;
  };
  std::vector<std::atomic<Run>> left_;
};

/// Run `task(index, worker, goes_on)` for every index below `count`; each thread has a worker (its scratch) of its own.
/// `goes_on`: the worker's index before was the one before.
template <typename Worker, typename Task>
void each_run(int count, int most_threads, Runs& runs, std::vector<Worker>& workers, const Task& task) {
  const int threads = count < most_threads ? count : most_threads;
  if (threads <= 0) return;
  if (static_cast<int>(workers.size()) < threads) workers.resize(static_cast<std::size_t>(threads));
  runs.begin(count, threads);
  each_slot(threads, threads, [&](int /*index*/, int slot) {
    int before = count;
    for (int index = runs.next(slot); index >= 0; index = runs.next(slot)) {
      task(index, workers[static_cast<std::size_t>(slot)], index == before + 1);
      before = index;
    }
  });
  share_room(workers);
}

}  // namespace geomvision

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "each_worker.hpp"

namespace geomvision {

/// Hands out indices in runs: each slot goes on with the next one while it can. A slot that has none left takes the
/// farther half of the longest run there is, or more or less of it where runs may not begin there.
class Runs {
 public:
  /// Indices below `count`, shared out among `slots`. Keeps its memory.
  void begin(int count, int slots) {
    if (left_.size() != static_cast<std::size_t>(slots)) {
      left_ = std::vector<std::atomic<Run>>(static_cast<std::size_t>(slots));
    }
    count_ = count;
    for (int slot = 0; slot < slots; ++slot)
      left_[static_cast<std::size_t>(slot)] = {first_of(slot), first_of(slot + 1)};
  }

  /// The slot's next index, -1 where there is none that it may take. `begins(index)`: whether a run may begin there.
  /// `goes_on`: the index before in the same run was the slot's, too.
  template <typename Begins>
  int next(int slot, const Begins& begins, bool& goes_on) {
    std::atomic<Run>& own = left_[static_cast<std::size_t>(slot)];
    Run run = own;
    while (run.begin < run.end) {
      if (!own.compare_exchange_weak(run, {run.begin + 1, run.end})) continue;
      goes_on = run.begin != first_of(slot);
      return static_cast<int>(run.begin);
    }
    goes_on = false;
    while (true) {
      std::atomic<Run>* from = nullptr;
      std::uint32_t first = 0, most = 0;
      for (std::atomic<Run>& other : left_) {
        const Run found = other;
        const std::uint32_t start = start_in(found, begins);
        if (start >= found.end || found.end - start <= most) continue;
        from = &other;
        run = found;
        first = start;
        most = found.end - start;
      }
      if (from == nullptr) return -1;
      if (!from->compare_exchange_strong(run, {run.begin, first})) continue;  // it has gone on meanwhile
      own = {first + 1, run.end};
      return static_cast<int>(first);
    }
  }

  int next(int slot, bool& goes_on) {
    return next(slot, [](int) { return true; }, goes_on);
  }

 private:
  struct Run {
    std::uint32_t begin, end;
  };

  // The index that a slot is given to begin with.
  std::uint32_t first_of(int slot) const {
    return static_cast<std::uint32_t>(std::int64_t{count_} * slot / static_cast<std::int64_t>(left_.size()));
  }

  // Where the farther half of a run may begin, or more of it if that may not; its end where nothing may.
  template <typename Begins>
  static std::uint32_t start_in(const Run& run, const Begins& begins) {
    if (run.begin >= run.end) return run.end;
    const std::uint32_t half = run.begin + (run.end - run.begin) / 2;
    for (std::uint32_t start = half; start < run.end; ++start) {
      if (begins(static_cast<int>(start))) return start;
    }
    for (std::uint32_t start = half; start-- > run.begin;) {
      if (begins(static_cast<int>(start))) return start;
    }
    return run.end;
  }

  std::vector<std::atomic<Run>> left_;
  int count_ = 0;
};

/// Run `task(index, worker, goes_on)` for every index below `count`; each thread has a worker (its scratch) of its own.
/// `goes_on`: the worker's index before was the one before, in the same run.
template <typename Worker, typename Task>
void each_run(int count, int most_threads, Runs& runs, std::vector<Worker>& workers, const Task& task) {
  const int threads = count < most_threads ? count : most_threads;
  if (threads <= 0) return;
  if (static_cast<int>(workers.size()) < threads) workers.resize(static_cast<std::size_t>(threads));
  runs.begin(count, threads);
  each_slot(threads, threads, [&](int /*index*/, int slot) {
    bool goes_on = false;
    for (int index = runs.next(slot, goes_on); index >= 0; index = runs.next(slot, goes_on)) {
      task(index, workers[static_cast<std::size_t>(slot)], goes_on);
    }
  });
  share_room(workers);
}

}  // namespace geomvision

#pragma once

#include <atomic>
#include <functional>
#include <vector>

#include "geomvision/parallel.hpp"

namespace geomvision {

/// Run `task(index, worker)` for every index below `count`; each thread has a worker (its scratch) of its own.
template <typename Worker, typename Task>
void each_worker(int count, int num_threads, std::vector<Worker>& workers, const Task& task) {
  const int threads = count < resolve_threads(num_threads) ? count : resolve_threads(num_threads);
  if (threads <= 0) return;
  if (static_cast<int>(workers.size()) < threads) workers.resize(static_cast<std::size_t>(threads));
  std::atomic<int> next{0};
  const auto work = [&](int begin, int end) {
    for (int worker = begin; worker < end; ++worker) {
      for (int index = next++; index < count; index = next++) task(index, workers[static_cast<std::size_t>(worker)]);
    }
  };
  parallel_for(threads, threads, std::ref(work));  // by reference: a function that holds it needs no memory
}

}  // namespace geomvision

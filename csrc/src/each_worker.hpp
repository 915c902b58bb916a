#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <functional>
#include <tuple>
#include <vector>

#include "geomvision/parallel.hpp"

namespace geomvision {

/// Give each worker the room that the largest one took: the next call of this size then allocates nothing, whichever
/// worker gets which task. `buffers()` ties the vectors and `Aligned` buffers of a worker.
template <typename Worker>
void share_room(std::vector<Worker>& workers) {
  std::array<std::size_t, std::tuple_size_v<decltype(workers[0].buffers())>> most{};
  for (Worker& worker : workers) {
    std::size_t i = 0;
    std::apply([&](auto&... buffer) { ((most[i] = std::max(most[i], buffer.capacity()), ++i), ...); },
               worker.buffers());
  }
  for (Worker& worker : workers) {
    std::size_t i = 0;
    std::apply([&](auto&... buffer) { (buffer.reserve(most[i++]), ...); }, worker.buffers());
  }
}

/// Run `task(index, slot)` for every index below `count`, each as soon as a thread has time for it. No two threads have
/// the same slot, a number below `num_threads`.
template <typename Task>
void each_slot(int count, int num_threads, const Task& task) {
  const int threads = count < num_threads ? count : num_threads;
  std::atomic<int> next{0};
  const auto work = [&](int begin, int end) {
    for (int slot = begin; slot < end; ++slot) {
      for (int index = next++; index < count; index = next++) task(index, slot);
    }
  };
  parallel_for(threads, threads, std::ref(work));  // by reference: a function that holds it needs no memory
}

/// Run `task(index, worker)` for every index below `count`; each thread has a worker (its scratch) of its own.
template <typename Worker, typename Task>
void each_worker(int count, int num_threads, std::vector<Worker>& workers, const Task& task) {
  const int threads = count < resolve_threads(num_threads) ? count : resolve_threads(num_threads);
  if (threads <= 0) return;
  if (static_cast<int>(workers.size()) < threads) workers.resize(static_cast<std::size_t>(threads));
  each_slot(count, threads, [&](int index, int slot) { task(index, workers[static_cast<std::size_t>(slot)]); });
  share_room(workers);
}

}  // namespace geomvision

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
  share_room(workers);
}

}  // namespace geomvision

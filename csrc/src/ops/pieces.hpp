#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <functional>
#include <vector>

#include "geomvision/parallel.hpp"

namespace geomvision::ops {

/// Run `body(index, scratch)` for every index below `count` on at most `num_threads` threads; each thread has `size`
/// elements of `memory` to itself. Allocates only when the memory must grow.
template <typename T, typename Body>
void for_each_piece(int count, int num_threads, std::vector<T>& memory, std::size_t size, const Body& body) {
  const int workers = std::min(resolve_threads(num_threads), count);
  if (workers <= 0) return;
  const std::size_t apart = (size + 31) / 32 * 32;  // threads do not write to each other's cache lines
  if (memory.size() < apart * workers) memory.resize(apart * workers);
  std::atomic<int> next{0};
  const auto work = [&](int begin, int end) {
    for (int worker = begin; worker < end; ++worker) {
      for (int index = next++; index < count; index = next++) body(index, memory.data() + apart * worker);
    }
  };
  parallel_for(workers, workers, std::ref(work));
}

}  // namespace geomvision::ops

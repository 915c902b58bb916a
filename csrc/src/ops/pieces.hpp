#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "geomvision/parallel.hpp"

namespace geomvision::ops {

/// Run `body(index, scratch)` for every index below `count` on at most `num_threads` threads; each thread has `size`
/// elements of `memory` to itself, which begin on a cache line. Allocates only when the memory must grow.
template <typename T, typename Body>
void for_each_piece(int count, int num_threads, std::vector<T>& memory, std::size_t size, const Body& body) {
  const int workers = std::min(resolve_threads(num_threads), count);
  if (workers <= 0) return;
  constexpr std::size_t line = 64 / sizeof(T);  // threads do not write to each other's cache lines
  const std::size_t apart = (size + line - 1) / line * line + line;
  if (memory.size() < apart * workers + line) memory.resize(apart * workers + line);
  T* const start = memory.data() + (64 - reinterpret_cast<std::uintptr_t>(memory.data()) % 64) % 64 / sizeof(T);
  std::atomic<int> next{0};
  const auto work = [&](int begin, int end) {
    for (int worker = begin; worker < end; ++worker) {
      for (int index = next++; index < count; index = next++) body(index, start + apart * worker);
    }
  };
  parallel_for(workers, workers, std::ref(work));
}

}  // namespace geomvision::ops

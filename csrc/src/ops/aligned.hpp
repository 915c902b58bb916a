#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace geomvision {

/// Scratch memory that begins on a cache line and keeps what it has when less is asked for.
template <typename T>
class Aligned {
 public:
  /// Room for `count` elements, whose values are whatever was there.
  T* reserve(std::size_t count) {
    if (capacity() < count) memory_.resize(count + 64 / sizeof(T));
    const auto address = reinterpret_cast<std::uintptr_t>(memory_.data());
    return memory_.data() + (64 - address % 64) % 64 / sizeof(T);
  }

  /// How many elements `reserve` gives without asking for memory.
  std::size_t capacity() const { return memory_.empty() ? 0 : memory_.size() - 64 / sizeof(T); }

 private:
  std::vector<T> memory_;
};

}  // namespace geomvision

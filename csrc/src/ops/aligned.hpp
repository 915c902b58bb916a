#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace geomvision {

/// Scratch memory that begins on a cache line and keeps what it has when less is asked for.
template <typename T>
class Aligned {
 public:
  /// Room for `count` elements, whose values are whatever was there.
  T* reserve(std::size_t count) {
    if (capacity_ < count) {
      memory_.reset(new T[count + 64 / sizeof(T)]);  // of no value yet: it is not even touched
      capacity_ = count;
    }
    const auto address = reinterpret_cast<std::uintptr_t>(memory_.get());
    return memory_.get() + (64 - address % 64) % 64 / sizeof(T);
  }

  /// How many elements `reserve` gives without asking for memory.
  std::size_t capacity() const { return capacity_; }

 private:
  std::unique_ptr<T[]> memory_;
  std::size_t capacity_ = 0;
};

}  // namespace geomvision

#pragma once

#include <cstring>
#include <memory>
#include <type_traits>

#include "fuzz.hpp"
#include "geomvision/image.hpp"
#include "geomvision/tensor.hpp"

namespace fuzz {

/// A random image inside memory of exactly its extent, rows apart by a random stride. What lies between rows is marked.
template <typename T>
class Canvas {
 public:
  Canvas(Random& random, int width, int height) : width_(width), height_(height) {
    stride_ = width + (random.chance(0.5) ? 0 : random.between(1, 9));
    count_ = height > 0 && width > 0 ? static_cast<std::size_t>(height - 1) * stride_ + width : 0;
    pixels_.reset(new T[count_]);  // apart from all else: a step beyond it is seen
    for (std::size_t i = 0; i < count_; ++i) pixels_[i] = mark();
    if constexpr (std::is_arithmetic_v<T>) fill(random);
  }

  geomvision::ImageView<T> view() { return {pixels_.get(), width_, height_, stride_}; }
  geomvision::ImageView<const T> view() const { return {pixels_.get(), width_, height_, stride_}; }
  T& at(int x, int y) { return pixels_[static_cast<std::size_t>(y) * stride_ + x]; }

  /// The other view of a pair: this one shifted by up to 20 pixels, or noise.
  Canvas other(Random& random) const {
    Canvas made(random, width_, height_);
    const int shift = random.between(-4, 20);
    for (int y = 0; y < height_ && random.chance(0.9); ++y) {
      for (int x = 0; x < width_; ++x) {
        if (x + shift >= 0 && x + shift < width_) {
          made.at(x, y) = pixels_[static_cast<std::size_t>(y) * stride_ + x + shift];
        }
      }
    }
    return made;
  }

  /// Throws when something was written between the rows.
  void require_untouched_gaps() const {
    const T expected = mark();
    for (std::size_t i = 0; i < count_; ++i) {
      if (static_cast<int>(i % static_cast<std::size_t>(stride_)) < width_) continue;
      require(std::memcmp(&pixels_[i], &expected, sizeof(T)) == 0, "written between the rows of an output");
    }
  }

 private:
  static T mark() {
    T value;
    std::memset(static_cast<void*>(&value), 0x5a, sizeof(T));
    return value;
  }
  static T pixel(Random& random) {
    if constexpr (std::is_floating_point_v<T>) return static_cast<T>(255 * random.unit());
    return static_cast<T>(random.bits());
  }
  void fill(Random& random) {
    const int kind = random.below(5);
    const T level = pixel(random);
    for (int y = 0; y < height_; ++y) {
      for (int x = 0; x < width_; ++x) {
        at(x, y) = kind == 0 ? level : kind == 1 ? static_cast<T>((7 * x + 3 * y) % 256) : pixel(random);
      }
    }
    if constexpr (!std::is_floating_point_v<T>) return;
    if (random.chance(0.08) && count_ > 0) {
      at(random.below(width_), random.below(height_)) =
          static_cast<T>(random.one_of({std::nan(""), 1e30, -1e30, HUGE_VAL}));
    }
  }

  int width_, height_;
  std::ptrdiff_t stride_;
  std::size_t count_;
  std::unique_ptr<T[]> pixels_;
};

/// A random array of exactly its extent, without gaps; values between low and high.
template <typename T, int Rank>
class Block {
 public:
  using Sizes = typename geomvision::TensorView<T, Rank>::Sizes;
  Block(Random& random, const Sizes& sizes, double low = -3, double high = 3) : sizes_(sizes) {
    std::size_t count = 1;
    for (const std::ptrdiff_t size : sizes) count *= static_cast<std::size_t>(size);
    values_.reset(new T[count]);
    for (std::size_t i = 0; i < count; ++i) values_[i] = static_cast<T>(low + (high - low) * random.unit());
    count_ = count;
  }
  geomvision::TensorView<T, Rank> view() { return {values_.get(), sizes_}; }
  geomvision::TensorView<const T, Rank> read() const { return {values_.get(), sizes_}; }
  const T* begin() const { return values_.get(); }
  const T* end() const { return values_.get() + count_; }

 private:
  Sizes sizes_;
  std::size_t count_;
  std::unique_ptr<T[]> values_;
};

}  // namespace fuzz

#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include "geomvision/image.hpp"
#include "geomvision/tensor.hpp"

// Fuzzing of the public C++ API. A target is one call with random arguments, and what must hold of its result:
//
//     FUZZ(sgm) {
//       SGMOptions options;
//       random.vary(options.max_disparity, {1, 16, 64});
//       ...
//       require(disparity(x, y) < options.max_disparity, "disparity beyond the range");
//     }
//
// A target may also throw std::invalid_argument; anything else that it throws, and whatever the sanitizers find, is a
// failure, and the seed that repeats it is printed.

namespace fuzz {

/// What a case found wrong.
struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

inline void require(bool holds, const std::string& what) {
  if (!holds) throw Failure(what);
}

/// Numbers from a seed, the same on every machine (splitmix64, Steele et al., OOPSLA 2014).
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t bits() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  int below(int count) { return static_cast<int>(bits() % static_cast<std::uint64_t>(count)); }
  int between(int low, int high) { return low + below(high - low + 1); }
  double unit() { return static_cast<double>(bits() >> 11) * 0x1p-53; }
  bool chance(double probability) { return unit() < probability; }
  template <typename T>
  T one_of(std::initializer_list<T> values) {
    return values.begin()[below(static_cast<int>(values.size()))];
  }

  /// A size: mostly small, often 1, sometimes large.
  int size(int large = 150) { return chance(0.15) ? 1 : between(1, chance(0.1) ? large : 40); }
  int threads() { return one_of({0, 1, 1, 2, 3, 8}); }

  /// Mostly leave an option or take a usual value; rarely one that nobody should give.
  template <typename T, typename U>
  void vary(T& option, std::initializer_list<U> usual) {
    if (chance(0.4)) return;
    option = chance(0.96) ? static_cast<T>(one_of(usual)) : strange(option);
  }

 private:
  bool strange(const bool& now) { return !now; }
  int strange(const int&) {
    constexpr int least = std::numeric_limits<int>::min(), most = std::numeric_limits<int>::max();
    return one_of({least, least + 1, -1000, -2, -1, 0, 1, 2, 3, 255, 256, 65536, most - 1, most});
  }
  float strange(const float&) { return static_cast<float>(strange(0.0)); }
  double strange(const double&) {
    const double infinity = std::numeric_limits<double>::infinity();
    return one_of({std::nan(""), infinity, -infinity, -1.0, 0.0, 1e-30, 1e30, 255.5});
  }
  std::string strange(const std::string&) { return one_of<const char*>({"", "nonsense", "SAD", "9x7 "}); }

  std::uint64_t state_;
};

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

using Run = void (*)(Random& random);

struct Target {
  const char* name;
  Run run;
};

/// Every target of this program.
std::vector<Target>& targets();

struct Registered {
  Registered(const char* name, Run run) { targets().push_back({name, run}); }
};

}  // namespace fuzz

/// Define a target; `random` is its argument.
#define FUZZ(name)                                                       \
  static void fuzz_##name(::fuzz::Random& random);                       \
  static const ::fuzz::Registered registered_##name(#name, fuzz_##name); \
  static void fuzz_##name(::fuzz::Random& random)

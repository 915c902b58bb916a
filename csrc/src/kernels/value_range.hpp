#pragma once

#include <cstdint>

// Running sums are sums less sums. Where values differ so much that the small ones drown in what a large one left, sums
// have to be made afresh: this finds out, for next to nothing. Included by kernels only.
namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

constexpr int kRangeLanes = 16;

template <typename T>
struct RangeBits;
template <>
struct RangeBits<float> {
  typedef std::int32_t Lanes __attribute__((vector_size(4 * kRangeLanes)));
  using Bits = std::int32_t;
  static constexpr Bits sign = INT32_MIN, one = 127 << 23, octave = 1 << 23;
};
template <>
struct RangeBits<double> {
  typedef std::int64_t Lanes __attribute__((vector_size(8 * kRangeLanes)));
  using Bits = std::int64_t;
  static constexpr Bits sign = INT64_MIN, one = Bits{1023} << 52, octave = Bits{1} << 52;
};

// The largest size of values so far, and the least that is not 0, as bits, which are in the order of sizes.
template <typename T>
class ValueRange {
  using Bits = RangeBits<T>;
  using Lanes = typename Bits::Lanes;

 public:
  [[gnu::always_inline]] void add(const T* values) {
    Lanes bits;
    __builtin_memcpy(&bits, values, sizeof bits);
    bits &= ~(Lanes{} + Bits::sign);
    most_ = bits > most_ ? bits : most_;
    const Lanes size = (bits - 1) & ~(Lanes{} + Bits::sign);  // none of 0 is the largest
    least_ = size < least_ ? size : least_;
  }

  // Makes `most` and `least`, sizes as well, those of all.
  void join(T& most, T& least) const {
    auto high = as_bits(most), low = as_bits(least);
    for (int lane = 0; lane < kRangeLanes; ++lane) {
      high = most_[lane] > high ? most_[lane] : high;
      low = least_[lane] < low ? least_[lane] : low;
    }
    __builtin_memcpy(&most, &high, sizeof most);
    __builtin_memcpy(&least, &low, sizeof least);
  }

  // Whether running sums of `count` values lose small ones. Beyond 2^36, which no cost is that means one, zeros are to
  // stay zeros. Below that, doubles keep what is not 2^24 times smaller than the largest value; a few are by chance.
  template <typename Count>
  static bool drowns(T most, T least, std::int64_t count, const Count& count_below) {
    const auto high = as_bits(most), limit = high - 24 * Bits::octave;
    if (high >= Bits::one + 36 * Bits::octave) return true;
    if (as_bits(least) >= limit) return false;
    T below;
    __builtin_memcpy(&below, &limit, sizeof below);
    return count_below(below) > count / 256;
  }

 private:
  static typename Bits::Bits as_bits(T size) {
    typename Bits::Bits bits;
    __builtin_memcpy(&bits, &size, sizeof bits);
    return bits;
  }

  Lanes most_ = {}, least_ = ~(Lanes{} + Bits::sign);
};

// How many of `count` values are not 0 and of a size below `limit`.
template <typename T>
std::int64_t count_small(const T* values, int count, T limit) {
  std::int64_t small = 0;
  for (int i = 0; i < count; ++i) small += (values[i] != 0) & (values[i] < limit) & (-values[i] < limit);
  return small;
}

}  // namespace
}  // namespace geomvision::kernels::GEOMVISION_ISA

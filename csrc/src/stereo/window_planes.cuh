#pragma once

#include <cstdint>
#include <type_traits>

#include "cuda/launch.cuh"

// What the windows of a rectified pair are made of, on a GPU: see stereo/matched_levels.hpp and window_costs.hpp.
namespace geomvision::cuda::windows {

template <typename T>
using Plane = DeviceView<const T, 2>;

/// Memory of an image's size.
template <typename T>
class OwnPlane {
 public:
  OwnPlane(std::ptrdiff_t rows, std::ptrdiff_t columns, Stream stream)
      : memory_(static_cast<std::size_t>(rows * columns), stream), sizes_{rows, columns} {}
  DeviceView<T, 2> view() const { return {memory_.data(), sizes_}; }

 private:
  StreamMemory<T> memory_;
  std::array<std::ptrdiff_t, 2> sizes_;
};

/// The least and the largest pixel of a pair, as integers in the same order.
struct Range {
  unsigned least, largest;
};

/// Pixels as unsigned integers in the same order, and back.
template <typename T>
struct Ordered {
  static constexpr unsigned below = 0x007fffff, above = 0xff800000;  // negative and positive infinity

  __device__ static unsigned of(T value) {
    if constexpr (std::is_same_v<T, float>) {
      if (value != value) return 0xffffffffu;
      const unsigned bits = __float_as_uint(value);
      return (bits & 0x80000000u) != 0 ? ~bits : bits | 0x80000000u;
    } else {
      return value;
    }
  }
  __device__ static double value(unsigned order) {
    if constexpr (std::is_same_v<T, float>) {
      return static_cast<double>(__uint_as_float((order & 0x80000000u) != 0 ? order & 0x7fffffffu : ~order));
    } else {
      return static_cast<double>(order);
    }
  }
  __device__ static bool is_finite(const Range& range) {
    return !std::is_same_v<T, float> || (range.least > below && range.largest < above);
  }
};

/// The joint range of a pair.
template <typename T>
void find_range(Plane<T> left, Plane<T> right, Range* range, Stream stream);

/// Pixels with the least at 0 and the largest at `most`, rounded; 0 where the range is not finite.
template <typename T, typename U>
void quantise(Plane<T> image, const Range* range, double most, DeviceView<U, 2> levels, Stream stream);

/// The horizontal Sobel gradient, clipped to -31 ... 31, plus 31.
void xsobel(Plane<std::uint8_t> levels, DeviceView<std::uint8_t, 2> filtered, Stream stream);

/// Sums of |horizontal gradients| over 2 * radius + 1 columns.
template <typename T>
void sum_gradients(Plane<T> grey, int radius, DeviceView<std::int32_t, 2> sums, Stream stream);

/// Sums over the window around each pixel (0 without `means`), and 1 / sqrt of what their spread is: of area times the
/// sum of squares, less the sum squared; without `means` of the sum of squares; 0 where that is 0.
template <typename T>
void sum_windows(Plane<T> grey, int radius, bool means, DeviceView<std::int64_t, 2> sums, DeviceView<double, 2> scales,
                 Stream stream);

}  // namespace geomvision::cuda::windows

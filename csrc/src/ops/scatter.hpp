#pragma once

#include <algorithm>
#include <limits>
#include <type_traits>

#include "geomvision/tensor.hpp"

// What adds pixels to where they point (the derivative of warping, and splatting): tasks own bands of the rows that are
// added to and go over the pixels in one order, so sums do not depend on the number of threads.

namespace geomvision::ops {

constexpr int kBandRows = 64;      // rows a task owns
constexpr int kBandChannels = 16;  // channels a task takes

/// Where pixels of a row of displacements point at most: rows between `low` and `high`; low > high: none does.
template <typename T>
struct Reach {
  T low = std::numeric_limits<T>::infinity(), high = -std::numeric_limits<T>::infinity();

  Reach(const T* dy, std::ptrdiff_t count, int y) {
    constexpr int lanes = 16;  // independent minima, for the compiler to keep side by side
    T lows[lanes], highs[lanes];
    std::fill_n(lows, lanes, low);
    std::fill_n(highs, lanes, high);
    std::ptrdiff_t x = 0;
    for (; x + lanes <= count; x += lanes) {
      for (int i = 0; i < lanes; ++i) {
        lows[i] = dy[x + i] < lows[i] ? dy[x + i] : lows[i];
        highs[i] = dy[x + i] > highs[i] ? dy[x + i] : highs[i];
      }
    }
    for (; x < count; ++x) {
      lows[0] = dy[x] < lows[0] ? dy[x] : lows[0];
      highs[0] = dy[x] > highs[0] ? dy[x] : highs[0];
    }
    low = *std::min_element(lows, lows + lanes) + static_cast<T>(y);
    high = *std::max_element(highs, highs + lanes) + static_cast<T>(y);
  }

  /// Whether a pixel may touch rows [begin, end) with taps up to `taps` rows away.
  bool touches(int begin, int end, int taps) const {
    return low <= static_cast<T>(end - 1 + taps) && high >= static_cast<T>(begin - taps);
  }
};

/// Taps on n x n pixels: columns and rows, weights and their slopes.
template <typename T, int n>
struct Taps {
  std::ptrdiff_t x[n];
  int y[n];
  T wx[n], wy[n], sx[n], sy[n];
  int pixel;  // of the row
};

template <typename T>
void weigh(T t, T* weights, T* slopes, std::integral_constant<int, 2>) {
  weights[0] = 1 - t;
  weights[1] = t;
  slopes[0] = -1;
  slopes[1] = 1;
}

template <typename T>
void weigh(T t, T* weights, T* slopes, std::integral_constant<int, 4>) {
  const T half = T(0.5);
  weights[0] = half * t * (-1 + t * (2 - t));
  weights[1] = 1 + half * t * t * (-5 + 3 * t);
  weights[2] = half * t * (1 + t * (4 - 3 * t));
  weights[3] = half * t * t * (-1 + t);
  slopes[0] = half * (-1 + t * (4 - 3 * t));
  slopes[1] = half * t * (-10 + 9 * t);
  slopes[2] = half * (1 + t * (8 - 9 * t));
  slopes[3] = half * t * (-2 + 3 * t);
}

/// The taps of place x of `length` pixels, at or after which `first` lies t further; the border repeats.
template <typename T, int n>
void lay(T at, int length, int* index, T* weights, T* slopes) {
  const T far = static_cast<T>(length - 1), held = std::min(std::max(at, T(0)), far);
  const int before = std::min(static_cast<int>(held), n == 2 ? std::max(length - 2, 0) : length - 1);
  weigh(held - static_cast<T>(before), weights, slopes, std::integral_constant<int, n>());
  for (int k = 0; k < n; ++k) index[k] = std::min(std::max(before + k + 1 - n / 2, 0), length - 1);
  for (int k = 0; k < n && !(at >= 0 && at <= far); ++k) slopes[k] = 0;  // held at the border: it does not move
}

}  // namespace geomvision::ops

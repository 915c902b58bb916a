#pragma once

#include <algorithm>
#include <limits>
#include <type_traits>

#include "geomvision/tensor.hpp"
#include "ops/taps.hpp"

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

}  // namespace geomvision::ops

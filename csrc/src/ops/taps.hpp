#pragma once

#include <algorithm>
#include <type_traits>

// Weights of the pixels beside a place, and how they change with it. Constant expressions, so that device code takes
// them, too.

namespace geomvision::ops {

/// Weights and their slopes at t of the way: linear between two taps, or cubic convolution of four with a = -1/2 (Keys,
/// 1981).
template <typename T>
constexpr void weigh(T t, T* weights, T* slopes, std::integral_constant<int, 2>) {
  weights[0] = 1 - t;
  weights[1] = t;
  slopes[0] = -1;
  slopes[1] = 1;
}

template <typename T>
constexpr void weigh(T t, T* weights, T* slopes, std::integral_constant<int, 4>) {
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
constexpr void lay(T at, int length, int* index, T* weights, T* slopes) {
  const T far = static_cast<T>(length - 1), held = std::min(std::max(at, T(0)), far);
  const int before = std::min(static_cast<int>(held), n == 2 ? std::max(length - 2, 0) : length - 1);
  weigh(held - static_cast<T>(before), weights, slopes, std::integral_constant<int, n>());
  for (int k = 0; k < n; ++k) index[k] = std::min(std::max(before + k + 1 - n / 2, 0), length - 1);
  for (int k = 0; k < n && !(at >= 0 && at <= far); ++k) slopes[k] = 0;  // held at the border: it does not move
}

/// The two taps around a place between -1 and `length`; one outside weighs nothing and takes the place of the one
/// inside.
template <typename T>
constexpr void lay_inside(T at, int length, int* index, T* weights, T* slopes) {
  int first = static_cast<int>(at);
  if (static_cast<T>(first) > at) --first;
  weigh(at - static_cast<T>(first), weights, slopes, std::integral_constant<int, 2>());
  for (int k = 0; k < 2; ++k) {
    index[k] = std::min(std::max(first + k, 0), length - 1);
    if (index[k] != first + k) weights[k] = slopes[k] = 0;
  }
}

}  // namespace geomvision::ops

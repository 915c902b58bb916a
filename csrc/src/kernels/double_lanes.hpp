#pragma once

#include "kernels/lanes.hpp"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wuninitialized"  // GCC 12 finds them in its own intrinsics
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

// What the mathematics of points needs of a vector of doubles beyond lanes.hpp. Included by kernels only.

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

constexpr int double_lanes = kLanes<double>;

[[gnu::always_inline]] inline Doubles root(Doubles v) {
#if defined(__AVX512BW__)
  return (Doubles)_mm512_sqrt_pd((__m512d)v);
#elif defined(__AVX2__)
  return (Doubles)_mm256_sqrt_pd((__m256d)v);
#else
  for (int i = 0; i < double_lanes; ++i) v[i] = __builtin_sqrt(v[i]);
  return v;
#endif
}

template <typename Mask>
[[gnu::always_inline]] inline bool any(Mask mask) {
#if defined(__AVX512BW__)
  return _mm512_test_epi64_mask((__m512i)mask, (__m512i)mask) != 0;
#elif defined(__AVX2__)
  return _mm256_testz_si256((__m256i)mask, (__m256i)mask) == 0;
#else
  long long all = 0;
  for (int i = 0; i < double_lanes; ++i) all |= mask[i];
  return all != 0;
#endif
}

// Points of `axes` numbers side by side, to a row for each axis and back.
template <int axes, int row, typename T>
[[gnu::always_inline]] inline void to_rows(const T* __restrict points, int count, double (*__restrict rows)[row]) {
  for (int i = 0; i < count; ++i) {
    for (int axis = 0; axis < axes; ++axis) rows[axis][i] = static_cast<double>(points[axes * i + axis]);
  }
}

template <int axes, int row, typename T>
[[gnu::always_inline]] inline void from_rows(const double (*__restrict rows)[row], int count, T* __restrict points) {
  for (int i = 0; i < count; ++i) {
    for (int axis = 0; axis < axes; ++axis) points[axes * i + axis] = static_cast<T>(rows[axis][i]);
  }
}

}  // namespace
}  // namespace geomvision::kernels::GEOMVISION_ISA

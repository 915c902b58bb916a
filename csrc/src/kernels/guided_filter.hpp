#pragma once

#include <cstddef>

#include "dispatch.hpp"

namespace geomvision::kernels {

/// One row of pixels, `slices` elements from one to the next. Worked on are `lanes` of them, 1 (where there is 1) or
/// 16, of which the first `valid` are there. `ahead` elements on lies what is read next.
template <typename T>
struct GuidedRow {
  const T* values;
  std::ptrdiff_t slices, ahead;
  const T* guide;
  int columns, lanes, valid, channels;
};

/// `pixels` windows side by side: the i-th has columns i + offset - radius ... i + offset + radius, as far as there
/// are, and `rows` rows.
struct GuidedWindow {
  int pixels, offset, columns, radius, rows, lanes, valid, channels;
  bool afresh;  // each sum by itself, where running ones would lose small values
};

}  // namespace geomvision::kernels

#define GEOMVISION_DECLARE_GUIDED(T, suffix)                                                                  \
  /* Joins the sizes of a row's values: the most, and the least that is not 0. */                             \
  GEOMVISION_DECLARE_KERNEL(void, guided_sizes_##suffix, (const GuidedRow<T>& row, T* most, T* least));       \
  /* Whether running sums over `rows` rows, `apart` elements from one to the next, have lost small values. */ \
  GEOMVISION_DECLARE_KERNEL(bool, guided_drowns_##suffix,                                                     \
                            (const GuidedRow<T>& first, int rows, std::ptrdiff_t apart, T most, T least));    \
  /* sums[(plane * columns + x) * lanes + lane] += sign * (p, I_0 * p, ...). */                               \
  GEOMVISION_DECLARE_KERNEL(void, guided_add_##suffix, (const GuidedRow<T>& row, double sign, double* sums)); \
  /* fits[(i * lanes + lane) + plane * pixels * lanes] = a_0, ..., b of the windows. */                       \
  GEOMVISION_DECLARE_KERNEL(void, guided_fit_##suffix,                                                        \
                            (const GuidedWindow& window, const double* sums, const T* windows, T* fits));     \
  /* sums += entering - leaving; either may be null. */                                                       \
  GEOMVISION_DECLARE_KERNEL(void, guided_slide_##suffix,                                                      \
                            (const T* entering, const T* leaving, int count, double* sums));                  \
  /* result[i * slices + lane] = mean a · I + mean b. */                                                      \
  GEOMVISION_DECLARE_KERNEL(                                                                                  \
      void, guided_apply_##suffix,                                                                            \
      (const GuidedWindow& window, const double* sums, const T* guide, T* result, std::ptrdiff_t slices))

GEOMVISION_DECLARE_GUIDED(float, f32);
GEOMVISION_DECLARE_GUIDED(double, f64);
#undef GEOMVISION_DECLARE_GUIDED

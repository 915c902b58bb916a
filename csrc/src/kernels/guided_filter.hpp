#pragma once

#include <cstddef>

#include "dispatch.hpp"

namespace geomvision::kernels {

/// One row of pixels of `slices` values each, of which `lanes` are worked on; `columns` and `windows` as said below.
template <typename T>
struct GuidedRow {
  const T* values;  // column 0 of the columns, `slices` apart
  std::ptrdiff_t slices;
  const T* guide;  // column 0 of the columns, `channels` apart
  int columns, lanes, channels;
};

/// Fits or their mean along one row: pixel i, of `pixels`, has columns max(0, i + offset - r) … min(columns - 1,
/// i + offset + r) in its window, `rows` rows high.
struct GuidedWindow {
  int pixels, offset, columns, radius, rows, lanes, channels;
};

}  // namespace geomvision::kernels

#define GEOMVISION_DECLARE_GUIDED(T, suffix)                                                                  \
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

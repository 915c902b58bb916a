#pragma once

#include <cstdint>

#include "dispatch.hpp"

namespace geomvision::kernels {

/// One row of a volume. Right rows are read from right to left, so that left x meets its k-th candidate at
/// mirrored[width - 1 - x + first + k].
struct VolumeRow {
  int width, first, count;
};

}  // namespace geomvision::kernels

#define GEOMVISION_DECLARE_DIFFERENCES(T, Difference, Square, suffix)                                     \
  GEOMVISION_DECLARE_KERNEL(void, absolute_row_##suffix,                                                  \
                            (const VolumeRow& row, const T* left, const T* mirrored, Difference* costs)); \
  GEOMVISION_DECLARE_KERNEL(void, squared_row_##suffix,                                                   \
                            (const VolumeRow& row, const T* left, const T* mirrored, Square* costs))
GEOMVISION_DECLARE_DIFFERENCES(std::uint8_t, std::uint16_t, std::uint16_t, u8);
GEOMVISION_DECLARE_DIFFERENCES(std::uint16_t, std::int32_t, float, u16);
GEOMVISION_DECLARE_DIFFERENCES(float, float, float, f32);
GEOMVISION_DECLARE_DIFFERENCES(double, double, double, f64);
#undef GEOMVISION_DECLARE_DIFFERENCES

// Bit i of words[x] is whether neighbours[i][x] is below centre[x]; at most 62 bits. Rows may be read up to 16 values
// beyond their end.
GEOMVISION_DECLARE_KERNEL(void, census_words_f32,
                          (const float* const* neighbours, int bits, const float* centre, int width,
                           std::int64_t* words));
GEOMVISION_DECLARE_KERNEL(void, census_words_f64,
                          (const double* const* neighbours, int bits, const double* centre, int width,
                           std::int64_t* words));

GEOMVISION_DECLARE_KERNEL(void, hamming_row,
                          (const VolumeRow& row, const std::int64_t* left, const std::int64_t* mirrored,
                           std::uint8_t* costs));

// Each row holds three: intensities, and the least and largest of them from half a pixel before to half a pixel behind.
GEOMVISION_DECLARE_KERNEL(void, birchfield_tomasi_row_f32,
                          (const VolumeRow& row, const float* const* left, const float* const* mirrored, float* costs));
GEOMVISION_DECLARE_KERNEL(void, birchfield_tomasi_row_f64,
                          (const VolumeRow& row, const double* const* left, const double* const* mirrored,
                           double* costs));

// sums[i * count + k] = the sum over rows of left[i] * mirrored[columns - 1 - i + k]; rows have `columns` and
// `columns + count - 1` values.
GEOMVISION_DECLARE_KERNEL(void, sum_products_f32,
                          (const float* left, const float* mirrored, int rows, int columns, int count, float* sums));
GEOMVISION_DECLARE_KERNEL(void, sum_products_f64,
                          (const double* left, const double* mirrored, int rows, int columns, int count, double* sums));

// sums[k] = the sum of `runs` runs of `count` values.
GEOMVISION_DECLARE_KERNEL(void, sum_runs_f32, (const float* values, int runs, int count, float* sums));
GEOMVISION_DECLARE_KERNEL(void, sum_runs_f64, (const double* values, int runs, int count, double* sums));

// costs[k] = 1 - r within 0 ... 2, r = (area * sums[k] - sum * met_sums[k]) * scale * met_scales[k].
#define GEOMVISION_DECLARE_CORRELATION(name, Sum, Cost)                                         \
  GEOMVISION_DECLARE_KERNEL(void, name,                                                         \
                            (const Sum* sums, int count, double area, double sum, double scale, \
                             const double* met_sums, const double* met_scales, Cost* costs))
GEOMVISION_DECLARE_CORRELATION(correlation_costs_f32_f32, float, float);
GEOMVISION_DECLARE_CORRELATION(correlation_costs_f64_f32, double, float);
GEOMVISION_DECLARE_CORRELATION(correlation_costs_f64_f64, double, double);
#undef GEOMVISION_DECLARE_CORRELATION

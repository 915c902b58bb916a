#pragma once

#include <cstddef>
#include <cstdint>

#include "dispatch.hpp"

namespace geomvision::kernels {

/// A line of `steps` pixels with `lanes` values each, and their arms towards its begin and its end.
struct CrossLine {
  std::ptrdiff_t from_stride, to_stride, arm_stride;
  const std::uint8_t *before, *after;
  int steps, lanes;
};

}  // namespace geomvision::kernels

// to[s] = sum of from[s - before[s]] ... from[s + after[s]], divided by counts[s * count_stride] where there are
// counts. `running` holds (steps + 1) * lanes sums, modulo 2^32 where they are integers: as differences they are exact.
#define GEOMVISION_DECLARE_CROSS(T, Sum, suffix)                                                      \
  GEOMVISION_DECLARE_KERNEL(void, sum_arms_##suffix,                                                  \
                            (const CrossLine& line, const T* from, Sum* running, const float* counts, \
                             std::ptrdiff_t count_stride, float* to))

GEOMVISION_DECLARE_CROSS(std::uint8_t, std::uint32_t, u8);
GEOMVISION_DECLARE_CROSS(std::uint16_t, std::uint32_t, u16);
GEOMVISION_DECLARE_CROSS(float, std::uint32_t, whole);
GEOMVISION_DECLARE_CROSS(std::int32_t, double, i32);
GEOMVISION_DECLARE_CROSS(float, double, f32);
#undef GEOMVISION_DECLARE_CROSS

// One more step for the arms of a row: those that `grow` go on while pixel[x + step] differs from pixel[x] by less than
// `threshold`, and from pixel[x + before] by less than `last_threshold`, in every channel. Whether any still grows.
#define GEOMVISION_DECLARE_GROW(T, suffix)                                                                        \
  GEOMVISION_DECLARE_KERNEL(bool, grow_arms_##suffix,                                                             \
                            (const T* pixel, std::ptrdiff_t step, std::ptrdiff_t before, int width, int channels, \
                             double threshold, double last_threshold, std::uint8_t* grow, std::uint8_t* length))

GEOMVISION_DECLARE_GROW(std::uint8_t, u8);
GEOMVISION_DECLARE_GROW(std::uint16_t, u16);
GEOMVISION_DECLARE_GROW(std::int32_t, i32);
GEOMVISION_DECLARE_GROW(float, f32);
#undef GEOMVISION_DECLARE_GROW

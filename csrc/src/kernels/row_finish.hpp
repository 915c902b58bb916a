#pragma once

#include <cstdint>

#include "dispatch.hpp"
#include "kernels/window_search.hpp"

namespace geomvision::kernels {

/// How the costs of a row become disparities: `none` is the cost of no candidate.
struct RowRefinement {
  int width, first;
  std::int32_t none;
  int uniqueness;  // percent
  enum { whole, parabola, equiangular } fit;
};

}  // namespace geomvision::kernels

// A winner must beat the second by `uniqueness` percent, or there is none: `winner` the smallest 16-bit integer,
// `disparity` NaN. `margin` is (second - least) / second, 0 without one of them.
GEOMVISION_DECLARE_KERNEL(void, refine_row,
                          (const RowRefinement& how, const RowWinners& found, std::int16_t* winner, float* disparity,
                           float* margin));
GEOMVISION_DECLARE_KERNEL(void, refine_narrow_row,
                          (const RowRefinement& how, const NarrowWinners& found, std::int16_t* winner, float* disparity,
                           float* margin));

// The horizontal Sobel gradient of the middle one of three rows of bytes, whose borders are repeated, clipped to
// -31 ... 31, plus 31.
GEOMVISION_DECLARE_KERNEL(void, xsobel_row,
                          (const std::uint8_t* above, const std::uint8_t* row, const std::uint8_t* below, int width,
                           std::uint8_t* filtered));

#pragma once

#include <cstddef>

#include "dispatch.hpp"

namespace geomvision {

// Costs of one image row: candidate k of column x is costs[k * step + x].
struct CostRow {
  const float* costs;
  std::ptrdiff_t step;
  int candidates;
  int width;
};

// One row of the upsampled costs, between the rows `top` and `bottom` of the given ones.
struct UpsampledRow {
  const float* top;
  const float* bottom;
  std::ptrdiff_t step;
  float bottom_weight;
  int candidates;
  int width;
  int factor;      // upsampled candidates for each given one: 2, 4 or 8
  int wide_width;  // of the upsampled row; at least twice the width
  double ratio;    // width / wide_width
};
constexpr int kUpsampledCandidates = 512;  // at most

}  // namespace geomvision

GEOMVISION_DECLARE_KERNEL(void, soft_argmin_row, (const CostRow& row, float first, float* disparity));
GEOMVISION_DECLARE_KERNEL(void, soft_argmin_backward_row,
                          (const CostRow& row, const float* d_disparity, float* d_costs, std::ptrdiff_t d_step));

GEOMVISION_DECLARE_KERNEL(void, upsampled_soft_argmin_row, (const UpsampledRow& row, float first, float* disparity));

// Adds to d_top and d_bottom (either may be null) what the row's d_disparity gives them.
GEOMVISION_DECLARE_KERNEL(void, upsampled_soft_argmin_backward_row,
                          (const UpsampledRow& row, const float* d_disparity, float* d_top, float* d_bottom,
                           std::ptrdiff_t d_step));

#pragma once

#include <cstdint>

#include "dispatch.hpp"

// Window costs by running sums (McDonnell, CGIP 1981), disparities along the vector.
//
// A column sum adds one term per row of the window: `sums[i * count + k]` belongs to left column i and the k-th
// disparity. `slide_*` add the terms of the row that enters and subtract those of the row that leaves (null: none
// does). `right` rows are mirrored, so that column i meets its k-th candidate at right[columns - 1 - i + k].
GEOMVISION_DECLARE_KERNEL(void, slide_absolute,
                          (const std::uint16_t* left, const std::uint16_t* right, const std::uint16_t* left_leaving,
                           const std::uint16_t* right_leaving, int columns, int count, std::int32_t* sums));
GEOMVISION_DECLARE_KERNEL(void, slide_squared,
                          (const std::uint16_t* left, const std::uint16_t* right, const std::uint16_t* left_leaving,
                           const std::uint16_t* right_leaving, int columns, int count, std::int64_t* sums));
GEOMVISION_DECLARE_KERNEL(void, slide_product,
                          (const std::uint16_t* left, const std::uint16_t* right, const std::uint16_t* left_leaving,
                           const std::uint16_t* right_leaving, int columns, int count, std::int64_t* sums));
GEOMVISION_DECLARE_KERNEL(void, slide_hamming,
                          (const std::uint64_t* left, const std::uint64_t* right, const std::uint64_t* left_leaving,
                           const std::uint64_t* right_leaving, int columns, int count, std::int32_t* sums));

// The window moves by one column: one column sum enters, one leaves.
GEOMVISION_DECLARE_KERNEL(void, move_window_i32,
                          (const std::int32_t* entering, const std::int32_t* leaving, int count, std::int32_t* window));
GEOMVISION_DECLARE_KERNEL(void, move_window_i64,
                          (const std::int64_t* entering, const std::int64_t* leaving, int count, std::int64_t* window));

// cost = window >> shift.
GEOMVISION_DECLARE_KERNEL(void, shifted_costs, (const std::int64_t* window, int count, int shift, std::int32_t* cost));

// cost = (1 - r) * 2^27, rounded, with r = (area * window - left_sum * right_sum) * left_scale * right_scale; `none`
// where right_scale is 0. Without means (NCC) area is 1 and left_sum 0.
GEOMVISION_DECLARE_KERNEL(void, correlation_costs,
                          (const std::int64_t* window, const std::int64_t* right_sums, const double* right_scales,
                           int count, std::int64_t area, std::int64_t left_sum, double left_scale, std::int32_t none,
                           std::int32_t* cost));

// The first of the smallest costs, and the smallest more than one place away from it (`none` where there is none).
GEOMVISION_DECLARE_KERNEL(void, two_best,
                          (const std::int32_t* cost, int count, std::int32_t none, int* best, std::int32_t* second));

// Offer left pixel x's costs to the right pixels its candidates meet; `first` is the disparity of cost[0].
GEOMVISION_DECLARE_KERNEL(void, offer_to_right,
                          (const std::int32_t* cost, int count, int first, std::int32_t* right_cost,
                           std::int32_t* right_disparity));

#pragma once

#include <cstdint>

#include "dispatch.hpp"

// sums[i] += sign * term of a[i] and b[i]: |difference|, its square, or their differing bits.
GEOMVISION_DECLARE_KERNEL(void, block_terms_u16,
                          (const std::uint16_t* a, const std::uint16_t* b, int count, bool squared, std::int32_t sign,
                           std::int32_t* sums));
GEOMVISION_DECLARE_KERNEL(void, block_terms_i64,
                          (const std::int64_t* a, const std::int64_t* b, int count, std::int32_t sign,
                           std::int32_t* sums));

// costs[i] = (sums[i] + ... + sums[i + window - 1]) / (columns[i] * rows), for `count` rounded up to a multiple of 8.
GEOMVISION_DECLARE_KERNEL(void, block_costs,
                          (const std::int32_t* sums, int count, int window, const float* columns, float rows,
                           float* costs));

// Where costs are below the least so far, they and their displacement become it.
GEOMVISION_DECLARE_KERNEL(void, keep_least_blocks,
                          (const float* costs, int count, std::int32_t dx, std::int32_t dy, float* least,
                           std::int32_t* best_dx, std::int32_t* best_dy));

namespace geomvision::kernels {
// Rows of what is kept around the least cost.
struct BlockSurroundings {
  float *second, *left, *right, *above, *below;
};
}  // namespace geomvision::kernels

// Costs beside the best displacement are kept by side, the least of those more than one pixel away as second.
GEOMVISION_DECLARE_KERNEL(void, keep_blocks_around,
                          (const float* costs, int count, std::int32_t dx, std::int32_t dy, const std::int32_t* best_dx,
                           const std::int32_t* best_dy, const BlockSurroundings& kept));

#pragma once

#include <cstddef>

#include "dispatch.hpp"

namespace geomvision::kernels {

// A tile of local correlation: `tile_rows` rows of `tile_columns` pixels of one image, packed [channel][row][column],
// against rows of the other, packed [channel][column] with `step` elements a channel. Displacement i reads the other
// row from `offsets[i]` on.
constexpr int tile_rows = 3;
constexpr int tile_columns = 16;

// Where the kernel writes. Large outputs go past the caches, where every line of them begins on one.
struct CorrelationOutput {
  float* to;
  std::ptrdiff_t row_step, plane_step;
  bool streamed;
};

// `tile_columns` floats of every channel, `step` apart, that will be packed soon: the kernel fetches them on its way.
struct Soon {
  const float* from;
  std::ptrdiff_t step;
};

}  // namespace geomvision::kernels

// Correlations of the tile's rows [first, last) with one row of the other image: sum over channels of
// tile[c][m][x] * other[c][offsets[i] + x], to out.to[m * row_step + i * plane_step + x].
GEOMVISION_DECLARE_KERNEL(void, correlate_tile,
                          (const float* tile, int first, int last, const float* other, std::ptrdiff_t step,
                           const std::ptrdiff_t* offsets, int count, int channels, CorrelationOutput out, Soon soon));

// One row of the other image that takes part in the derivative of a tile.
namespace geomvision::kernels {
struct GradientRow {
  const float* other;     // [channel][step]
  const float* gradient;  // [displacement][tile row][tile column]
  int first, last;        // the tile's rows it takes part in
};
}  // namespace geomvision::kernels

// The derivative of the tile: out.to[c * plane_step + m * row_step + x] = sum over rows and displacements of
// gradient[i][m][x] * other[c][offsets[i] + x], for every channel. On its way it fetches as many of the `soon_count`
// columns of features as it can.
GEOMVISION_DECLARE_KERNEL(void, correlate_tile_backward,
                          (const GradientRow* rows, int row_count, std::ptrdiff_t step, const std::ptrdiff_t* offsets,
                           int count, int channels, CorrelationOutput out, const Soon* soon, int soon_count));

// Rows of floats that lie `from_step` apart, as they come from channels or displacements of an image, packed.
//
// copy_padded: each row gets `before` zeros, its `width` floats, and zeros up to `total`.
// copy_blocks: each row is scaled and cut into blocks of `tile_columns`, the last one filled up with zeros.
GEOMVISION_DECLARE_KERNEL(void, copy_padded,
                          (const float* from, std::ptrdiff_t from_step, int width, int height, float* to,
                           std::ptrdiff_t to_step, int before, int total));
GEOMVISION_DECLARE_KERNEL(void, copy_blocks,
                          (const float* from, std::ptrdiff_t from_step, int width, int height, float scale, float* to,
                           std::ptrdiff_t to_step, std::ptrdiff_t block_step));

#pragma once

#include <cstddef>
#include <cstdint>

namespace geomvision::ops {

/// Outputs for which weights are packed together, and pairs of channels that a tile holds at most.
constexpr int tile_outputs = 16, tile_pairs = 16;

/// As ConvolutionRow, of pairs of channels: a word holds the bfloat16 of an even one, and above it of the odd one after
/// it. Weights are [output / 16][chunk][tap][output % 16][pair of the chunk]. Pixels may be read 128 bytes beyond those
/// of the last x.
struct ConvolutionTiles {
  const std::uint32_t* pixels;
  std::ptrdiff_t pair_step;
  int chunks, chunk_pairs;
  const std::ptrdiff_t* taps;
  int tap_count;
  const std::uint32_t* weights;
  const float* bias;
  const float* residual;
  std::ptrdiff_t residual_step;
  float* out;
  std::ptrdiff_t out_step;
  int outputs, width;
  bool relu;
};

/// Prepares the tiles of this thread for rows of such chunks while it lives.
class TileShape {
 public:
  explicit TileShape(int chunk_pairs);
  ~TileShape();
  TileShape(const TileShape&) = delete;
  TileShape& operator=(const TileShape&) = delete;
};

void convolve_row_tiles(const ConvolutionTiles& row);

}  // namespace geomvision::ops

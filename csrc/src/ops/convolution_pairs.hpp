#pragma once

#include <cstddef>
#include <cstdint>

namespace geomvision::ops {

/// Outputs for which weights are packed together, for lanes and for tiles; pairs of channels that a tile holds at most.
constexpr int pair_outputs = 8, tile_outputs = 16, tile_pairs = 16;

/// As ConvolutionRow, of pairs of channels: a word holds the bfloat16 of an even one, and above it of the odd one after
/// it. Weights are [output / 8][pair][tap][output % 8] for lanes, which have one chunk, and
/// [output / 16][chunk][tap][output % 16][pair of the chunk] for tiles. Pixels may be read 128 bytes beyond those of
/// the last x.
struct ConvolutionPairs {
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

void convolve_row_pairs(const ConvolutionPairs& row);
void convolve_row_tiles(const ConvolutionPairs& row);

/// As the kernel pair_bf16, but what is too small for a normal number may become 0, as it does in products.
void pair_rows(const float* even, const float* odd, std::ptrdiff_t count, std::uint32_t* to);

}  // namespace geomvision::ops

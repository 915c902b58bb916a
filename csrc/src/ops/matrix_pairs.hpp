#pragma once

#include <cstddef>
#include <cstdint>

namespace geomvision::ops {

/// Outputs for which weights are packed together.
constexpr int pair_outputs = 8;

/// As ConvolutionRow, of pairs of channels: a word holds the bfloat16 of an even one, and above it of the odd one after
/// it. Weights are [output / 8][pair][tap][output % 8]. Pixels may be read 128 bytes beyond those of the last x.
struct ConvolutionPairs {
  const std::uint32_t* pixels;
  std::ptrdiff_t pair_step;
  int pairs;
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

void convolve_row_pairs(const ConvolutionPairs& row);

/// As the kernel pair_bf16, but what is too small for a normal number may become 0, as it does in products.
void pair_rows(const float* even, const float* odd, std::ptrdiff_t count, std::uint32_t* to);

}  // namespace geomvision::ops

#pragma once

#include <cstddef>
#include <cstdint>

#include "dispatch.hpp"

namespace geomvision {

// Weights are packed for so many outputs at a time.
constexpr int convolution_outputs = 8;

// A row of a convolution's result: for output o and pixel x the bias, and for each channel and each tap the weight
// [o / 8][channel][tap][o % 8] times pixels[channel * channel_step + taps[tap] + x]. Pixels may be read 64 bytes beyond
// those of the last x.
template <typename T>
struct ConvolutionRow {
  const T* pixels;
  std::ptrdiff_t channel_step;
  int channels;
  const std::ptrdiff_t* taps;
  int tap_count;
  const T* weights;
  const T* bias;
  const T* residual;  // null where nothing is residual
  std::ptrdiff_t residual_step;
  T* out;
  std::ptrdiff_t out_step;
  int outputs, width;
  bool relu;
};

}  // namespace geomvision

GEOMVISION_DECLARE_KERNEL(void, convolve_row_f32, (const ConvolutionRow<float>& row));
GEOMVISION_DECLARE_KERNEL(void, convolve_row_f64, (const ConvolutionRow<double>& row));

// Values rounded to the nearest bfloat16, ties to even; a NaN stays one.
GEOMVISION_DECLARE_KERNEL(void, round_to_bf16, (const float* from, std::ptrdiff_t count, float* to));

// The same, two rows beside each other: the bits of `even` in the low half of a word, those of `odd` in the high one.
GEOMVISION_DECLARE_KERNEL(void, pair_bf16,
                          (const float* even, const float* odd, std::ptrdiff_t count, std::uint32_t* to));

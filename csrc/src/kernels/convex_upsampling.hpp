#pragma once

#include <cstddef>

#include "dispatch.hpp"

namespace geomvision {

// The fine pixels of a row of coarse ones: for the fine pixel (i, j) of coarse pixel x, values[(c * 3 + ky) * step + x
// + kx * dilation] of all ky, kx weighed by the softmax of logits[((ky * 3 + kx) * factor * factor + i * factor + j) *
// plane + x]. Up to 64 bytes beyond the last values may be read.
template <typename T>
struct ConvexRow {
  const T* values;
  std::ptrdiff_t step;
  int channels, dilation, factor, width;
  const T* logits;
  std::ptrdiff_t plane;
  T* out;
  std::ptrdiff_t out_step, out_plane;  // from row to row, from channel to channel
};

}  // namespace geomvision

GEOMVISION_DECLARE_KERNEL(void, upsample_row_f32, (const ConvexRow<float>& row));

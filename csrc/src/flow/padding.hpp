#pragma once

#include "flow/rows.hpp"

namespace geomvision::flow {

/// The image with its border pixels repeated: `before` of them to the left and above, `after` to the right and below.
inline void pad(const Image<float>& image, int before, int after, Image<float>& padded, int num_threads) {
  const int width = image.width();
  fit(padded, width + before + after, image.height() + before + after);
  for_rows(padded.width(), padded.height(), num_threads, [&](int y) {
    const float* in = clamped_row(image, y - before);
    float* out = row(padded, y);
    std::fill_n(out, before, in[0]);
    std::copy_n(in, width, out + before);
    std::fill_n(out + before + width, after, in[width - 1]);
  });
}

}  // namespace geomvision::flow

#pragma once

#include <algorithm>

#include "geomvision/image.hpp"
#include "geomvision/parallel.hpp"

namespace geomvision::flow {

/// Run body(y) for every row; small images are not worth a second thread.
template <typename Body>
void for_rows(int width, int height, int num_threads, const Body& body) {
  const int grain = std::max(1, 16384 / std::max(1, width));
  parallel_for(
      height, num_threads,
      [&body](int begin, int end) {
        for (int y = begin; y < end; ++y) body(y);
      },
      grain);
}

/// Row y of an image, or its first or last where y lies outside.
inline const float* clamped_row(const Image<float>& image, int y) {
  return image.data() + static_cast<std::ptrdiff_t>(std::clamp(y, 0, image.height() - 1)) * image.width();
}

inline float* row(Image<float>& image, int y) { return image.data() + static_cast<std::ptrdiff_t>(y) * image.width(); }

inline const float* row(const Image<float>& image, int y) {
  return image.data() + static_cast<std::ptrdiff_t>(y) * image.width();
}

/// Give an image a size; what it holds is left undefined, and nothing happens when it has that size already.
template <typename T>
void fit(Image<T>& image, int width, int height) {
  if (image.width() != width || image.height() != height) image.resize(width, height);
}

}  // namespace geomvision::flow

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "geomvision/image.hpp"
#include "geomvision/parallel.hpp"
#include "ops/aligned.hpp"

namespace geomvision::flow {

/// Fewer pixels than this are not worth a second thread.
constexpr int pixels_of_a_thread = 16384;

/// Run body(y) for every row; small images are not worth a second thread.
template <typename Body>
void for_rows(int width, int height, int num_threads, const Body& body) {
  const int grain = std::max(1, pixels_of_a_thread / std::max(1, width));
  parallel_for(
      height, num_threads,
      [&body](int begin, int end) {
        for (int y = begin; y < end; ++y) body(y);
      },
      grain);
}

/// Into how many bands of rows to cut an image: one for each thread, for the neighbours of a band's rows are computed
/// in both. No more than the image is worth, none lower than `lowest` rows.
inline int count_bands(int width, int height, int num_threads, int lowest) {
  const std::int64_t worth = std::int64_t{width} * height / pixels_of_a_thread;
  const std::int64_t most = std::min<std::int64_t>(worth, height / std::max(1, lowest));
  return static_cast<int>(std::clamp<std::int64_t>(most, 1, resolve_threads(num_threads)));
}

/// Run body(band, first, last) for each of `bands` bands of rows [first, last).
template <typename Body>
void for_bands(int bands, int height, int num_threads, const Body& body) {
  struct {
    const Body& run;
    int count;
    std::int64_t rows;
  } const loop{body, bands, height};
  parallel_for(bands, num_threads, [&loop](int begin, int end) {
    for (int band = begin; band < end; ++band) {
      loop.run(band, static_cast<int>(loop.rows * band / loop.count),
               static_cast<int>(loop.rows * (band + 1) / loop.count));
    }
  });
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

/// The last rows of an image that is made row by row, or all of them. Each begins on a cache line, and has a margin on
/// both sides and room for whole vectors.
class RollingRows {
 public:
  void fit(int rows, int width, int margin) {
    width_ = width;
    before_ = (margin + 2 * spare - 1) / spare * spare;
    stride_ = (before_ + std::ptrdiff_t{width} + margin + 2 * spare - 1) / spare * spare;
    rows_ = rows;
    values_.reserve(static_cast<std::size_t>(stride_) * static_cast<std::size_t>(rows));
  }

  float* operator[](int y) { return values_.reserve(0) + (y % rows_) * stride_ + before_; }

  /// Distance of neighbouring rows, where all of them are held.
  std::ptrdiff_t stride() const { return stride_; }

  /// Repeat the border pixels of row y in its margins, and in what vectors read beyond: no number is left unset.
  float* close(int y) {
    float* row = (*this)[y];
    std::fill(row - before_, row, row[0]);
    std::fill(row + width_, row - before_ + stride_, row[width_ - 1]);
    return row;
  }

  /// Row `to` becomes row `from`, margins and all.
  void copy(int from, int to) { std::copy_n((*this)[from] - before_, stride_, (*this)[to] - before_); }

 private:
  static constexpr int spare = 16;  // a cache line
  Aligned<float> values_;
  std::ptrdiff_t stride_ = 0, before_ = 0;
  int width_ = 0, rows_ = 1;
};

}  // namespace geomvision::flow

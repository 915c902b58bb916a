#pragma once

#include "flow/rows.hpp"
#include "kernels/flow.hpp"

namespace geomvision::flow {

/// An image that was widened by a margin of 1 to the left and above, of 2 to the right and below.
inline FlowImage within_margin(const Image<float>& wide) {
  return {row(wide, 1) + 1, wide.width(), wide.width() - 3, wide.height() - 3};
}

/// What one warp knows of a level: both frames, and the flow so far.
struct Frames {
  const Image<float>& frame0;
  FlowImage frame1;
  const Image<float>& u;
  const Image<float>& v;
};

/// Rows of frame 1 warped by the flow so far, and derivatives of the mean of both frames, made in order.
class WarpedRows {
 public:
  void fit(int width, int margin);

  /// Begin at row `first`; `next` gives it and those after it.
  void start(int first) { made_ = std::max(first - 2, 0); }

  /// All that is known of row y of the level; y counts up from `first`. Valid until the next call. Rows of the flow
  /// have the margin that was asked for.
  FlowRow next(const Frames& frames, int y);

 private:
  RollingRows warped_, mean_, gradient_, given_;
  int made_ = 0;
  decltype(GEOMVISION_KERNEL(flow_warp)) warp_ = nullptr;
  decltype(GEOMVISION_KERNEL(flow_mean)) average_ = nullptr;
  decltype(GEOMVISION_KERNEL(flow_gradients)) differentiate_ = nullptr;
};

/// The widest median's radius: the margin of rows it takes.
constexpr int largest_radius = 3;

/// Rows of medians over size x size pixels, along x and then along y, of rows that come in order.
class MedianRows {
 public:
  void fit(int width, int size) {
    radius_ = size / 2;
    width_ = width;
    along_.fit(10, width, 0);
    columns_ = GEOMVISION_KERNEL(flow_median_columns);
    rows_ = GEOMVISION_KERNEL(flow_median_rows);
  }

  /// Take row y, which has a margin of `largest_radius`.
  void take(const float* row, int y) { columns_(row, radius_, width_, along_[y]); }

  /// Row y of the result, and row y + 1 where `second` is not null. The rows around them have been taken, and at most
  /// one more.
  void give(int y, int height, float* first, float* second) {
    const float* rows[8];
    for (int k = 0; k <= 2 * radius_ + 1; ++k) rows[k] = along_[std::clamp(y + k - radius_, 0, height - 1)];
    rows_(rows, radius_, width_, first, second);
  }

 private:
  RollingRows along_;
  int radius_ = 0, width_ = 0;
  decltype(GEOMVISION_KERNEL(flow_median_columns)) columns_ = nullptr;
  decltype(GEOMVISION_KERNEL(flow_median_rows)) rows_ = nullptr;
};

}  // namespace geomvision::flow

#pragma once

#include <cstdint>
#include <vector>

#include "geomvision/image.hpp"

namespace geomvision::stereo {

/// Fraction of a pixel between -0.5 and 0.5 by which the minimum lies beside the winner, from the costs at
/// winner - 1, winner and winner + 1 (neither neighbour below the winner): vertex of the parabola through the three.
float parabola_offset(int before, int at, int after);

/// The same with two lines of equal and opposite slope (Shimizu & Okutomi, ICCV 2001): for costs that grow linearly.
float equiangular_offset(int before, int at, int after);

/// What became of a left pixel when its disparity was held against the right view's.
enum class Agreement : std::uint8_t { agrees, mismatched, occluded, unknown };

/// Left-right check of one row of whole-pixel disparities (`none` where there is no estimate).
///
/// A pixel fails when its match lies outside the right image, or when its match forms a pair with another left pixel,
/// each being the other's winner, whose disparity differs by more than `tolerance`: pairs that agree exclude others.
/// A failed pixel is mismatched when some right pixel points at it, as it is visible then, and occluded when none does
/// (Hirschmueller 2008, section 2.6.2). Without an estimate it is unknown, or occluded when nothing points at it.
void left_right_check(const std::int16_t* left, const std::int16_t* right, int width, std::int16_t none, int tolerance,
                      Agreement* agreement);

/// Median of the estimates in a `size` x `size` window (odd) around each estimate; of an even number the lower one.
/// NaN stays NaN and does not vote. Keeps its memory between calls.
class MedianFilter {
 public:
  void operator()(ImageView<float> disparity, int size, int num_threads = 0);

 private:
  void smallest(ImageView<float> disparity, int num_threads);

  Image<float> source_;
};

/// Remove (set to NaN) connected regions of fewer than `size` pixels. Four-neighbours belong together when their
/// disparities differ by at most `range`. Keeps its memory between calls.
class SpeckleFilter {
 public:
  void operator()(ImageView<float> disparity, int size, float range, int num_threads = 0);

 private:
  struct Row;
  Row row(int slot);
  void join_rows(ImageView<const float> disparity, float range, int slot, int begin, int end, bool seam);
  void remove_small(float* disparity, int y, int size, float range, int slot);

  int width_ = 0;
  std::vector<int> parents_;  // at the first pixel of a run: the run it was joined to, or minus the region's size
  std::vector<int> starts_;   // two rows for each block: where the run of a pixel begins
  std::vector<std::uint8_t> links_;  // three rows for each block
};

/// Fill NaN from the estimates met first in the eight directions (Hirschmueller 2008, section 2.6.3): occluded pixels,
/// which lie on what is behind, take the second lowest; others the median, the lower one of an even number. Where
/// there is no estimate at all NaN remains. Keeps its memory between calls.
class BackgroundFill {
 public:
  void operator()(ImageView<float> disparity, ImageView<const std::uint8_t> occluded, int num_threads = 0);

 private:
  Image<float> source_;
};

/// Of each side of a gap so many estimates have a say in `fill_rows`.
constexpr int row_votes = 9;

/// Fill NaN from the row, along which rectified views hide: each gap takes the lower, farther one of what lies to its
/// left and right, each side being the median, of an even number the lower one, of its `row_votes` nearest estimates.
/// Rows without any take the nearest row that has some, the upper one of two. Without any at all NaN remains.
void fill_rows(ImageView<float> disparity, int num_threads = 0);

}  // namespace geomvision::stereo

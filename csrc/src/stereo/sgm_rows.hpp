#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/sgm.hpp"
#include "kernels/sgm_guide.hpp"
#include "stereo/aligned_bytes.hpp"
#include "stereo/sgm_guide.hpp"

namespace geomvision::stereo {

/// What is asked of semi-global matching.
struct SGMTask {
  int width = 0, height = 0, count = 0;  ///< pixels, and disparities
  int paths = 8;                         ///< 4, 5, 8 or 16
  int p1 = 0, p2 = 0;
  bool adaptive_p2 = false;
  int num_threads = 0;
};

/// Where a path goes in one step.
struct SGMDirection {
  int dx, dy;
};

/// a * b, which may be more than an int holds.
inline std::size_t product(int a, int b) { return static_cast<std::size_t>(a) * static_cast<std::size_t>(b); }

/// How many rows a step goes back.
inline int back_of(SGMDirection direction) { return direction.dy < 0 ? -direction.dy : direction.dy; }

/// Path costs of a row, and the smallest of each pixel, both from column 0 on.
struct SGMRow {
  std::uint8_t* costs;
  std::uint8_t* least;
};

/// Rows of path costs, with columns beside them that paths come from.
class SGMRows {
 public:
  static constexpr int margin = 2;  ///< no path goes further to the side in one step

  void resize(int rows, int columns, int padded);
  SGMRow row(int index);

  /// Beyond the border of an image all path costs are 0: a path that comes from there begins with its cost alone.
  void clear_margins();

 private:
  AlignedBytes bytes_;
  int rows_ = 0, columns_ = 0, padded_ = 0;
  std::size_t row_bytes_ = 0;
};

/// Path costs of one direction, row after row, in the memory of a single one (or two, where steps go two rows far):
/// each path stays where it is, so that a row's columns lie `dx` further on than those of the row before.
class SGMState {
 public:
  void resize(SGMDirection direction, int columns, int rows, int padded);

  /// Begin with columns first ... until - 1 of an image, for some rows. Paths from beyond its border begin with 0.
  void begin(int first, int until, int width, int rows);

  /// Row `step` since the beginning. What is there before it is written are the costs that its paths come from, if the
  /// step goes back no further than the beginning.
  SGMRow row(int step);

 private:
  int columns_of(int rows) const;  // beside the others, that paths come from in so many rows

  SGMDirection direction_{};
  AlignedBytes bytes_;
  std::size_t row_bytes_ = 0;
  int columns_ = 0, padded_ = 0, slide_ = 0, first_ = 0;
};

/// How the work on an image is cut, and the steps that all parts of it take.
///
/// Rows form bands, counted from below: only the top one may have fewer rows. Paths that run down and up meet in the
/// sums of a band, and the path costs at its edges are all that it needs of others.
class SGMPlan {
 public:
  void prepare(const SGMTask& task, const SGMGuide* guide);

  const SGMTask& task() const { return task_; }
  int vectors() const { return vectors_; }
  int padded() const { return padded_; }  ///< disparities, rounded up to whole vectors
  const std::vector<SGMDirection>& directions(bool up) const { return up ? up_ : down_; }
  bool goes_up() const { return !up_.empty(); }
  int reach() const { return reach_; }  ///< columns that a path goes to the side in a row, at most

  int threads() const { return threads_; }
  int bands() const { return bands_; }
  int band_rows() const { return band_; }
  int top(int band) const { return band + 1 < bands_ ? task_.height - (band + 1) * band_ : 0; }
  int bottom(int band) const { return task_.height - band * band_; }

  /// Bands of a segment. There are `segments()` of them, the lowest one first. Threads go through runs of segments.
  int segments() const { return (bands_ + of_segment_ - 1) / of_segment_; }
  int first_band(int segment) const { return std::min(segment * of_segment_, bands_); }

  /// In the order of runs segments go downwards or, where paths run up too, first those of the lower half downwards and
  /// then the others upwards. A run begins at the first segment of a half, or not after the last one that a thread is
  /// given to begin with: the path costs there are needed anyway.
  int segment_at(int place) const;
  bool begins_half(int place) const { return place == 0 || (goes_up() && place == segments() / 2); }
  bool begins_run(int place) const;
  int run_rows() const { return (segments() + threads_ - 1) / threads_ * of_segment_ * band_; }  ///< at most

  /// Columns of a tile, the part of a band whose costs and sums are kept at a time: all of them, but where paths run
  /// along rows and columns only few, since little need be known of the paths that come from beside it.
  int tiles() const { return (task_.width + tile_ - 1) / tile_; }
  int tile_columns() const { return tile_; }
  int tile_begin(int tile) const { return std::min(tile * tile_, task_.width); }

  /// Where paths run down and up, bands of the upper half are visited upwards: paths that run up go on from band to
  /// band, those that run down begin at the edge of each. In the lower half it is the other way round.
  bool upwards(int band) const { return band >= first_band(segments() / 2); }

  /// Bands of a block, which `SGMEdges` goes through at once.
  int blocks() const { return (bands_ + of_block_ - 1) / of_block_; }
  int first_of_block(int block) const { return std::min(block * of_block_, bands_); }
  int block_rows() const { return of_block_ * band_; }

  /// Penalties of larger steps for pixels begin ... end - 1 of row y.
  void jumps(int y, SGMDirection direction, int begin, int end, std::uint8_t* jumps) const;

  static constexpr int chunk = 32;  ///< pixels whose costs and sums stay in the first cache

  decltype(&kernels::baseline::sgm_advance) advance = nullptr;  // kernels are chosen once for each image
  decltype(&kernels::baseline::sgm_costs) costs = nullptr;
  decltype(&kernels::baseline::sgm_costs_and_west) costs_and_west = nullptr;

 private:
  void cut();

  SGMTask task_;
  const SGMGuide* guide_ = nullptr;
  decltype(&kernels::baseline::sgm_jumps) jumps_ = nullptr;
  kernels::SGMJumps penalties_{0, 0, SGMGuide::usual_change};
  std::vector<SGMDirection> down_, up_;
  int vectors_ = 1, padded_ = 0, threads_ = 1, reach_ = 0;
  int band_ = 1, bands_ = 1, of_segment_ = 1, of_block_ = 1, tile_ = 1;
};

}  // namespace geomvision::stereo

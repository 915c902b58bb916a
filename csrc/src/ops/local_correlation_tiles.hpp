#pragma once

#include <tuple>
#include <vector>

#include "geomvision/ops/local_correlation.hpp"
#include "geomvision/tensor.hpp"
#include "kernels/local_correlation.hpp"
#include "ops/aligned.hpp"

namespace geomvision::ops {

/// What one thread works with.
struct CorrelationWorker {
  Aligned<float> tile, ring, gradient, part, line;
  std::vector<std::ptrdiff_t> in_ring;
  int ring_row = 0;  // of the walk: the first one since the ring was empty
  std::vector<kernels::GradientRow> rows;
  std::vector<kernels::Soon> soon;

  auto buffers() { return std::tie(tile, ring, gradient, part, line, in_ring, rows, soon); }
};

/// Sizes of a correlation, and what each step over its tiles needs to know.
struct CorrelationPlan {
  CorrelationPlan(const LocalCorrelationOptions& options, const TensorView<const float, 4>& image, bool dense,
                  int threads, std::vector<std::ptrdiff_t>& memory);

  std::ptrdiff_t channels, height, width;
  int radius, dilation, stride;  // stride of the walk: 1 when it is dense
  int side;                      // displacements of a direction
  int reach_x, reach_y;          // the displacements that can meet the image
  int count;                     // ... in x
  int rows, columns;             // of the walk
  int row_step;                  // rows of a tile lie this far apart, so that they share rows of the other image
  int row_shift;                 // ... and see a shared row at displacements this far apart
  int phase_width;               // packed columns of one phase of the stride
  std::ptrdiff_t packed_width;   // packed columns of a channel
  int ring_size;                 // rows of the other image that a tile sees
  int strip;                     // columns of a strip, which is walked from top to bottom
  int blocks;                    // tiles side by side in a strip
  int strips, bands, band_rows;  // tasks are bands of strips, those of a strip one after the other
  std::vector<std::ptrdiff_t>& offsets;  // in the memory given
  decltype(&kernels::baseline::copy_padded) copy_padded;
  decltype(&kernels::baseline::copy_blocks) copy_blocks;

  int tasks(std::ptrdiff_t batch) const { return static_cast<int>(batch) * strips * bands; }

 private:
  int rows_of_band(std::ptrdiff_t all_strips, int threads) const;
};

/// Walks the tiles of task `index`; `forward` and `derivative` are what is done there. `goes_on`: the worker did the
/// same in the task before, and may still hold rows of the other image.
class CorrelationStrip {
 public:
  CorrelationStrip(const CorrelationPlan& plan, CorrelationWorker& worker, int index, bool goes_on);

  void forward(const TensorView<const float, 4>& left, const TensorView<const float, 4>& right,
               const TensorView<float, 4>& out);

  /// The derivative in one input, `other` being the other one; `mirrored` when that is the left one. d_out has the
  /// stride `stride`.
  void derivative(const TensorView<const float, 4>& d_out, const TensorView<const float, 4>& other, bool mirrored,
                  int stride, const TensorView<float, 4>& out);

 private:
  struct Tile {
    int row, rows;  // first row of the walk, and how many there are
  };
  template <typename Visit>
  void each_tile(const Visit& visit);
  const float* other_row(const TensorView<const float, 4>& other, int y, int tile_row, int j);
  bool touched(const Tile& tile, int j, int& first, int& last) const;
  void pack_tiles(const TensorView<const float, 4>& left, const Tile& tile);
  void fetch_list(const TensorView<const float, 4>* left, const TensorView<const float, 4>& right, const Tile& tile);
  void pack_gradient(const TensorView<const float, 4>& d_out, bool mirrored, int stride, int y, int j, float* to);
  void gradient_rows(const TensorView<const float, 4>& d_out, const TensorView<const float, 4>& other, bool mirrored,
                     int stride, const Tile& tile);

  const CorrelationPlan& plan_;
  CorrelationWorker& worker_;
  std::ptrdiff_t batch_;
  int first_column_, columns_;  // of the strip
  int first_row_, last_row_;    // of the band
  bool keeps_ring_;             // rows in it are next to those of this band
};

}  // namespace geomvision::ops

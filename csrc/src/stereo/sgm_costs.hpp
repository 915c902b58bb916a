#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "geomvision/image.hpp"
#include "geomvision/tensor.hpp"
#include "kernels/sgm.hpp"

namespace geomvision::stereo {

/// Where matching costs come from: a part of a row at a time, for several threads at once.
class SGMCostRows {
 public:
  virtual ~SGMCostRows() = default;

  /// Costs of pixels begin ... end - 1 of row y. Valid until `slot` has asked for as many other rows as are kept.
  virtual kernels::SGMCosts row(int slot, int y, int begin, int end) = 0;
};

/// What `SGMSweep` keeps of cost rows: of each of `slots` so many rows next to one another. Costs are asked for of at
/// most `columns` pixels at a time; `padded` is the number of disparities rounded up to whole vectors.
struct SGMCostRoom {
  int slots, rows, columns, padded;
};

/// Census words of a pair, made anew for each row that is asked for: nothing of the image's size is kept.
template <typename T>
class CensusCosts : public SGMCostRows {
 public:
  /// Disparities first ... first + count - 1.
  void prepare(const std::string& census, ImageView<const T> left, ImageView<const T> right, int first, int count,
               const SGMCostRoom& room);
  kernels::SGMCosts row(int slot, int y, int begin, int end) override;

 private:
  static constexpr int held = 8;  // rows; a window has at most seven
  struct Strip {
    std::vector<T> left, right;  // the last rows with the border repeated; right ones run from right to left
    std::vector<std::uint8_t> left_planes, right_planes, split, unpacked;
    int row[held];
    int begin, end;
  };
  void hold(Strip& strip, int y);

  ImageView<const T> left_, right_;
  int radius_x_ = 0, radius_y_ = 0, first_ = 0, count_ = 0, padded_ = 0, planes_ = 0, plane_bits_ = 8;
  int left_pitch_ = 0, right_pitch_ = 0, vectors_ = 1, split_pitch_ = 0, kept_ = 1;
  std::vector<Strip> strips_;
};

/// Costs that the caller computed: (height, width, disparities).
class VolumeCosts : public SGMCostRows {
 public:
  /// Path costs are bytes: throws std::invalid_argument where a cost is above 255 - p2.
  void prepare(const char* owner, TensorView<const std::uint8_t, 3> volume, int p2, int num_threads);
  kernels::SGMCosts row(int slot, int y, int begin, int end) override;

 private:
  TensorView<const std::uint8_t, 3> volume_;
  std::vector<int> largest_;  // cost of each row
};

}  // namespace geomvision::stereo

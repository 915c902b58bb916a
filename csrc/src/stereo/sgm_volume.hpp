#pragma once

#include <cstdint>
#include <vector>

#include "geomvision/image.hpp"
#include "geomvision/stereo/sgm.hpp"

namespace geomvision::stereo {

/// What SGM aggregates: census words, matching costs and their sums over all paths. Kept between calls.
/// Volumes are (height, width, count) with the disparity first_disparity + i as the fastest index.
struct SGMVolume {
  int width = 0, height = 0;
  int first_disparity = 0, count = 0;

  std::vector<std::uint8_t> cost;
  std::vector<std::uint16_t> sums;

  std::uint16_t* sums_at(int x, int y) { return sums.data() + index(x, y); }

  /// Costs and sums of a pair. Throws std::invalid_argument when no pixel has a match in the range of disparities.
  template <typename T>
  void compute(const SGMOptions& options, ImageView<const T> left, ImageView<const T> right);

 private:
  std::size_t index(int x, int y) const { return (static_cast<std::size_t>(y) * width + x) * count; }
  void choose_range(const SGMOptions& options);
  template <typename T>
  void take_census(const SGMOptions& options, ImageView<const T> image, std::vector<std::uint64_t>& words);
  template <typename T>
  void make_guide(ImageView<const T> left, int num_threads);
  void match(const SGMOptions& options);
  void add_direction(const SGMOptions& options, int dx, int dy);
  void add_lines(const SGMOptions& options, int dx, int dy, int begin, int end);

  std::vector<std::uint64_t> left_words_, right_words_;
  Image<std::uint16_t> padded_u16_;
  Image<float> padded_f32_;
  Image<std::uint16_t> guide_;
  std::vector<double> row_contrast_;
  std::vector<std::uint8_t> line_costs_, line_minimum_;
  std::uint8_t p2_of_change_[256] = {};
};

}  // namespace geomvision::stereo

#pragma once

#include <cstdint>
#include <vector>

#include "geomvision/image.hpp"
#include "geomvision/stereo/ad_census.hpp"

namespace geomvision::stereo {

/// How far the cross of a pixel reaches to each side.
struct Cross {
  std::uint8_t left, right, up, down;
};

/// What AD-census aggregates and scans. Kept between calls. Volumes are (height, width, count) with the disparity
/// first_disparity + i as the fastest index.
struct ADCensusVolume {
  int width = 0, height = 0;
  int first_disparity = 0, count = 0;

  std::vector<std::uint16_t> cost, sums;
  Image<std::uint8_t> levels[2];
  Image<Cross> crosses;

  const std::uint16_t* sums_at(int x, int y) const { return sums.data() + index(x, y); }

  template <typename T>
  void compute(const ADCensusOptions& options, ImageView<const T> left, ImageView<const T> right);

 private:
  std::size_t index(int x, int y) const { return (static_cast<std::size_t>(y) * width + x) * count; }
  template <typename T>
  void take_levels(ImageView<const T> left, ImageView<const T> right);
  void take_census(int view, int num_threads);
  void match(const ADCensusOptions& options);
  void make_crosses(const ADCensusOptions& options);
  void count_pixels(bool rows_first, int num_threads);
  void aggregate(bool rows_first, int num_threads);
  template <typename T, typename Add, typename Finish>
  void sum_line(const T* values, bool along_row, int line, std::uint32_t* running, Add add, Finish finish) const;
  void find_changes(const ADCensusOptions& options, int dx, int dy);
  void scan(const ADCensusOptions& options, int dx, int dy);
  void scan_lines(const ADCensusOptions& options, int dx, int dy, int begin, int end);

  Image<std::uint16_t> padded_[2];
  std::vector<std::uint64_t> words_[2];
  std::vector<std::uint32_t> partial_, running_;
  Image<int> pixels_[2];
  Image<std::uint8_t> changed_left_;
  Image<std::uint16_t> changed_right_;
  std::vector<std::uint16_t> line_costs_, line_minimum_;
};

}  // namespace geomvision::stereo

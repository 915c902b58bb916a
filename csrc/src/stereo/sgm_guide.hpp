#pragma once

#include <cstdint>
#include <vector>

#include "geomvision/image.hpp"

namespace geomvision::stereo {

/// The left image, so scaled that its mean absolute difference between neighbours is `usual_change`: what counts as a
/// strong change does not depend on the image's type, gain and offset.
class SGMGuide {
 public:
  static constexpr int usual_change = 8;
  static constexpr int margin = 2;  ///< pixels before and after a row that may be read; they mean nothing

  template <typename T>
  void prepare(ImageView<const T> left, int num_threads);

  const std::uint16_t* row(int y) const {
    return pixels_.data() + static_cast<std::size_t>(y) * static_cast<std::size_t>(pitch_) + margin;
  }

 private:
  template <typename T>
  double units(ImageView<const T> left, int num_threads);

  std::vector<std::uint16_t> pixels_;
  int pitch_ = 0;
  double least_ = 0.0;
  std::vector<double> row_change_, row_least_;
};

}  // namespace geomvision::stereo

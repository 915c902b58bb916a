#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <type_traits>

#include "geomvision/image.hpp"

namespace geomvision::stereo {

constexpr int level_parts = 64;  ///< levels are told apart to this part of one

/// How the pixels of a pair become levels: 8 bits as they are, others by the joint range of the pair.
struct LevelScale {
  double low = 0.0, scale = level_parts;

  template <typename T>
  LevelScale(ImageView<const T> left, ImageView<const T> right) {
    if constexpr (!std::is_same_v<T, std::uint8_t>) {
      double high = low = static_cast<double>(left(0, 0));
      for (const auto& image : {left, right}) {
        for (int y = 0; y < image.height(); ++y) {
          const auto [least, most] = std::minmax_element(image.row(y), image.row(y) + image.width());
          low = std::min(low, static_cast<double>(*least));
          high = std::max(high, static_cast<double>(*most));
        }
      }
      scale = high > low ? 255 * level_parts / (high - low) : 0.0;
    }
  }

  /// 64ths of 0 to 255.
  template <typename T>
  int operator()(T pixel) const {
    return static_cast<int>(std::floor((static_cast<double>(pixel) - low) * scale + 0.5));
  }
};

}  // namespace geomvision::stereo

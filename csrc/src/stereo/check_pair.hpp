#pragma once

#include <cmath>
#include <type_traits>

#include "geomvision/check.hpp"
#include "geomvision/image.hpp"

namespace geomvision::stereo {

/// Throw std::invalid_argument unless a matcher can take the pair and write the disparity: sizes equal and not empty,
/// floats finite.
template <typename T>
void check_pair(const char* owner, ImageView<const T> left, ImageView<const T> right, ImageView<float> disparity) {
  const int width = left.width(), height = left.height();
  check(!left.empty(), owner, ": the images are empty (", width, "x", height, " pixels)");
  check(right.width() == width && right.height() == height, owner, ": left is ", width, "x", height, ", right is ",
        right.width(), "x", right.height(), " pixels; they must be equal");
  check(disparity.width() == width && disparity.height() == height, owner, ": disparity is ", disparity.width(), "x",
        disparity.height(), ", the images are ", width, "x", height, " pixels; they must be equal");
  if constexpr (std::is_same_v<T, float>) {
    for (const auto& [image, name] : {std::pair(left, "left"), std::pair(right, "right")}) {
      for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
          check(std::isfinite(image(x, y)), owner, ": ", name, " holds NaN or infinity at (", x, ", ", y,
                "); fill it first");
        }
      }
    }
  }
}

/// Throw unless some pixel of an image this wide can have a disparity of the range.
inline void check_searched(const char* owner, int width, int min_disparity, int max_disparity) {
  check(max_disparity > 1 - width && min_disparity < width, owner, ": no pixel of an image ", width,
        " pixels wide has a match between min_disparity ", min_disparity, " and max_disparity ", max_disparity,
        " - 1; choose a range nearer to 0");
}

}  // namespace geomvision::stereo

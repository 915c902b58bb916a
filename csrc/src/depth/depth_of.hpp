#pragma once

#include <limits>

namespace geomvision::depth {

/// Z = scale / (d + offset), metres; NaN where d + offset is not above 0, or where a float cannot hold Z: too far, or
/// so near that it would be 0.
constexpr float depth_of(double disparity, double scale, double offset) {
  constexpr float nan = std::numeric_limits<float>::quiet_NaN(), largest = std::numeric_limits<float>::max();
  const double shifted = disparity + offset;
  if (!(shifted > 0)) return nan;
  const auto metres = static_cast<float>(scale / shifted);
  return metres > 0 && metres <= largest ? metres : nan;
}

}  // namespace geomvision::depth

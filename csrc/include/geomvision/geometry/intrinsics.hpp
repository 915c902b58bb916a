#pragma once

namespace geomvision::geometry {

/// Focal lengths and principal point of a camera, pixels.
struct Intrinsics {
  double fx = 1, fy = 1, cx = 0, cy = 0;
};

}  // namespace geomvision::geometry

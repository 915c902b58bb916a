#pragma once

#include "dispatch.hpp"

namespace geomvision {

/// A rectified camera in numbers: Z = scale / (d + offset), X = (x - cx) Z / fx, Y = (y - cy) Z / fy.
struct PointMapRig {
  double scale, offset, fx, fy, cx, cy;
  bool past_caches;
};

}  // namespace geomvision

// Points of row y of a disparity map.
GEOMVISION_DECLARE_KERNEL(void, point_map_row,
                          (const PointMapRig& rig, const float* disparity, int y, int width, float* points));

#pragma once

#include <cstddef>

#include "dispatch.hpp"

namespace geomvision {

constexpr int kPoseLanes = 8;

// Points and charts, each coordinate in a row of its own, `padded` of them: a multiple of kPoseLanes. What pads has a
// chart of zeros, which no point agrees with.
struct PoseRows {
  const double* points;  // 3 rows
  const double* charts;  // 9 rows
  int padded;
};

}  // namespace geomvision

// Sum of 1 - (error / threshold)² over the observations [begin, end) within it; both are multiples of kPoseLanes.
// `pose` is the rotation's nine numbers and the translation's three. Equal on all instruction sets.
GEOMVISION_DECLARE_KERNEL(double, pose_gain,
                          (const PoseRows& rows, const double* pose, double threshold, int begin, int end));

#pragma once

#include "kernels/pose_gain.hpp"

namespace geomvision {

// What `pose_equations` adds up, in this order: 21 products of the lower triangle, row by row, 6 slopes, the squared
// error, and how many observations lie in front.
constexpr int kPoseSums = 29;

}  // namespace geomvision

// Gauss-Newton's normal equations of the errors in pixels by a small rotation and translation in the camera's frame,
// over all observations in front of it. Equal on all instruction sets.
GEOMVISION_DECLARE_KERNEL(void, pose_equations, (const PoseRows& rows, const double* pose, double* sums));

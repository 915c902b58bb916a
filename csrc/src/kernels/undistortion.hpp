#pragma once

#include <cstddef>

#include "dispatch.hpp"

namespace geomvision {

/// A lens and its sensor in numbers.
struct BrownLens {
  double fx, fy, cx, cy;
  double k[12];
  double limit;    // radius on the plane z = 1
  double flat[9];  // undoes the tilt
  double back[2];  // of the inverse of the radial terms, as a series of r^2
  bool rational, prism, tilted;
};

}  // namespace geomvision

GEOMVISION_DECLARE_KERNEL(void, undistort_points,
                          (const BrownLens& lens, const double* pixels, double* plane, std::ptrdiff_t count));

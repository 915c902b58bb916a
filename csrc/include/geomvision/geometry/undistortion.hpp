#pragma once

#include <array>

#include "geomvision/geometry/intrinsics.hpp"
#include "geomvision/tensor.hpp"

namespace geomvision::geometry {

/// Brown's distortion (Brown 1971) in OpenCV's order: k1 k2 p1 p2 k3, k4 k5 k6 (rational), s1 s2 s3 s4 (thin prism),
/// tau_x tau_y (tilted sensor, radians).
using Distortion = std::array<double, 14>;

/// The radius on the plane z = 1 up to which no two points of the plane are distorted to one: where the derivative's
/// symmetric part may first fail to be positive. Infinite where it never fails.
double distortion_limit(const Distortion& distortion);

/// Where rays of distorted pixels (N, 2) meet the plane z = 1, (N, 2); `plane` may be the pixels themselves. NaN where
/// there is none within the limit, or where damped Newton steps do not come within 1e-11 (of the larger of 1 and the
/// distorted place). Equal for every number of threads and every instruction set. Throws std::invalid_argument where
/// sizes differ or a number is not finite, a focal length 0, a tilt of a right angle or more.
void undistort_points(TensorView<const double, 2> pixels, const Intrinsics& intrinsics, const Distortion& distortion,
                      TensorView<double, 2> plane, int num_threads = 0);

}  // namespace geomvision::geometry

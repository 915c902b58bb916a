#pragma once

#include <array>
#include <cstdint>
#include <limits>

#include "geomvision/geometry/entries.hpp"
#include "geomvision/tensor.hpp"

namespace geomvision::geometry {

using Projection = std::array<double, 12>;  ///< 3x4, row by row: takes (X, Y, Z, 1) to pixels up to scale

enum class TriangulationMethod {
  linear,    ///< least squares of the projection equations ("Linear-LS", Hartley & Sturm 1997)
  midpoint,  ///< the middle of where the rays pass each other
  optimal,   ///< least squares of pixels: Lindstrom's correction (CVPR 2010), then the point where the rays meet
};

/// Why there is no point.
enum class PointReason : std::uint8_t {
  valid = 0,
  not_finite = 1,     ///< a coordinate is NaN or infinite
  too_few_views = 2,  ///< fewer than two views see it
  parallel = 3,       ///< the rays meet under less than 1e-10 rad: at infinity, or on the line through the cameras
  behind = 4,         ///< a camera has it behind itself
  not_converged = 5,  ///< the iteration found no point: the views contradict each other
  small_angle = 6,    ///< the rays meet under less than the least angle asked for
};

struct TriangulationOptions {
  TriangulationMethod method = TriangulationMethod::optimal;
  double sigma_px = 1;       ///< standard deviation of each coordinate, for the covariance; above 0
  double min_angle_rad = 0;  ///< 0 ... pi
};

/// Where results go; what is left empty is not computed. Wherever the reason is not `valid` points, errors and
/// covariances are NaN; the angle is kept where it is the reason.
template <typename T>
struct TriangulatedPoints {
  TensorView<T, 2> points;      ///< (N, 3), in the unit and frame of the projections
  TensorView<T, 2> errors_px;   ///< (N, views), from the observations to the projected point; NaN where not seen
  TensorView<T, 1> angle_rad;   ///< (N,), the largest between two rays that meet at the point
  TensorView<T, 3> covariance;  ///< (N, 3, 3), of the least-squares point to first order
  TensorView<std::uint8_t, 1> reasons;  ///< (N,), of PointReason
};

/// The points that two cameras see at `points0` and `points1`, (N, 2) pixels each.
///
/// Computed in double, whatever T is; equal for every number of threads and every instruction set. Throws
/// std::invalid_argument where sizes differ, or a projection is none: not finite, its left 3x3 singular (the camera at
/// infinity), or both cameras at one place.
template <typename T>
void triangulate(const Projection& projection0, const Projection& projection1, TensorView<const T, 2> points0,
                 TensorView<const T, 2> points1, const TriangulatedPoints<T>& out,
                 const TriangulationOptions& options = {}, int num_threads = 0);

/// The points that any number of cameras see: projections (views, 3, 4) and points (views, N, 2), NaN where a view
/// does not see a point. Linear least squares of the rays, then of pixels by Levenberg and Marquardt's iteration.
/// `options.method` may be `midpoint` (no iteration) or `optimal`. Throws as above.
template <typename T>
void triangulate_views(TensorView<const double, 3> projections, TensorView<const T, 3> points,
                       const TriangulatedPoints<T>& out, const TriangulationOptions& options = {}, int num_threads = 0);

/// The nearest points that fulfil x1' F x0 = 0 exactly, least squares of pixels (Lindstrom, "Triangulation made easy",
/// CVPR 2010, iterated until it stands); NaN where there is none nearby. (N, 2) each; results may lie where the points
/// do. Throws std::invalid_argument where sizes differ or F is not finite or zero.
template <typename T>
void correct_matches(const Entries& F, TensorView<const T, 2> points0, TensorView<const T, 2> points1,
                     TensorView<T, 2> corrected0, TensorView<T, 2> corrected1, int num_threads = 0);

}  // namespace geomvision::geometry

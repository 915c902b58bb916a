#pragma once

#include "geometry/meeting_rays.hpp"
#include "geometry/sight.hpp"

// One point of two views.

namespace GEOMVISION_POINTS {
namespace {

template <typename V>
struct PointFound {
  Vector3<V> point;
  V error0, error1, angle, reason;
  V covariance[6];  // xx, xy, xz, yy, yz, zz
};

// variance (J' J)^-1 of the four rows J. By Cauchy and Binet its minors are sums of squares of J's: nothing cancels.
template <typename V>
GEOMVISION_EACH void covariance_of(const Sight<V>& s0, const Sight<V>& s1, double variance, V* out) {
  const Vector3<V> k0 = cross(s0.slope_x, s0.slope_y), k1 = cross(s1.slope_x, s1.slope_y);
  V sums[6] = {};
  add_square(k0, sums);
  add_square(k1, sums);
  add_square(cross(s0.slope_x, s1.slope_x), sums);
  add_square(cross(s0.slope_x, s1.slope_y), sums);
  add_square(cross(s0.slope_y, s1.slope_x), sums);
  add_square(cross(s0.slope_y, s1.slope_y), sums);
  const V a = dot(k0, s1.slope_x), b = dot(k0, s1.slope_y), c = dot(k1, s0.slope_x), d = dot(k1, s0.slope_y);
  const V scale = variance / (a * a + b * b + c * c + d * d);
  for (int i = 0; i < 6; ++i) out[i] = sums[i] * scale;
}

// What a run's results need of a point.
struct Wanted {
  bool errors, angle, covariance;
};

template <typename Arrays>
Wanted wanted_of(const Arrays& arrays, const PointRules& rules) {
  return {arrays.errors != nullptr, arrays.angle != nullptr || rules.min_angle > 0, arrays.covariance != nullptr};
}

// The nearest pair that fulfils the constraint, NaN where there is none.
template <typename V>
GEOMVISION_EACH void correct_or_lose(const double* F, Pixel<V>& p0, Pixel<V>& p1) {
  const V none = constant<V>(no_number), sum = p0.x + p0.y + p1.x + p1.y;
  const auto lost = correct(F, p0, p1) | (sum - sum != 0.0);
  p0 = {lost ? none : p0.x, lost ? none : p0.y};
  p1 = {lost ? none : p1.x, lost ? none : p1.y};
}

template <typename V>
GEOMVISION_EACH PointFound<V> point_of_two(const TwoViews& views, const PointRules& rules, const Wanted& wanted,
                                           const Pixel<V>& p0, const Pixel<V>& p1) {
  // Rays of pixels farther away have no depth beside their length; nor are NaN and infinity nearer.
  constexpr double farthest = 1e12;
  const V none = constant<V>(no_number), far = p0.x * p0.x + p0.y * p0.y + p1.x * p1.x + p1.y * p1.y;
  Pixel<V> q0 = p0, q1 = p1;
  auto lost = (far < farthest * farthest) == 0;
  const auto missing = lost;
  if (rules.method == TriangulationMethod::optimal) lost = correct(views.F, q0, q1);
  const Vector3<V> v0 = rules.method == TriangulationMethod::midpoint ? middle_point(views, q0, q1)
                                                                      : times(views.N0, linear_point(views, q0, q1));
  const Vector3<V> base{constant<V>(views.base[0]), constant<V>(views.base[1]), constant<V>(views.base[2])};
  const Vector3<V> v1{v0.x - base.x, v0.y - base.y, v0.z - base.z}, across = cross(base, v0);
  const V square = dot(across, across);
  const auto apart = square > least_sine * least_sine * (dot(v0, v0) * dot(v1, v1));
  const auto ahead = (depth_of(views.M0, v0) > 0.0) & (depth_of(views.M1, v1) > 0.0);
  PointFound<V> found;
  found.reason = ahead ? constant<V>(0) : constant<V>(reason_behind);
  found.reason = lost ? constant<V>(reason_not_converged) : found.reason;
  found.reason = apart ? found.reason : constant<V>(reason_parallel);
  found.reason = missing ? constant<V>(reason_not_finite) : found.reason;
  if (wanted.angle) {
    const V angle = angle_of(root(square), dot(v0, v1));
    found.angle = found.reason == 0.0 ? angle : none;
    found.reason = found.angle < rules.min_angle ? constant<V>(reason_small_angle) : found.reason;
  }
  const auto valid = found.reason == 0.0;
  found.point = {valid ? views.centre[0] + v0.x : none, valid ? views.centre[1] + v0.y : none,
                 valid ? views.centre[2] + v0.z : none};
  if (!wanted.errors && !wanted.covariance) return found;
  const Sight<V> s0 = sight(views.M0, v0), s1 = sight(views.M1, v1);
  found.error0 = valid ? length_of(s0.x - p0.x, s0.y - p0.y) : none;
  found.error1 = valid ? length_of(s1.x - p1.x, s1.y - p1.y) : none;
  covariance_of(s0, s1, rules.variance, found.covariance);
  for (V& entry : found.covariance) entry = valid ? entry : none;
  return found;
}

}  // namespace
}  // namespace GEOMVISION_POINTS

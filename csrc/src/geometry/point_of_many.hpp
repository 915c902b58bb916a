#pragma once

#include "geometry/normal_equations.hpp"

// One point of several views.

namespace GEOMVISION_POINTS {
namespace {

constexpr double least_sine_of_many = 1e-7;  // normal equations keep half of the digits

// Levenberg and Marquardt's iteration from `at`; a lane that stands is left alone. True where it does not stand.
template <typename V, typename Seen>
GEOMVISION_EACH auto descend(const ViewOfMany* views, int count, const Seen& seen, Vector3<V>& at, V& cost,
                             Normal<V>& normal) {
  constexpr int most_rounds = 50;
  constexpr double small_step = 1e-24, small_gain = 1e-12, exact = 1e-22;  // squares; of the cost; px^2
  auto open = (cost > exact) & (cost < endless);
  V damping = constant<V>(1e-4);
  for (int round = 0; round < most_rounds && any(open); ++round) {
    const Vector3<V> step = solved(normal, damping), next{at.x + step.x, at.y + step.y, at.z + step.z};
    Normal<V> there;
    const V then = errors_at(views, count, seen, next, there);
    const auto better = open & (then < cost);
    const V gain = cost - then;
    const auto stands = (dot(step, step) <= small_step * dot(at, at)) | (better & (gain <= small_gain * cost)) |
                        (better & (then <= exact));
    at.x = better ? next.x : at.x;
    at.y = better ? next.y : at.y;
    at.z = better ? next.z : at.z;
    cost = better ? then : cost;
    choose(normal, there, better);
    damping = better ? damping * 0.1 : damping * 10.0;
    open = open & (stands == 0);
  }
  return open;
}

template <typename V>
struct PointOfMany {
  Vector3<V> point;
  V angle, reason;
  V covariance[6];
};

// `directions(i)` is room for a Vector3<V> of view i.
template <typename V, typename Seen, typename Room>
GEOMVISION_EACH PointOfMany<V> point_of_many(const ViewOfMany* views, int count, const PointRules& rules,
                                             const double* origin, const Seen& seen, const Room& directions) {
  const V none = constant<V>(no_number), zero = constant<V>(0);
  Vector3<V> at = nearest_to_rays<V>(views, count, seen);
  Normal<V> normal;
  V cost = errors_at(views, count, seen, at, normal);
  const auto behind = (cost < endless) == 0;
  auto lost = cost < 0.0;
  if (rules.method == TriangulationMethod::optimal) lost = descend(views, count, seen, at, cost, normal);
  V widest = zero, seen_by = zero, infinite = zero;
  for (int i = 0; i < count; ++i) {
    const Pixel<V> p = seen(i);
    const auto sees = (p.x == p.x) & (p.y == p.y);
    infinite += sees & ((p.x - p.x != 0.0) | (p.y - p.y != 0.0)) ? constant<V>(1) : zero;
    seen_by += sees ? constant<V>(1) : zero;
    const double* c = views[i].centre;
    const Vector3<V> d{at.x - c[0], at.y - c[1], at.z - c[2]};
    const V scale = sees ? 1.0 / root(dot(d, d)) : none;
    const Vector3<V> mine{d.x * scale, d.y * scale, d.z * scale};
    directions(i) = mine;
    for (int j = 0; j < i; ++j) {
      const Vector3<V> other = directions(j);
      const Vector3<V> chord{mine.x - other.x, mine.y - other.y, mine.z - other.z};
      const V square = dot(chord, chord);
      widest = square > widest ? square : widest;
    }
  }
  PointOfMany<V> found;
  found.angle = 2.0 * angle_of(root(widest), root(widest < 4.0 ? 4.0 - widest : zero));
  found.reason = lost ? constant<V>(reason_not_converged) : zero;
  found.reason = behind ? constant<V>(reason_behind) : found.reason;
  const auto apart = (found.angle > least_sine_of_many) & (found.angle < 3.14159265358979323846 - least_sine_of_many);
  found.reason = apart ? found.reason : constant<V>(reason_parallel);
  found.reason = seen_by < 2.0 ? constant<V>(reason_too_few_views) : found.reason;
  found.reason = infinite > 0.0 ? constant<V>(reason_not_finite) : found.reason;
  found.angle = found.reason == 0.0 ? found.angle : none;
  found.reason = found.angle < rules.min_angle ? constant<V>(reason_small_angle) : found.reason;
  const auto valid = found.reason == 0.0;
  found.point = {valid ? origin[0] + at.x : none, valid ? origin[1] + at.y : none, valid ? origin[2] + at.z : none};
  const V scale = rules.variance / minors(normal.entries, found.covariance);
  for (V& entry : found.covariance) entry = valid ? entry * scale : none;
  return found;
}

}  // namespace
}  // namespace GEOMVISION_POINTS

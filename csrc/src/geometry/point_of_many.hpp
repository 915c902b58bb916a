#pragma once

#include "geometry/point_of_views.hpp"
#include "geometry/view_of_many.hpp"

// One point of several views, as point_of_views.hpp says. `Seen` gives what a view sees: `Pixel<V> operator()(int)`.

#ifdef GEOMVISION_ISA
namespace geomvision::kernels::GEOMVISION_ISA {
using geometry::ViewOfMany;
#else
namespace geomvision::geometry {
#endif
namespace {

constexpr double least_sine_of_many = 1e-7;  // normal equations keep half of the digits

// A x = b with A symmetric, as xx, xy, xz, yy, yz, zz; its inverse is minors / det.
template <typename V>
struct Normal {
  V entries[6], right[3];
};

template <typename V>
GEOMVISION_EACH V minors(const V* a, V* m) {
  m[0] = a[3] * a[5] - a[4] * a[4];
  m[1] = a[2] * a[4] - a[1] * a[5];
  m[2] = a[1] * a[4] - a[2] * a[3];
  m[3] = a[0] * a[5] - a[2] * a[2];
  m[4] = a[1] * a[2] - a[0] * a[4];
  m[5] = a[0] * a[3] - a[1] * a[1];
  return a[0] * m[0] + a[1] * m[1] + a[2] * m[2];
}

// With `damping` of the diagonal added (Marquardt 1963).
template <typename V>
GEOMVISION_EACH Vector3<V> solved(const Normal<V>& normal, V damping) {
  const V *a = normal.entries, *b = normal.right, more = 1.0 + damping;
  const V damped[6] = {a[0] * more, a[1], a[2], a[3] * more, a[4], a[5] * more};
  V m[6];
  const V det = minors(damped, m);
  return {(m[0] * b[0] + m[1] * b[1] + m[2] * b[2]) / det, (m[1] * b[0] + m[3] * b[1] + m[4] * b[2]) / det,
          (m[2] * b[0] + m[4] * b[1] + m[5] * b[2]) / det};
}

// The point nearest to the rays: sum (I - d d') (X - centre) = 0 over the views that see it.
template <typename V, typename Seen>
GEOMVISION_EACH Vector3<V> nearest_to_rays(const ViewOfMany* views, int count, const Seen& seen) {
  Normal<V> normal = {};
  for (int i = 0; i < count; ++i) {
    const Pixel<V> p = seen(i);
    const auto sees = p.x + p.y == p.x + p.y;
    const Vector3<V> d = times(views[i].N, p);
    const V square = dot(d, d), one = constant<V>(1), zero = constant<V>(0);
    const double* c = views[i].centre;
    const V part[6] = {one - d.x * d.x / square, -d.x * d.y / square, -d.x * d.z / square,
                       one - d.y * d.y / square, -d.y * d.z / square, one - d.z * d.z / square};
    for (int k = 0; k < 6; ++k) normal.entries[k] += sees ? part[k] : zero;
    normal.right[0] += sees ? part[0] * c[0] + part[1] * c[1] + part[2] * c[2] : zero;
    normal.right[1] += sees ? part[1] * c[0] + part[3] * c[1] + part[4] * c[2] : zero;
    normal.right[2] += sees ? part[2] * c[0] + part[4] * c[1] + part[5] * c[2] : zero;
  }
  return solved(normal, constant<V>(0));
}

// Sum of squared errors at a point, infinite behind a camera, and the normal equations of a step.
template <typename V, typename Seen>
GEOMVISION_EACH V errors_at(const ViewOfMany* views, int count, const Seen& seen, const Vector3<V>& at,
                            Normal<V>& normal) {
  V sum = constant<V>(0);
  normal = {};
  for (int i = 0; i < count; ++i) {
    const Pixel<V> p = seen(i);
    const double* c = views[i].centre;
    const Sight<V> s = sight(views[i].M, Vector3<V>{at.x - c[0], at.y - c[1], at.z - c[2]});
    const V zero = constant<V>(0), ex = p.x - s.x, ey = p.y - s.y, square = ex * ex + ey * ey;
    const auto sees = p.x + p.y == p.x + p.y;
    const V added = s.depth > 0.0 ? square : constant<V>(endless);
    sum += sees ? added : zero;
    V squares[6] = {};
    add_square(s.slope_x, squares);
    add_square(s.slope_y, squares);
    for (int k = 0; k < 6; ++k) normal.entries[k] += sees ? squares[k] : zero;
    normal.right[0] += sees ? s.slope_x.x * ex + s.slope_y.x * ey : zero;
    normal.right[1] += sees ? s.slope_x.y * ex + s.slope_y.y * ey : zero;
    normal.right[2] += sees ? s.slope_x.z * ex + s.slope_y.z * ey : zero;
  }
  return sum;
}

template <typename V>
GEOMVISION_EACH void choose(Normal<V>& into, const Normal<V>& from, decltype(V{} < V{}) where) {
  for (int k = 0; k < 6; ++k) into.entries[k] = where ? from.entries[k] : into.entries[k];
  for (int k = 0; k < 3; ++k) into.right[k] = where ? from.right[k] : into.right[k];
}

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

// `directions` has room for three V of each view.
template <typename V, typename Seen>
GEOMVISION_EACH PointOfMany<V> point_of_many(const ViewOfMany* views, int count, const PointRules& rules,
                                             const double* origin, const Seen& seen, Vector3<V>* directions) {
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
    const auto sees = p.x + p.y == p.x + p.y;
    infinite += sees & (p.x + p.y - (p.x + p.y) != 0.0) ? constant<V>(1) : zero;
    seen_by += sees ? constant<V>(1) : zero;
    const double* c = views[i].centre;
    const Vector3<V> d{at.x - c[0], at.y - c[1], at.z - c[2]};
    const V scale = sees ? 1.0 / root(dot(d, d)) : none;
    directions[i] = {d.x * scale, d.y * scale, d.z * scale};
    for (int j = 0; j < i; ++j) {
      const Vector3<V> chord{directions[i].x - directions[j].x, directions[i].y - directions[j].y,
                             directions[i].z - directions[j].z};
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
}  // namespace geomvision::...

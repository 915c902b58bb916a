#pragma once

#include "geometry/sight.hpp"
#include "geometry/view_of_many.hpp"

// Sums over several views of one point. `Seen` gives what a view sees: `Pixel<V> operator()(int)`.

namespace GEOMVISION_POINTS {
#ifdef GEOMVISION_ISA
using geometry::ViewOfMany;
#endif
namespace {

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
    const auto sees = (p.x == p.x) & (p.y == p.y);
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
    const auto sees = (p.x == p.x) & (p.y == p.y);
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

}  // namespace
}  // namespace GEOMVISION_POINTS

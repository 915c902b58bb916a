#pragma once

#include "geometry/point_values.hpp"

// Where the rays of two views meet.

namespace GEOMVISION_POINTS {
namespace {

// y = M0 (X - centre0) by least squares of x0 y3 - y1 = 0, y0 y3 - y2 = 0 and the same of the second view. With
// y = y3 (x0, y0, 1) + (d, 0) that is min |d|^2 + |u y3 + G d - w|^2, in which d can be eliminated; no sum of squares
// loses digits where the rays are nearly parallel.
template <typename V>
GEOMVISION_EACH Vector3<V> linear_point(const TwoViews& views, const Pixel<V>& p0, const Pixel<V>& p1) {
  const double *Q = views.Q, *t = views.t;
  const Vector3<V> q = times(Q, p0);
  const V u1 = p1.x * q.z - q.x, u2 = p1.y * q.z - q.y;
  const V w1 = t[0] - p1.x * t[2], w2 = t[1] - p1.y * t[2];
  const V a1 = p1.x * Q[6] - Q[0], a2 = p1.x * Q[7] - Q[1], b1 = p1.y * Q[6] - Q[3], b2 = p1.y * Q[7] - Q[4];
  const V aa = a1 * a1 + a2 * a2, bb = b1 * b1 + b2 * b2, ab = a1 * b1 + a2 * b2, det_g = a1 * b2 - a2 * b1;
  const V s1 = (1.0 + bb) * u1 - ab * u2, s2 = (1.0 + aa) * u2 - ab * u1;
  const V depth = (s1 * w1 + s2 * w2) / (s1 * u1 + s2 * u2);
  const V inverse = 1.0 / (1.0 + aa + bb + det_g * det_g);
  const V e1 = w1 - u1 * depth, e2 = w2 - u2 * depth;
  const V f1 = ((1.0 + bb) * e1 - ab * e2) * inverse, f2 = ((1.0 + aa) * e2 - ab * e1) * inverse;
  return {p0.x * depth + (a1 * f1 + b1 * f2), p0.y * depth + (a2 * f1 + b2 * f2), depth};
}

// From camera 0 to the middle of where the rays pass each other.
template <typename V>
GEOMVISION_EACH Vector3<V> middle_point(const TwoViews& views, const Pixel<V>& p0, const Pixel<V>& p1) {
  const Vector3<V> d0 = times(views.N0, p0), d1 = times(views.N1, p1);
  const Vector3<V> base{constant<V>(views.base[0]), constant<V>(views.base[1]), constant<V>(views.base[2])};
  const Vector3<V> n = cross(d0, d1);
  const V square = dot(n, n);
  const V along0 = dot(cross(base, d1), n) / square, along1 = dot(cross(base, d0), n) / square;
  return {0.5 * (d0.x * along0 + base.x + d1.x * along1), 0.5 * (d0.y * along0 + base.y + d1.y * along1),
          0.5 * (d0.z * along0 + base.z + d1.z * along1)};
}

// Lindstrom's iteration: the correction lies along the normals of the epipolar lines through the corrected points, as
// far as the epipolar constraint says. Two rounds are his niter2; the rest is for gross errors. A lane stands, and is
// left alone, when the next change would be below 1e-8 of the correction, as changes shrink by about the same factor
// each time. True, and nothing done, where none was found.
template <typename V>
GEOMVISION_EACH auto correct(const double* F, Pixel<V>& p0, Pixel<V>& p1) {
  constexpr int most_rounds = 40;
  constexpr double stands = 1e-16;
  const Vector3<V> line1 = times(F, p0);
  const V n1x = line1.x, n1y = line1.y;
  const V n0x = F[0] * p1.x + F[3] * p1.y + F[6], n0y = F[1] * p1.x + F[4] * p1.y + F[7];
  const V c = p1.x * line1.x + p1.y * line1.y + line1.z;
  const V a0 = n1x * (F[0] * n0x + F[1] * n0y) + n1y * (F[3] * n0x + F[4] * n0y);
  const V b0 = 0.5 * (n1x * n1x + n1y * n1y + n0x * n0x + n0y * n0y);
  auto open = (c < 0.0) | (c > 0.0);
  const V first = c / (b0 + root(b0 * b0 - a0 * c)), way0 = open ? first : constant<V>(0);
  Pixel<V> d0{way0 * n0x, way0 * n0y}, d1{way0 * n1x, way0 * n1y};
  V before = d0.x * d0.x + d0.y * d0.y + d1.x * d1.x + d1.y * d1.y;
  open = open & (before > 0.0);
  for (int round = 1; round < most_rounds && any(open); ++round) {
    const V m1x = n1x - (F[0] * d0.x + F[1] * d0.y), m1y = n1y - (F[3] * d0.x + F[4] * d0.y);
    const V m0x = n0x - (F[0] * d1.x + F[3] * d1.y), m0y = n0y - (F[1] * d1.x + F[4] * d1.y);
    const V a = m1x * (F[0] * m0x + F[1] * m0y) + m1y * (F[3] * m0x + F[4] * m0y);
    const V b = 0.5 * (m1x * n1x + m1y * n1y + m0x * n0x + m0y * n0y);
    const V way = c / (b + root(b * b - a * c));
    const V e0x = way * m0x, e0y = way * m0y, e1x = way * m1x, e1y = way * m1y;
    const V cx0 = e0x - d0.x, cy0 = e0y - d0.y, cx1 = e1x - d1.x, cy1 = e1y - d1.y;
    const V changed = cx0 * cx0 + cy0 * cy0 + cx1 * cx1 + cy1 * cy1;
    const V whole = e0x * e0x + e0y * e0y + e1x * e1x + e1y * e1y;
    d0 = {open ? e0x : d0.x, open ? e0y : d0.y};
    d1 = {open ? e1x : d1.x, open ? e1y : d1.y};
    open = open & (changed * changed > stands * (before * whole));
    before = changed;
  }
  const V sum = d0.x + d0.y + d1.x + d1.y, none = constant<V>(0);
  const auto lost = open | (sum - sum != 0.0);
  p0 = {p0.x - (lost ? none : d0.x), p0.y - (lost ? none : d0.y)};
  p1 = {p1.x - (lost ? none : d1.x), p1.y - (lost ? none : d1.y)};
  return lost;
}

}  // namespace
}  // namespace GEOMVISION_POINTS

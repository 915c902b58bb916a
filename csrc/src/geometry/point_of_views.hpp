#pragma once

#include "geometry/two_views.hpp"

// The mathematics of one point, for V a double (a GPU's thread) or a vector of doubles (a kernel's lanes, included
// after kernels/lanes.hpp): the same operations in the same order, so that results are equal. `root` and `any` are
// V's own.

#if defined(__CUDACC__)
#define GEOMVISION_EACH static __device__ inline
#else
#define GEOMVISION_EACH [[gnu::always_inline]] static inline
#endif

#ifdef GEOMVISION_ISA
namespace geomvision::kernels::GEOMVISION_ISA {
#else
namespace geomvision::geometry {
#endif
namespace {

#ifdef GEOMVISION_ISA
using geometry::PointRules;
using geometry::TriangulationMethod;
using geometry::TwoViews;
#else
GEOMVISION_EACH double root(double value) { return sqrt(value); }
GEOMVISION_EACH bool any(bool condition) { return condition; }
#endif

constexpr double least_sine = 1e-10;
constexpr double no_number = std::numeric_limits<double>::quiet_NaN();
constexpr double endless = std::numeric_limits<double>::infinity();
constexpr double reason_not_finite = 1, reason_too_few_views = 2, reason_parallel = 3, reason_behind = 4,
                 reason_not_converged = 5, reason_small_angle = 6;  // PointReason, as lanes hold it

template <typename V>
struct Vector3 {
  V x, y, z;
};

template <typename V>
struct Pixel {
  V x, y;
};

template <typename V>
GEOMVISION_EACH V constant(double value) {
  return V{} + value;
}

template <typename V>
GEOMVISION_EACH Vector3<V> times(const double* A, const Vector3<V>& v) {
  return {A[0] * v.x + A[1] * v.y + A[2] * v.z, A[3] * v.x + A[4] * v.y + A[5] * v.z,
          A[6] * v.x + A[7] * v.y + A[8] * v.z};
}

// A (x, y, 1)
template <typename V>
GEOMVISION_EACH Vector3<V> times(const double* A, const Pixel<V>& p) {
  return {A[0] * p.x + A[1] * p.y + A[2], A[3] * p.x + A[4] * p.y + A[5], A[6] * p.x + A[7] * p.y + A[8]};
}

template <typename V>
GEOMVISION_EACH V dot(const Vector3<V>& a, const Vector3<V>& b) {
  return a.x * b.x + a.y * b.y + a.z * b.z;
}

template <typename V>
GEOMVISION_EACH Vector3<V> cross(const Vector3<V>& a, const Vector3<V>& b) {
  return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}

// The angle whose sine and cosine are in the ratio of s >= 0 to c: 0 ... pi. Rational approximation after Moshier's
// Cephes (atan), 2e-16.
template <typename V>
GEOMVISION_EACH V angle_of(V s, V c) {
  const V size = c < 0.0 ? -c : c;
  const V high = s > size ? s : size, low = s > size ? size : s;
  const auto far = low > 0.41421356237309503 * high;
  const V t = (far ? low - high : low) / (far ? low + high : high), u = t * t;
  const V p = (((-8.750608600031904122785e-1 * u - 1.615753718733365076637e1) * u - 7.500855792314704667340e1) * u -
               1.228866684490136173410e2) *
                  u -
              6.485021904942025371773e1;
  const V q = ((((u + 2.485846490142306297962e1) * u + 1.650270098316988542046e2) * u + 4.328810604912902668951e2) * u +
               4.853903996359136964868e2) *
                  u +
              1.945506571482613964425e2;
  const V part = t + t * (u * p / q);
  const V eighth = far ? part + 0.78539816339744830962 : part;
  const V quarter = s > size ? 1.57079632679489661923 - eighth : eighth;
  return c < 0.0 ? 3.14159265358979323846 - quarter : quarter;
}

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
  const V det = 1.0 + aa + bb + det_g * det_g;
  const V e1 = w1 - u1 * depth, e2 = w2 - u2 * depth;
  const V f1 = ((1.0 + bb) * e1 - ab * e2) / det, f2 = ((1.0 + aa) * e2 - ab * e1) / det;
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
// left alone, when the next change would be below 1e-10 of the correction, as changes shrink by about the same factor
// each time. True, and nothing done, where none was found.
template <typename V>
GEOMVISION_EACH auto correct(const double* F, Pixel<V>& p0, Pixel<V>& p1) {
  constexpr int most_rounds = 40;
  constexpr double stands = 1e-20;
  const Vector3<V> line1 = times(F, p0);
  const V n1x = line1.x, n1y = line1.y;
  const V n0x = F[0] * p1.x + F[3] * p1.y + F[6], n0y = F[1] * p1.x + F[4] * p1.y + F[7];
  const V c = p1.x * line1.x + p1.y * line1.y + line1.z;
  Pixel<V> d0{constant<V>(0), constant<V>(0)}, d1 = d0;
  auto open = (c < 0.0) | (c > 0.0);
  V before = constant<V>(0);
  V m0x = n0x, m0y = n0y, m1x = n1x, m1y = n1y;
  for (int round = 0; round < most_rounds && any(open); ++round) {
    const V a = m1x * (F[0] * m0x + F[1] * m0y) + m1y * (F[3] * m0x + F[4] * m0y);
    const V b = 0.5 * (m1x * n1x + m1y * n1y + m0x * n0x + m0y * n0y);
    const V way = c / (b + root(b * b - a * c));
    const V e0x = way * m0x, e0y = way * m0y, e1x = way * m1x, e1y = way * m1y;
    const V cx0 = e0x - d0.x, cy0 = e0y - d0.y, cx1 = e1x - d1.x, cy1 = e1y - d1.y;
    const V changed = cx0 * cx0 + cy0 * cy0 + cx1 * cx1 + cy1 * cy1;
    const V whole = e0x * e0x + e0y * e0y + e1x * e1x + e1y * e1y;
    d0.x = open ? e0x : d0.x;
    d0.y = open ? e0y : d0.y;
    d1.x = open ? e1x : d1.x;
    d1.y = open ? e1y : d1.y;
    open = open & (round == 0 ? changed > 0.0 : changed * changed > stands * (before * whole));
    before = changed;
    m1x = n1x - (F[0] * d0.x + F[1] * d0.y);
    m1y = n1y - (F[3] * d0.x + F[4] * d0.y);
    m0x = n0x - (F[0] * d1.x + F[3] * d1.y);
    m0y = n0y - (F[1] * d1.x + F[4] * d1.y);
  }
  const V sum = d0.x + d0.y + d1.x + d1.y, none = constant<V>(0);
  const auto lost = open | (sum - sum != 0.0);
  p0 = {p0.x - (lost ? none : d0.x), p0.y - (lost ? none : d0.y)};
  p1 = {p1.x - (lost ? none : d1.x), p1.y - (lost ? none : d1.y)};
  return lost;
}

template <typename V>
struct PointFound {
  Vector3<V> point;
  V error0, error1, angle, reason;
  V covariance[6];  // xx, xy, xz, yy, yz, zz
};

// Where a camera sees the point that lies `v` from its centre, and how that moves with the point.
template <typename V>
struct Sight {
  V x, y, depth;
  Vector3<V> slope_x, slope_y;
};

template <typename V>
GEOMVISION_EACH Sight<V> sight(const double* M, const Vector3<V>& v) {
  const Vector3<V> p = times(M, v);
  const V inverse = 1.0 / p.z, x = p.x * inverse, y = p.y * inverse;
  return {x,
          y,
          p.z,
          {(M[0] - x * M[6]) * inverse, (M[1] - x * M[7]) * inverse, (M[2] - x * M[8]) * inverse},
          {(M[3] - y * M[6]) * inverse, (M[4] - y * M[7]) * inverse, (M[5] - y * M[8]) * inverse}};
}

template <typename V>
GEOMVISION_EACH void add_square(const Vector3<V>& k, V* sums) {
  sums[0] += k.x * k.x;
  sums[1] += k.x * k.y;
  sums[2] += k.x * k.z;
  sums[3] += k.y * k.y;
  sums[4] += k.y * k.z;
  sums[5] += k.z * k.z;
}

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

template <typename V>
GEOMVISION_EACH V length_of(V x, V y) {
  return root(x * x + y * y);
}

// What a run's results need of a point.
struct Wanted {
  bool errors, angle, covariance;
};

template <typename V>
GEOMVISION_EACH PointFound<V> point_of_two(const TwoViews& views, const PointRules& rules, const Wanted& wanted,
                                           const Pixel<V>& p0, const Pixel<V>& p1) {
  const V none = constant<V>(no_number), sum = p0.x + p0.y + p1.x + p1.y;
  Pixel<V> q0 = p0, q1 = p1;
  auto lost = sum - sum != 0.0;
  const auto missing = lost;
  if (rules.method == TriangulationMethod::optimal) lost = correct(views.F, q0, q1);
  const Vector3<V> v0 = rules.method == TriangulationMethod::midpoint ? middle_point(views, q0, q1)
                                                                      : times(views.N0, linear_point(views, q0, q1));
  const Vector3<V> base{constant<V>(views.base[0]), constant<V>(views.base[1]), constant<V>(views.base[2])};
  const Vector3<V> v1{v0.x - base.x, v0.y - base.y, v0.z - base.z}, across = cross(base, v0);
  const V square = dot(across, across);
  const auto apart = square > least_sine * least_sine * (dot(v0, v0) * dot(v1, v1));
  const Sight<V> s0 = sight(views.M0, v0), s1 = sight(views.M1, v1);
  const auto ahead = (s0.depth > 0.0) & (s1.depth > 0.0);
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
  if (wanted.errors) {
    found.error0 = valid ? length_of(s0.x - p0.x, s0.y - p0.y) : none;
    found.error1 = valid ? length_of(s1.x - p1.x, s1.y - p1.y) : none;
  }
  if (wanted.covariance) {
    covariance_of(s0, s1, rules.variance, found.covariance);
    for (V& entry : found.covariance) entry = valid ? entry : none;
  }
  return found;
}

}  // namespace
}  // namespace geomvision::...

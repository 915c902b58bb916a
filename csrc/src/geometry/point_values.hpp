#pragma once

#ifndef GEOMVISION_ISA
#include <cmath>
#endif
#include <limits>

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
#define GEOMVISION_POINTS geomvision::kernels::GEOMVISION_ISA
#else
#define GEOMVISION_POINTS geomvision::geometry
#endif

namespace GEOMVISION_POINTS {
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

template <typename V>
GEOMVISION_EACH V length_of(V x, V y) {
  return root(x * x + y * y);
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

}  // namespace
}  // namespace GEOMVISION_POINTS

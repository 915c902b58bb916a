#pragma once

#include "geometry/point_values.hpp"

// What a camera sees of a point.

namespace GEOMVISION_POINTS {
namespace {

// Where a camera sees the point that lies `v` from its centre, and how that moves with the point.
template <typename V>
struct Sight {
  V x, y, depth;
  Vector3<V> slope_x, slope_y;
};

template <typename V>
GEOMVISION_EACH V depth_of(const double* M, const Vector3<V>& v) {
  return M[6] * v.x + M[7] * v.y + M[8] * v.z;
}

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

}  // namespace
}  // namespace GEOMVISION_POINTS

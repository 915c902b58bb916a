#include "geometry/pose_moments.hpp"

#include <cmath>

#include "geometry/small_solvers.hpp"

namespace geomvision::geometry {

PoseMoments::PoseMoments(const std::vector<Seen>& seen) {
  constexpr int pairs = 10, entries = 6;  // of h hᵀ and of Q: both are symmetric
  double sums[pairs][entries] = {};
  double products[pairs] = {};
  for (const Seen& one : seen) {
    const Matrix3& c = one.chart;
    const double h[4] = {one.point[0], one.point[1], one.point[2], 1.0};
    const double q[entries] = {c[0] * c[0] + c[3] * c[3], c[0] * c[1] + c[3] * c[4], c[0] * c[2] + c[3] * c[5],
                               c[1] * c[1] + c[4] * c[4], c[1] * c[2] + c[4] * c[5], c[2] * c[2] + c[5] * c[5]};
    const double product[pairs] = {h[0] * h[0], h[0] * h[1], h[0] * h[2], h[0], h[1] * h[1],
                                   h[1] * h[2], h[1],        h[2] * h[2], h[2], 1.0};
    for (int p = 0; p < pairs; ++p) {
      products[p] += product[p];
      for (int e = 0; e < entries; ++e) sums[p][e] += product[p] * q[e];
    }
    for (int k = 0; k < 4; ++k) {
      for (int i = 0; i < 3; ++i) ahead[3 * k + i] += h[k] * c(2, i);
    }
  }
  constexpr int place[3][3] = {{0, 1, 2}, {1, 3, 4}, {2, 4, 5}};
  for (int k = 0, pair = 0; k < 4; ++k) {
    for (int l = k; l < 4; ++l, ++pair) {
      points(k, l) = points(l, k) = products[pair];
      for (int i = 0; i < 3; ++i) {
        for (int j = 0; j < 3; ++j) {
          form(3 * k + i, 3 * l + j) = form(3 * l + i, 3 * k + j) = sums[pair][place[i][j]];
        }
      }
    }
  }
  finite = is_finite(form) && is_finite(ahead);
}

Matrix3 nearest_rotation(const Matrix3& a) {
  const Svd3 svd(a);
  Matrix3 u = svd.u;
  if (determinant(u) * determinant(svd.v) < 0) {
    for (int k = 0; k < 3; ++k) u(k, 2) = -u(k, 2);
  }
  return u * transposed(svd.v);
}

double squared_error_of(const std::vector<Seen>& seen, const RigidMotion& motion) {
  Vector3 moved;
  double sum = 0.0, x = 0.0, y = 0.0;
  for (const Seen& one : seen) {
    if (!error_of(one, motion, moved, x, y)) return std::numeric_limits<double>::infinity();
    sum += x * x + y * y;
  }
  return sum;
}

}  // namespace geomvision::geometry

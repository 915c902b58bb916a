#include <algorithm>
#include <cmath>

#include "geometry/pose_fit.hpp"
#include "geometry/small_solvers.hpp"
#include "geometry/symmetric_eigen.hpp"

// SQPnP: the rotation that minimises a quadratic form over the rotations, from several starts, by sequential quadratic
// programming (Terzakis & Lourakis, A consistently fast and globally optimal solution to the PnP problem, ECCV 2020).
namespace geomvision::geometry {
namespace {

using Form = Matrix<9, 9>;

// The form whose value at a rotation is the least sum, over translations, of squared errors times depths.
struct Problem {
  Form form;
  Matrix<3, 9> translation;  // of a rotation: t = translation · r
};

bool problem_of(const std::vector<Seen>& seen, Problem& problem) {
  Matrix3 sum;
  Matrix<3, 9> mixed;
  for (const Seen& one : seen) {
    Matrix3 q;  // of the two rows that must vanish
    for (int r = 0; r < 2; ++r) {
      for (int i = 0; i < 3; ++i) {
        for (int j = 0; j < 3; ++j) q(i, j) += one.chart(r, i) * one.chart(r, j);
      }
    }
    sum = sum + q;
    for (int i = 0; i < 3; ++i) {
      for (int row = 0; row < 3; ++row) {
        for (int k = 0; k < 3; ++k) mixed(i, 3 * row + k) += q(i, row) * one.point[k];
      }
    }
    for (int a = 0; a < 9; ++a) {
      for (int b = 0; b < 9; ++b) problem.form(a, b) += q(a / 3, b / 3) * one.point[a % 3] * one.point[b % 3];
    }
  }
  const Matrix3 solved = inverse(sum);
  if (!is_finite(solved)) return false;
  problem.translation = solved * mixed * -1.0;
  problem.form = problem.form + transposed(mixed) * problem.translation;
  const double size = norm(problem.form);
  if (!(size > 0) || !std::isfinite(size)) return false;
  problem.form = problem.form * (1.0 / size);
  return true;
}

Matrix3 nearest_rotation(const Matrix3& a) {
  const Svd3 svd(a);
  Matrix3 u = svd.u;
  if (determinant(u) * determinant(svd.v) < 0) {
    for (int k = 0; k < 3; ++k) u(k, 2) = -u(k, 2);
  }
  return u * transposed(svd.v);
}

// The six conditions of orthonormality at r, and their derivatives.
void conditions(const Vector<9>& r, Vector<6>& wrong, Matrix<6, 9>& slopes) {
  int c = 0;
  for (int i = 0; i < 3; ++i) {
    for (int j = i; j < 3; ++j, ++c) {
      double product = 0.0;
      for (int k = 0; k < 3; ++k) {
        product += r[3 * i + k] * r[3 * j + k];
        slopes(c, 3 * i + k) += r[3 * j + k];
        slopes(c, 3 * j + k) += r[3 * i + k];
      }
      wrong[c] = product - (i == j ? 1.0 : 0.0);
    }
  }
}

Matrix3 descend(const Form& form, const Matrix3& start) {
  Vector<9> r{start.values};
  for (int iteration = 0; iteration < 20; ++iteration) {
    Vector<6> wrong;
    Matrix<6, 9> slopes;
    conditions(r, wrong, slopes);
    Matrix<3, 9> free;
    Vector<6> solved = wrong * -1.0;
    if (!solve_positive(slopes * transposed(slopes), solved) || !null_space(slopes, free)) break;
    const Vector<9> back = transposed(slopes) * solved;
    Vector3 along = free * (form * (r + back)) * -1.0;
    Matrix3 curvature = free * form * transposed(free);
    for (int k = 0; k < 3; ++k) curvature(k, k) += 1e-15;
    if (!solve_positive(curvature, along)) break;
    const Vector<9> step = back + transposed(free) * along;
    r = r + step;
    if (!(norm(step) > 1e-10)) break;
  }
  return is_finite(r) ? nearest_rotation(Matrix3{r.values}) : start;
}

}  // namespace

AbsolutePose perspective_n_point(const SeenPoints& seen) {
  check_seen("perspective_n_point", seen);
  AbsolutePose result;
  const Vector3 origin = middle(seen);
  const std::vector<Seen> all = gathered(seen, origin);
  Problem problem;
  if (all.size() < 4 || !problem_of(all, problem)) return result;
  const SymmetricEigen<9> eigen(problem.form);
  double least = std::numeric_limits<double>::infinity();
  RigidMotion best;
  for (int k = 0; k < 9; ++k) {
    if (k > 3 && 3.0 * eigen.values[k] > least * (1.0 + 1e-9)) break;  // no rotation along here can be better
    for (const double sign : {1.0, -1.0}) {
      Matrix3 start;
      for (int i = 0; i < 9; ++i) start[i] = sign * eigen.vectors(i, k);
      const Matrix3 turned = descend(problem.form, nearest_rotation(start));
      const Vector<9> r{turned.values};
      const RigidMotion motion{turned, problem.translation * r};
      double in_front = 0.0;
      for (const Seen& one : all) in_front += (one.chart * (motion.rotation * one.point + motion.translation))[2] > 0;
      if (in_front < static_cast<double>(all.size())) continue;
      const double cost = dot(r, problem.form * r);
      if (cost < least) {
        least = cost;
        best = motion;
      }
    }
  }
  if (!std::isfinite(least)) return result;
  result.inliers = static_cast<int>(all.size());
  fit(all, best);
  measure(all, best, result);
  result.pose = pose_of({best.rotation, best.translation - best.rotation * origin});
  result.found = true;
  return result;
}

}  // namespace geomvision::geometry

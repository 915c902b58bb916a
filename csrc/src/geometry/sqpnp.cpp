#include <algorithm>
#include <cmath>

#include "geometry/pose_moments.hpp"
#include "geometry/small_solvers.hpp"
#include "geometry/tridiagonal_eigen.hpp"

// The rotation that minimises a quadratic form over the rotations, from several starts, by sequential quadratic
// programming.
namespace geomvision::geometry {
namespace {

using Form = Matrix<9, 9>;

// The form whose value at a rotation is the least sum, over translations, of squared errors times depths.
struct Problem {
  Form form;
  Matrix<3, 9> translation;  // of a rotation: t = translation · r
};

bool problem_of(const PoseMoments& moments, Problem& problem) {
  const auto entry = [&](int k, int i, int l, int j) { return moments.form(3 * k + i, 3 * l + j); };
  Matrix3 sum;
  Matrix<3, 9> mixed;
  for (int i = 0; i < 3; ++i) {
    for (int j = 0; j < 3; ++j) {
      sum(i, j) = entry(3, i, 3, j);
      for (int l = 0; l < 3; ++l) {
        mixed(i, 3 * j + l) = entry(3, i, l, j);
        for (int k = 0; k < 3; ++k) problem.form(3 * i + k, 3 * j + l) = entry(k, i, l, j);
      }
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

bool sqpnp(const std::vector<Seen>& seen, const PoseMoments& moments, RigidMotion& motion) {
  Problem problem;
  if (!problem_of(moments, problem)) return false;
  const TridiagonalEigen<9> eigen(problem.form);
  constexpr double null = 1e-7;  // of a form of norm 1
  double least = std::numeric_limits<double>::infinity();
  for (int k = 0; k < 9; ++k) {
    if (3.0 * eigen.values[k] > std::max(least * (1.0 + 1e-9), null)) break;  // no rotation along here can be better
    for (const double sign : {1.0, -1.0}) {
      Matrix3 start;
      for (int i = 0; i < 9; ++i) start[i] = sign * eigen.vectors(i, k);
      const Matrix3 turned = descend(problem.form, nearest_rotation(start));
      const Vector<9> r{turned.values};
      const double cost = dot(r, problem.form * r);
      if (!(cost < least)) continue;
      const RigidMotion found{turned, problem.translation * r};
      if (!std::isfinite(squared_error_of(seen, found))) continue;
      least = cost;
      motion = found;
    }
  }
  return std::isfinite(least);
}

}  // namespace geomvision::geometry

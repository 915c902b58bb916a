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

// Steps to the least of the form over small turns of a rotation, each a quadratic programme whose constraints, to first
// order, are those of the rotations; then back onto them, exactly.
Matrix3 descend(const Form& form, Matrix3 turned) {
  for (int iteration = 0; iteration < 30; ++iteration) {
    const Matrix3& r = turned;
    const Matrix<9, 3> tangents{{0,     r[6],  -r[3],  //
                                 0,     r[7],  -r[4],  //
                                 0,     r[8],  -r[5],  //
                                 -r[6], 0,     r[0],   //
                                 -r[7], 0,     r[1],   //
                                 -r[8], 0,     r[2],   //
                                 r[3],  -r[0], 0,      //
                                 r[4],  -r[1], 0,      //
                                 r[5],  -r[2], 0}};
    const Matrix<9, 3> bent = form * tangents;
    Matrix3 curvature = transposed(tangents) * bent;
    Vector3 step = transposed(bent) * Vector<9>{r.values} * -1.0;
    for (int k = 0; k < 3; ++k) curvature(k, k) += 1e-15;
    if (!solve_positive(curvature, step)) break;
    turned = rotation(step) * turned;
    if (!(norm(step) > 1e-10)) break;
  }
  return is_finite(turned) ? nearest_rotation(turned) : turned;
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
      if (!is_finite(turned)) continue;
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

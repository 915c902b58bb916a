#pragma once

#include <utility>

#include "geometry/small_matrix.hpp"

// Decompositions of small matrices.
namespace geomvision::geometry {

/// A = U diag(s) Vᵀ of a 3x3 matrix, s descending and not negative, U and V orthogonal: one-sided Jacobi (Hestenes
/// 1958).
struct Svd3 {
  Matrix3 u, v = Matrix3::identity();
  Vector3 s;

  explicit Svd3(Matrix3 a) {
    for (int sweep = 0; sweep < 30; ++sweep) {
      bool turned = false;
      for (int p = 0; p < 2; ++p) {
        for (int q = p + 1; q < 3; ++q) turned = turn(a, p, q) || turned;
      }
      if (!turned) break;
    }
    for (int j = 0; j < 3; ++j) s[j] = std::sqrt(a(0, j) * a(0, j) + a(1, j) * a(1, j) + a(2, j) * a(2, j));
    for (const auto& [i, j] : {std::pair(0, 1), std::pair(1, 2), std::pair(0, 1)}) {
      if (s[i] >= s[j]) continue;
      std::swap(s[i], s[j]);
      for (int k = 0; k < 3; ++k) {
        std::swap(a(k, i), a(k, j));
        std::swap(v(k, i), v(k, j));
      }
    }
    complete(a);
  }

 private:
  bool turn(Matrix3& a, int p, int q) {
    double pp = 0.0, qq = 0.0, pq = 0.0;
    for (int k = 0; k < 3; ++k) {
      pp += a(k, p) * a(k, p);
      qq += a(k, q) * a(k, q);
      pq += a(k, p) * a(k, q);
    }
    if (!(std::abs(pq) > 1e-16 * std::sqrt(pp) * std::sqrt(qq))) return false;
    const double zeta = (qq - pp) / (2.0 * pq);
    const double t = (zeta < 0 ? -1.0 : 1.0) / (std::abs(zeta) + std::sqrt(1.0 + zeta * zeta));
    const double c = 1.0 / std::sqrt(1.0 + t * t), sine = c * t;
    for (Matrix3* m : {&a, &v}) {
      for (int k = 0; k < 3; ++k) {
        const double x = (*m)(k, p), y = (*m)(k, q);
        (*m)(k, p) = c * x - sine * y;
        (*m)(k, q) = sine * x + c * y;
      }
    }
    return true;
  }

  // U from the columns of A V; columns without length are made up at right angles to the others.
  void complete(const Matrix3& a) {
    const auto column = [](const Matrix3& m, int j) { return vector3(m(0, j), m(1, j), m(2, j)); };
    Vector3 first = s[0] > 0 ? column(a, 0) * (1.0 / s[0]) : vector3(1, 0, 0);
    Vector3 second = column(a, 1);
    if (s[1] > 1e-15 * s[0]) {
      second = second * (1.0 / s[1]);
    } else {
      second = cross(first, std::abs(first[0]) < 0.6 ? vector3(1, 0, 0) : vector3(0, 1, 0));
      second = second * (1.0 / norm(second));
    }
    Vector3 third = cross(first, second);
    if (s[2] > 1e-15 * s[0] && dot(third, column(a, 2)) < 0) third = third * -1.0;
    for (int k = 0; k < 3; ++k) {
      u(k, 0) = first[k];
      u(k, 1) = second[k];
      u(k, 2) = third[k];
    }
  }
};

/// A = L Lᵀ of a symmetric positive definite A, L in its lower triangle (Cholesky). False when A is none, to rounding.
template <int N>
bool factor_positive(Matrix<N, N>& a) {
  for (int j = 0; j < N; ++j) {
    const double before = a(j, j);
    for (int k = 0; k < j; ++k) a(j, j) -= a(j, k) * a(j, k);
    if (!(a(j, j) > 1e-14 * before)) return false;
    a(j, j) = std::sqrt(a(j, j));
    for (int i = j + 1; i < N; ++i) {
      for (int k = 0; k < j; ++k) a(i, j) -= a(i, k) * a(j, k);
      a(i, j) /= a(j, j);
    }
  }
  return true;
}

/// Solve A x = b for a symmetric positive definite A. False when A is none, to rounding.
template <int N>
bool solve_positive(Matrix<N, N> a, Vector<N>& b) {
  if (!factor_positive(a)) return false;
  for (int i = 0; i < N; ++i) {
    for (int k = 0; k < i; ++k) b[i] -= a(i, k) * b[k];
    b[i] /= a(i, i);
  }
  for (int i = N; i-- > 0;) {
    for (int k = i + 1; k < N; ++k) b[i] -= a(k, i) * b[k];
    b[i] /= a(i, i);
  }
  return true;
}

/// The last `C - R` rows of Q of A's LQ decomposition: an orthonormal basis of the null space of the `R` rows of A
/// (Householder; Golub & Van Loan, 5.2). False where the rows depend on each other, to rounding.
template <int R, int C>
bool null_space(Matrix<R, C> a, Matrix<C - R, C>& basis) {
  double scale[R];
  double largest = 0.0;
  for (int row = 0; row < R; ++row) {
    double length = 0.0;
    for (int k = row; k < C; ++k) length += a(row, k) * a(row, k);
    length = std::sqrt(length);
    largest = length > largest ? length : largest;
    if (!(length > 1e-10 * largest)) return false;
    const double alpha = a(row, row) > 0 ? -length : length;
    a(row, row) -= alpha;
    scale[row] = -1.0 / (alpha * a(row, row));  // 2 / |v|²
    for (int other = row + 1; other < R; ++other) {
      double along = 0.0;
      for (int k = row; k < C; ++k) along += a(row, k) * a(other, k);
      along *= scale[row];
      for (int k = row; k < C; ++k) a(other, k) -= along * a(row, k);
    }
  }
  basis = Matrix<C - R, C>{};
  for (int i = 0; i < C - R; ++i) {
    basis(i, R + i) = 1.0;
    for (int row = R; row-- > 0;) {
      double along = 0.0;
      for (int k = row; k < C; ++k) along += a(row, k) * basis(i, k);
      along *= scale[row];
      for (int k = row; k < C; ++k) basis(i, k) -= along * a(row, k);
    }
  }
  return true;
}

}  // namespace geomvision::geometry

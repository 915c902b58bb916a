#pragma once

#include <cmath>
#include <utility>

#include "geometry/small_matrix.hpp"

namespace geomvision::geometry {

/// Eigenvalues (ascending) and eigenvectors (columns) of a symmetric matrix: cyclic Jacobi (Golub & Van Loan, 8.5).
template <int N>
struct SymmetricEigen {
  Vector<N> values;
  Matrix<N, N> vectors = Matrix<N, N>::identity();

  explicit SymmetricEigen(Matrix<N, N> a) {
    for (int sweep = 0; sweep < 30; ++sweep) {
      double off = 0.0, diagonal = 0.0;
      for (int i = 0; i < N; ++i) {
        diagonal += a(i, i) * a(i, i);
        for (int j = i + 1; j < N; ++j) off += a(i, j) * a(i, j);
      }
      if (!(off > 1e-32 * diagonal)) break;
      for (int p = 0; p < N; ++p) {
        for (int q = p + 1; q < N; ++q) rotate(a, p, q);
      }
    }
    for (int i = 0; i < N; ++i) values[i] = a(i, i);
    for (int i = 0; i < N; ++i) {
      int least = i;
      for (int j = i + 1; j < N; ++j) least = values[j] < values[least] ? j : least;
      std::swap(values[i], values[least]);
      for (int k = 0; k < N && least != i; ++k) std::swap(vectors(k, i), vectors(k, least));
    }
  }

 private:
  void rotate(Matrix<N, N>& a, int p, int q) {
    if (a(p, q) == 0.0) return;
    const double theta = (a(q, q) - a(p, p)) / (2.0 * a(p, q));
    const double t = (theta < 0 ? -1.0 : 1.0) / (std::abs(theta) + std::sqrt(theta * theta + 1.0));
    const double c = 1.0 / std::sqrt(t * t + 1.0), s = t * c;
    const auto turn = [c, s](double& x, double& y) {
      const double first = c * x - s * y;
      y = s * x + c * y;
      x = first;
    };
    for (int k = 0; k < N; ++k) turn(a(k, p), a(k, q));
    for (int k = 0; k < N; ++k) turn(a(p, k), a(q, k));
    for (int k = 0; k < N; ++k) turn(vectors(k, p), vectors(k, q));
  }
};

}  // namespace geomvision::geometry

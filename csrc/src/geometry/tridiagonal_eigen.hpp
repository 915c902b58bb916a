#pragma once

#include <cmath>
#include <utility>

#include "geometry/small_matrix.hpp"

namespace geomvision::geometry {

/// Eigenvalues (ascending) and eigenvectors (columns) of a symmetric matrix, exact to rounding of the largest:
/// Householder and QL with implicit shifts (Golub & Van Loan, 8.3). From about 9 rows on several times as fast as
/// Jacobi's.
template <int N>
class TridiagonalEigen {
 public:
  Vector<N> values;
  Matrix<N, N> vectors;

  explicit TridiagonalEigen(Matrix<N, N> a) {
    for (int k = 0; k + 2 < N; ++k) reflect(a, k);
    for (int i = 0; i < N; ++i) values[i] = a(i, i);
    for (int i = 0; i + 1 < N; ++i) beside_[i] = a(i + 1, i);
    for (int l = 0; l < N; ++l) {
      for (int round = 0; round < 60 && sweep(l); ++round) {
      }
    }
    for (int i = 0; i < N; ++i) {
      int least = i;
      for (int j = i + 1; j < N; ++j) least = values[j] < values[least] ? j : least;
      std::swap(values[i], values[least]);
      for (int k = 0; k < N; ++k) {
        std::swap(rows_(i, k), rows_(least, k));
        vectors(k, i) = rows_(i, k);
      }
    }
  }

 private:
  Matrix<N, N> rows_ = Matrix<N, N>::identity();  // the vectors so far
  Vector<N> beside_;                              // of the diagonal

  // Column k below its second entry becomes 0.
  void reflect(Matrix<N, N>& a, int k) {
    Vector<N> v, w;
    double length = 0.0;
    for (int i = k + 1; i < N; ++i) {
      v[i] = a(i, k);
      length += v[i] * v[i];
    }
    length = std::sqrt(length);
    if (!(length > 0)) return;
    v[k + 1] += v[k + 1] > 0 ? length : -length;
    const double scale = 2.0 / dot(v, v);
    if (!std::isfinite(scale)) return;
    w = a * v * scale;
    w = w - v * (0.5 * scale * dot(v, w));
    for (int i = k; i < N; ++i) {
      for (int j = k; j < N; ++j) a(i, j) -= v[i] * w[j] + w[i] * v[j];
    }
    const Vector<N> along = rows_transposed_times(v) * scale;
    for (int i = k + 1; i < N; ++i) {
      for (int j = 0; j < N; ++j) rows_(i, j) -= v[i] * along[j];
    }
  }

  Vector<N> rows_transposed_times(const Vector<N>& v) const {
    Vector<N> sum;
    for (int i = 0; i < N; ++i) {
      for (int j = 0; j < N; ++j) sum[j] += v[i] * rows_(i, j);
    }
    return sum;
  }

  // One sweep on the block that begins at l; false where value l stands.
  bool sweep(int l) {
    int m = l;
    for (; m + 1 < N; ++m) {
      const double size = std::abs(values[m]) + std::abs(values[m + 1]);
      if (std::abs(beside_[m]) <= 1.1e-16 * size) break;
    }
    if (m == l) return false;
    const double half = (values[l + 1] - values[l]) / (2.0 * beside_[l]), root = std::sqrt(half * half + 1.0);
    double g = values[m] - values[l] + beside_[l] / (half + (half < 0 ? -root : root));
    double s = 1.0, c = 1.0, p = 0.0;
    for (int i = m - 1; i >= l; --i) {
      const double f = s * beside_[i], b = c * beside_[i], r = std::sqrt(f * f + g * g);
      beside_[i + 1] = r;
      if (!(r > 0)) {  // the block falls apart here
        values[i + 1] -= p;
        beside_[m] = 0.0;
        return true;
      }
      s = f / r;
      c = g / r;
      g = values[i + 1] - p;
      const double turned = (values[i] - g) * s + 2.0 * c * b;
      p = s * turned;
      values[i + 1] = g + p;
      g = c * turned - b;
      for (int k = 0; k < N; ++k) {
        const double upper = rows_(i + 1, k), lower = rows_(i, k);
        rows_(i + 1, k) = s * lower + c * upper;
        rows_(i, k) = c * lower - s * upper;
      }
    }
    values[l] -= p;
    beside_[l] = g;
    beside_[m] = 0.0;
    return true;
  }
};

}  // namespace geomvision::geometry

#pragma once

#include <array>
#include <cmath>
#include <cstddef>

// Matrices whose size the compiler knows: what minimal solvers and refinements are made of. Row-major, on the stack.
namespace geomvision::geometry {

template <int Rows, int Columns>
struct Matrix {
  std::array<double, static_cast<std::size_t>(Rows) * Columns> values{};

  double& operator()(int row, int column) { return values[static_cast<std::size_t>(row * Columns + column)]; }
  double operator()(int row, int column) const { return values[static_cast<std::size_t>(row * Columns + column)]; }
  double& operator[](int i) { return values[static_cast<std::size_t>(i)]; }
  double operator[](int i) const { return values[static_cast<std::size_t>(i)]; }

  static Matrix identity() {
    Matrix made;
    for (int i = 0; i < (Rows < Columns ? Rows : Columns); ++i) made(i, i) = 1.0;
    return made;
  }
};

template <int Size>
using Vector = Matrix<Size, 1>;
using Matrix3 = Matrix<3, 3>;
using Vector3 = Vector<3>;

template <int R, int C>
Matrix<R, C> operator+(Matrix<R, C> a, const Matrix<R, C>& b) {
  for (int i = 0; i < R * C; ++i) a[i] += b[i];
  return a;
}

template <int R, int C>
Matrix<R, C> operator-(Matrix<R, C> a, const Matrix<R, C>& b) {
  for (int i = 0; i < R * C; ++i) a[i] -= b[i];
  return a;
}

template <int R, int C>
Matrix<R, C> operator*(Matrix<R, C> a, double scale) {
  for (int i = 0; i < R * C; ++i) a[i] *= scale;
  return a;
}

template <int R, int M, int C>
Matrix<R, C> operator*(const Matrix<R, M>& a, const Matrix<M, C>& b) {
  Matrix<R, C> product;
  for (int i = 0; i < R; ++i) {
    for (int k = 0; k < M; ++k) {
      for (int j = 0; j < C; ++j) product(i, j) += a(i, k) * b(k, j);
    }
  }
  return product;
}

template <int R, int C>
Matrix<C, R> transposed(const Matrix<R, C>& a) {
  Matrix<C, R> turned;
  for (int i = 0; i < R; ++i) {
    for (int j = 0; j < C; ++j) turned(j, i) = a(i, j);
  }
  return turned;
}

template <int R, int C>
double dot(const Matrix<R, C>& a, const Matrix<R, C>& b) {
  double sum = 0.0;
  for (int i = 0; i < R * C; ++i) sum += a[i] * b[i];
  return sum;
}

template <int R, int C>
double norm(const Matrix<R, C>& a) {
  return std::sqrt(dot(a, a));
}

template <int R, int C>
bool is_finite(const Matrix<R, C>& a) {
  for (int i = 0; i < R * C; ++i) {
    if (!std::isfinite(a[i])) return false;
  }
  return true;
}

inline Vector3 vector3(double x, double y, double z) { return {{x, y, z}}; }

inline Vector3 cross(const Vector3& a, const Vector3& b) {
  return {{a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]}};
}

/// [v]x, the matrix of the cross product: skew(v) * w == cross(v, w).
inline Matrix3 skew(const Vector3& v) { return {{0.0, -v[2], v[1], v[2], 0.0, -v[0], -v[1], v[0], 0.0}}; }

inline double determinant(const Matrix3& a) {
  return a[0] * (a[4] * a[8] - a[5] * a[7]) - a[1] * (a[3] * a[8] - a[5] * a[6]) + a[2] * (a[3] * a[7] - a[4] * a[6]);
}

/// Without a test: divide by the determinant and look at the result.
inline Matrix3 inverse(const Matrix3& a) {
  const Matrix3 adjugate{{a[4] * a[8] - a[5] * a[7], a[2] * a[7] - a[1] * a[8], a[1] * a[5] - a[2] * a[4],
                          a[5] * a[6] - a[3] * a[8], a[0] * a[8] - a[2] * a[6], a[2] * a[3] - a[0] * a[5],
                          a[3] * a[7] - a[4] * a[6], a[1] * a[6] - a[0] * a[7], a[0] * a[4] - a[1] * a[3]}};
  return adjugate * (1.0 / determinant(a));
}

/// The rotation by |w| about w (Rodrigues).
inline Matrix3 rotation(const Vector3& w) {
  const double angle = norm(w), half = 0.5 * angle;
  const double sine = angle < 1e-8 ? 1.0 : std::sin(angle) / angle;
  const double versine = angle < 1e-8 ? 0.5 : 0.5 * (std::sin(half) / half) * (std::sin(half) / half);
  const Matrix3 k = skew(w);
  return Matrix3::identity() + k * sine + k * k * versine;
}

}  // namespace geomvision::geometry

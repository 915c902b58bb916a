#include "geometry/five_point.hpp"

#include "geometry/real_roots.hpp"
#include "geometry/small_solvers.hpp"

namespace geomvision::geometry {
namespace {

// Polynomials in x, y, z. Lines: x y z 1. Quadrics: x² xy y² xz yz z² x y z 1. Cubics, as they are to be eliminated:
// x³ y³ x²y xy² x²z x² y²z y² xyz xy | xz² xz x yz² yz y z³ z² z 1.
using Line = std::array<double, 4>;
using Quadric = std::array<double, 10>;
using Cubic = std::array<double, 20>;

constexpr int line_line[4][4] = {{0, 1, 3, 6}, {1, 2, 4, 7}, {3, 4, 5, 8}, {6, 7, 8, 9}};
constexpr int quadric_line[10][4] = {{0, 2, 4, 5},     {2, 3, 8, 9},     {3, 1, 6, 7},   {4, 8, 10, 11},
                                     {8, 6, 13, 14},   {10, 13, 16, 17}, {5, 9, 11, 12}, {9, 7, 14, 15},
                                     {11, 14, 17, 18}, {12, 15, 18, 19}};

void add_product(const Line& a, const Line& b, double sign, Quadric& sum) {
  for (int i = 0; i < 4; ++i) {
    for (int j = 0; j < 4; ++j) sum[line_line[i][j]] += sign * a[i] * b[j];
  }
}

void add_product(const Quadric& a, const Line& b, Cubic& sum) {
  for (int i = 0; i < 10; ++i) {
    for (int j = 0; j < 4; ++j) sum[quadric_line[i][j]] += a[i] * b[j];
  }
}

// det E = 0 and E Eᵀ E − ½ tr(E Eᵀ) E = 0, ten cubics.
void constraints(const Line (&e)[9], Cubic (&equations)[10]) {
  for (Cubic& equation : equations) equation = {};
  constexpr int minors[3][4] = {{4, 8, 5, 7}, {5, 6, 3, 8}, {3, 7, 4, 6}};
  for (int j = 0; j < 3; ++j) {
    Quadric minor{};
    add_product(e[minors[j][0]], e[minors[j][1]], 1.0, minor);
    add_product(e[minors[j][2]], e[minors[j][3]], -1.0, minor);
    add_product(minor, e[j], equations[9]);
  }
  Quadric squares[3][3];
  for (int i = 0; i < 3; ++i) {
    for (int j = i; j < 3; ++j) {
      Quadric square{};
      for (int k = 0; k < 3; ++k) add_product(e[3 * i + k], e[3 * j + k], 1.0, square);
      squares[i][j] = squares[j][i] = square;
    }
  }
  for (int k = 0; k < 10; ++k) {
    const double half_trace = 0.5 * (squares[0][0][k] + squares[1][1][k] + squares[2][2][k]);
    for (int i = 0; i < 3; ++i) squares[i][i][k] -= half_trace;
  }
  for (int i = 0; i < 3; ++i) {
    for (int j = 0; j < 3; ++j) {
      for (int k = 0; k < 3; ++k) add_product(squares[i][k], e[3 * k + j], equations[3 * i + j]);
    }
  }
}

// Gauss–Jordan with partial pivoting: the first ten monomials by the last ten. Of the result only rows 4...9 are made.
bool eliminate(Cubic (&rows)[10]) {
  for (int column = 0; column < 10; ++column) {
    int pivot = column;
    for (int i = column + 1; i < 10; ++i) {
      if (std::abs(rows[i][column]) > std::abs(rows[pivot][column])) pivot = i;
    }
    if (!(std::abs(rows[pivot][column]) > 1e-14)) return false;
    std::swap(rows[pivot], rows[column]);
    const double scale = 1.0 / rows[column][column];
    for (int k = column; k < 20; ++k) rows[column][k] *= scale;
    for (int i = column < 4 ? column + 1 : 4; i < 10; ++i) {
      if (i == column) continue;
      const double factor = rows[i][column];
      for (int k = column; k < 20; ++k) rows[i][k] -= factor * rows[column][k];
    }
  }
  return true;
}

template <int A, int B>
std::array<double, A + B - 1> product(const std::array<double, A>& a, const std::array<double, B>& b) {
  std::array<double, A + B - 1> made{};
  for (int i = 0; i < A; ++i) {
    for (int j = 0; j < B; ++j) made[i + j] += a[i] * b[j];
  }
  return made;
}

// Three equations a(z) x + b(z) y + c(z) = 0.
struct HiddenVariable {
  std::array<double, 4> a[3], b[3];
  std::array<double, 5> c[3];

  explicit HiddenVariable(const Cubic (&rows)[10]) {
    for (int i = 0; i < 3; ++i) {
      const Cubic &e = rows[4 + 2 * i], &f = rows[5 + 2 * i];
      a[i] = {e[12], e[11] - f[12], e[10] - f[11], -f[10]};
      b[i] = {e[15], e[14] - f[15], e[13] - f[14], -f[13]};
      c[i] = {e[19], e[18] - f[19], e[17] - f[18], e[16] - f[17], -f[16]};
    }
  }

  std::array<double, 11> determinant() const {
    std::array<double, 11> sum{};
    for (int i = 0; i < 3; ++i) {
      const int j = (i + 1) % 3, k = (i + 2) % 3;
      const auto first = product<4, 4>(a[j], b[k]), second = product<4, 4>(a[k], b[j]);
      std::array<double, 7> minor{};
      for (int n = 0; n < 7; ++n) minor[n] = first[n] - second[n];
      const auto term = product<7, 5>(minor, c[i]);
      for (int n = 0; n < 11; ++n) sum[n] += term[n];
    }
    return sum;
  }

  template <std::size_t Size>
  static double at(const std::array<double, Size>& p, double z) {
    double sum = 0.0;
    for (std::size_t i = Size; i-- > 0;) sum = sum * z + p[i];
    return sum;
  }

  // x and y that go with a root z: what is at right angles to the rows.
  Vector3 null_vector(double z) const {
    Vector3 rows[3], best;
    for (int i = 0; i < 3; ++i) rows[i] = vector3(at(a[i], z), at(b[i], z), at(c[i], z));
    for (int i = 0; i < 3; ++i) {
      const Vector3 found = cross(rows[i], rows[(i + 1) % 3]);
      if (dot(found, found) > dot(best, best)) best = found;
    }
    return best;
  }
};

template <int Count>
Matrix<Count, 9> epipolar_rows(const Vector3* points0, const Vector3* points1) {
  Matrix<Count, 9> rows;
  for (int n = 0; n < Count; ++n) {
    for (int i = 0; i < 3; ++i) {
      for (int j = 0; j < 3; ++j) rows(n, 3 * i + j) = points1[n][i] * points0[n][j];
    }
  }
  return rows;
}

bool of_norm_one(Matrix3& m) {
  const double length = norm(m);
  if (!(length > 0.0) || !std::isfinite(length)) return false;
  m = m * (1.0 / length);
  return true;
}

}  // namespace

int five_point(const Vector3* rays0, const Vector3* rays1, Matrix3* essentials) {
  Matrix<4, 9> basis;
  if (!null_space<5, 9>(epipolar_rows<5>(rays0, rays1), basis)) return 0;
  Line entries[9];
  for (int i = 0; i < 9; ++i) entries[i] = {basis(0, i), basis(1, i), basis(2, i), basis(3, i)};
  Cubic equations[10];
  constraints(entries, equations);
  if (!eliminate(equations)) return 0;
  const HiddenVariable hidden(equations);
  double roots[10];
  const int count = RealRoots<10>()(hidden.determinant(), roots);
  int found = 0;
  for (int n = 0; n < count; ++n) {
    const Vector3 xy = hidden.null_vector(roots[n]);
    Matrix3 e;
    for (int i = 0; i < 9; ++i) {
      e[i] = xy[0] * basis(0, i) + xy[1] * basis(1, i) + xy[2] * (roots[n] * basis(2, i) + basis(3, i));
    }
    if (of_norm_one(e)) essentials[found++] = e;
  }
  return found;
}

int seven_point(const Vector3* points0, const Vector3* points1, Matrix3* fundamentals) {
  Matrix<2, 9> basis;
  if (!null_space<7, 9>(epipolar_rows<7>(points0, points1), basis)) return 0;
  Matrix3 f, g;
  for (int i = 0; i < 9; ++i) {
    f[i] = basis(0, i);
    g[i] = basis(1, i);
  }
  // det(w f + g), a cubic in w, from its values at 0 and ±1 and its highest coefficient.
  const double at0 = determinant(g), above = determinant(f + g), below = determinant(g - f), third = determinant(f);
  const double second = 0.5 * (above + below) - at0, first = 0.5 * (above - below) - third;
  double roots[3];
  const int count = RealRoots<3>()({at0, first, second, third}, roots);
  int found = 0;
  for (int n = 0; n < count; ++n) {
    Matrix3 made = f * roots[n] + g;
    if (of_norm_one(made)) fundamentals[found++] = made;
  }
  return found;
}

int four_point(const Vector3* points0, const Vector3* points1, Matrix3* homography) {
  constexpr int triples[4][3] = {{0, 1, 2}, {0, 1, 3}, {0, 2, 3}, {1, 2, 3}};
  for (const auto& t : triples) {  // three on a line, or turned over: no view of a plane from its front
    const double area0 = dot(points0[t[0]], cross(points0[t[1]], points0[t[2]]));
    const double area1 = dot(points1[t[0]], cross(points1[t[1]], points1[t[2]]));
    if (!(area0 * area1 > 0.0)) return 0;
  }
  Matrix<8, 9> rows;
  for (int n = 0; n < 4; ++n) {
    for (int j = 0; j < 3; ++j) {
      const double x = points0[n][j];
      rows(2 * n, 3 + j) = -points1[n][2] * x;
      rows(2 * n, 6 + j) = points1[n][1] * x;
      rows(2 * n + 1, j) = points1[n][2] * x;
      rows(2 * n + 1, 6 + j) = -points1[n][0] * x;
    }
  }
  Matrix<1, 9> basis;
  if (!null_space<8, 9>(rows, basis)) return 0;
  for (int i = 0; i < 9; ++i) (*homography)[i] = basis[i];
  if (determinant(*homography) < 0) *homography = *homography * -1.0;
  return of_norm_one(*homography) && std::abs(determinant(*homography)) > 1e-12 ? 1 : 0;
}

}  // namespace geomvision::geometry

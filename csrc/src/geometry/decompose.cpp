#include "geometry/decompose.hpp"

#include <algorithm>
#include <cmath>

#include "geometry/small_solvers.hpp"
#include "geomvision/check.hpp"
#include "geomvision/geometry/two_view.hpp"

namespace geomvision::geometry {
namespace {

double sign(double x) { return x < 0 ? -1.0 : 1.0; }

// The largest magnitude of the entries; 0 where one is not finite.
double largest(const Entries& entries) {
  double most = 0;
  for (const double entry : entries) {
    if (!std::isfinite(entry)) return 0;
    most = std::max(most, std::abs(entry));
  }
  return most > 1e-300 ? most : 0;
}

Motion motion(const Matrix3& rotation, const Vector3& translation, const Vector3& normal = {}) {
  return {rotation.values, translation.values, normal.values};
}

Vector3 unit(const Vector3& v) { return v * (1.0 / norm(v)); }

// The plane's two normals, not of norm 1 (Malis & Vargas 2007, eqs. 7 to 14), from S = HᵀH − I.
struct Normals {
  Vector3 a, b;
  double minors, largest;

  explicit Normals(const Matrix3& s) {
    const double m00 = std::max(0.0, s(1, 2) * s(1, 2) - s(1, 1) * s(2, 2));
    const double m11 = std::max(0.0, s(0, 2) * s(0, 2) - s(0, 0) * s(2, 2));
    const double m22 = std::max(0.0, s(0, 1) * s(0, 1) - s(0, 0) * s(1, 1));
    const double e01 = sign(s(1, 2) * s(0, 2) - s(0, 1) * s(2, 2));
    const double e12 = sign(s(0, 1) * s(0, 2) - s(0, 0) * s(1, 2));
    const double e02 = sign(s(1, 1) * s(0, 2) - s(0, 1) * s(1, 2));
    const double r00 = std::sqrt(m00), r11 = std::sqrt(m11), r22 = std::sqrt(m22);
    minors = m00 + m11 + m22;
    int k = 0;
    for (int i = 1; i < 3; ++i) k = std::abs(s(i, i)) > std::abs(s(k, k)) ? i : k;
    if (std::abs(s(k, k)) < 1e-3 * norm(s)) {  // nothing to divide by: looked at from another side there is
      const Matrix3 q = Matrix3{{2, -1, 2, 2, 2, -1, -1, 2, 2}} * (1.0 / 3.0);
      const Normals turned(transposed(q) * s * q);
      a = q * turned.a, b = q * turned.b, largest = turned.largest;
      return;
    }
    largest = s(k, k);
    const auto pick = [&](double way) {
      if (k == 0) return vector3(s(0, 0), s(0, 1) + way * r22, s(0, 2) + way * e12 * r11);
      if (k == 1) return vector3(s(0, 1) + way * r22, s(1, 1), s(1, 2) - way * e02 * r00);
      return vector3(s(0, 2) + way * e01 * r11, s(1, 2) + way * r00, s(2, 2));
    };
    a = unit(pick(1.0));
    b = unit(pick(-1.0));
  }
};

}  // namespace

EssentialParts::EssentialParts(const Matrix3& essential) {
  const Svd3 svd(essential);
  Matrix3 u = svd.u, v = svd.v;
  if (determinant(u) < 0) u = u * -1.0;
  if (determinant(v) < 0) v = v * -1.0;
  const Matrix3 w{{0, -1, 0, 1, 0, 0, 0, 0, 1}};
  first = u * w * transposed(v);
  second = u * transposed(w) * transposed(v);
  translation = vector3(u(0, 2), u(1, 2), u(2, 2));
}

TangentBasis::TangentBasis(const Vector3& t) {
  int k = 0;
  for (int i = 1; i < 3; ++i) k = std::abs(t[i]) < std::abs(t[k]) ? i : k;
  Vector3 axis;
  axis[k] = 1.0;
  b1 = unit(cross(t, axis));
  b2 = cross(t, b1);
}

std::array<Motion, 4> decompose_essential(const Entries& essential) {
  check(largest(essential) > 0, "decompose_essential: the matrix is 0 or not finite");
  const EssentialParts parts(Matrix3{essential} * (1.0 / largest(essential)));
  const Vector3 back = parts.translation * -1.0;
  return {motion(parts.first, parts.translation), motion(parts.first, back), motion(parts.second, parts.translation),
          motion(parts.second, back)};
}

std::vector<Motion> decompose_homography(const Entries& homography) {
  if (!(largest(homography) > 0)) return {};
  Matrix3 h = Matrix3{homography} * (1.0 / largest(homography));
  const Svd3 svd(h);
  if (!(svd.s[2] > 1e-12 * svd.s[0])) return {};
  h = h * (sign(determinant(h)) / svd.s[1]);
  const Matrix3 s = transposed(h) * h - Matrix3::identity();
  if (norm(s) < 1e-9) return {motion(h, {})};
  const Normals normals(s);
  const double trace = s[0] + s[4] + s[8];
  const double v = 2.0 * std::sqrt(std::max(0.0, 1.0 + trace - normals.minors));
  const double r = std::sqrt(std::max(0.0, 2.0 + trace + v)), nt = std::sqrt(std::max(0.0, 2.0 + trace - v));
  std::vector<Motion> found;
  for (int i = 0; i < 2; ++i) {
    const Vector3 &n = i == 0 ? normals.a : normals.b, &other = i == 0 ? normals.b : normals.a;
    const Vector3 t_star = (other * (sign(normals.largest) * r) - n * nt) * (0.5 * nt);
    const Matrix3 rotation = h * (Matrix3::identity() - t_star * transposed(n) * (2.0 / v));
    const Vector3 t = rotation * t_star;
    found.push_back(motion(rotation, t, n));
    found.push_back(motion(rotation, t * -1.0, n * -1.0));
  }
  return found;
}

std::vector<int> cheirality_votes(const Points& rays0, const Points& rays1, const std::vector<Motion>& motions,
                                  double min_angle_rad) {
  check(rays0.size(1) == 2 && rays1.size(1) == 2 && rays0.size(0) == rays1.size(0), "cheirality_votes: rays are ",
        rays0.shape(), " and ", rays1.shape(), "; both must be Nx2 of the same N");
  const double least = std::sin(min_angle_rad) * std::sin(min_angle_rad);
  std::vector<int> votes;
  for (const Motion& m : motions) {
    const Matrix3 rotation{m.rotation};
    const Vector3 t{m.translation};
    int in_front = 0;
    for (std::ptrdiff_t i = 0; i < rays0.size(0); ++i) {
      // Depths z0, z1 of the rays' closest points: z0 a − z1 b ≈ −t.
      const Vector3 a = rotation * vector3(rays0.at(i)[0], rays0.at(i)[1], 1.0);
      const Vector3 b = vector3(rays1.at(i)[0], rays1.at(i)[1], 1.0);
      const double aa = dot(a, a), bb = dot(b, b), ab = dot(a, b), at = dot(a, t), bt = dot(b, t);
      if (aa * bb - ab * ab <= least * aa * bb) continue;
      in_front += ab * bt - bb * at > 0 && aa * bt - ab * at > 0;
    }
    votes.push_back(in_front);
  }
  return votes;
}

std::array<std::array<double, 3>, 2> tangent_basis(const std::array<double, 3>& translation) {
  const Vector3 t{translation};
  check(is_finite(t) && norm(t) > 0, "tangent_basis: the translation is 0 or not finite");
  const TangentBasis basis(unit(t));
  return {basis.b1.values, basis.b2.values};
}

}  // namespace geomvision::geometry

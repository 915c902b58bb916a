#include <algorithm>
#include <cmath>
#include <limits>

#include "geometry/small_matrix.hpp"
#include "geomvision/geometry/absolute_pose.hpp"

namespace geomvision::geometry {
namespace {

// Real roots of x³ + b x² + c x + d (Cardano, Viète), polished by Newton's method; how many.
int cubic_roots(double b, double c, double d, double* roots) {
  const double shift = b / 3.0, p = c - b * shift, q = shift * (2.0 * shift * shift - c) + d;
  const double discriminant = 0.25 * q * q + p * p * p / 27.0;
  int count = 1;
  if (discriminant > 0.0) {
    const double u = std::cbrt(-0.5 * q - (q > 0 ? 1.0 : -1.0) * std::sqrt(discriminant));
    roots[0] = (u == 0.0 ? 0.0 : u - p / (3.0 * u)) - shift;
  } else {
    const double radius = 2.0 * std::sqrt(std::max(0.0, -p / 3.0));
    const double cosine = radius > 0.0 ? 3.0 * q / (p * radius) : 1.0;
    const double angle = std::acos(std::min(1.0, std::max(-1.0, cosine))) / 3.0;
    constexpr double third = 2.0943951023931953;
    for (int k = 0; k < 3; ++k) roots[k] = radius * std::cos(angle - third * k) - shift;
    count = 3;
  }
  for (int k = 0; k < count; ++k) {
    for (int step = 0; step < 3; ++step) {
      double& x = roots[k];
      const double value = ((x + b) * x + c) * x + d, slope = (3.0 * x + 2.0 * b) * x + c;
      const double change = value / slope;
      if (!std::isfinite(change) || std::abs(change) > 0.1 * (1.0 + std::abs(x))) break;
      x -= change;
    }
  }
  return count;
}

Matrix3 adjugate(const Matrix3& a) {
  return {{a[4] * a[8] - a[5] * a[7], a[2] * a[7] - a[1] * a[8], a[1] * a[5] - a[2] * a[4], a[5] * a[6] - a[3] * a[8],
           a[0] * a[8] - a[2] * a[6], a[2] * a[3] - a[0] * a[5], a[3] * a[7] - a[4] * a[6], a[1] * a[6] - a[0] * a[7],
           a[0] * a[4] - a[1] * a[3]}};
}

double trace_of_product(const Matrix3& a, const Matrix3& b) { return dot(a, transposed(b)); }

// The two lines of a conic of rank two; false where they are not real (Richter-Gebert, Perspectives on Projective
// Geometry 2011, section 11.3).
bool split_conic(const Matrix3& conic, Vector3* lines) {
  const Matrix3 b = adjugate(conic) * -1.0;
  const int i = b(0, 0) > b(1, 1) ? (b(0, 0) > b(2, 2) ? 0 : 2) : (b(1, 1) > b(2, 2) ? 1 : 2);
  if (b(i, i) < 0.0) return false;
  const double root = std::sqrt(b(i, i));
  const Vector3 meeting = root > 0.0 ? vector3(b(0, i), b(1, i), b(2, i)) * (1.0 / root) : Vector3{};
  const Matrix3 product = conic + skew(meeting);
  int largest = 0;
  for (int k = 1; k < 9; ++k) largest = std::abs(product[k]) > std::abs(product[largest]) ? k : largest;
  const int row = largest / 3, column = largest % 3;
  lines[0] = vector3(product(row, 0), product(row, 1), product(row, 2));
  lines[1] = vector3(product(0, column), product(1, column), product(2, column));
  return true;
}

// Where a line meets a conic, homogeneous; how many points.
int meet(const Vector3& line, const Matrix3& conic, Vector3* points) {
  int k = 0;
  for (int i = 1; i < 3; ++i) k = std::abs(line[i]) > std::abs(line[k]) ? i : k;
  if (!(std::abs(line[k]) > 0.0)) return 0;
  const int i = (k + 1) % 3, j = (k + 2) % 3;
  Vector3 u, v;
  u[i] = v[j] = 1.0;
  u[k] = -line[i] / line[k];
  v[k] = -line[j] / line[k];
  const double a = dot(v, conic * v), b = dot(u, conic * v), c = dot(u, conic * u);
  const double discriminant = b * b - a * c;
  if (discriminant < -1e-9 * (b * b + std::abs(a * c))) return 0;
  const double root = std::sqrt(std::max(0.0, discriminant)), q = -(b + (b < 0.0 ? -root : root));
  points[0] = u * a + v * q;
  points[1] = u * q + v * c;
  return 2;
}

// One pair of points: how far apart they are, squared, and the cosine between their rays.
struct Side {
  int i, j;
  double squared, cosine;
};

// |λi fi − λj fj|² less what it should be.
double excess(const Side& side, const Vector3& depth) {
  const double a = depth[side.i], b = depth[side.j];
  return a * a + b * b - 2.0 * side.cosine * a * b - side.squared;
}

// Newton's method on the lengths of the three sides.
void polish(const std::array<Side, 3>& sides, Vector3& depth) {
  for (int step = 0; step < 4; ++step) {
    Matrix3 slopes;
    Vector3 wrong;
    for (int s = 0; s < 3; ++s) {
      const Side& side = sides[static_cast<std::size_t>(s)];
      wrong[s] = excess(side, depth);
      slopes(s, side.i) = 2.0 * (depth[side.i] - side.cosine * depth[side.j]);
      slopes(s, side.j) = 2.0 * (depth[side.j] - side.cosine * depth[side.i]);
    }
    const Vector3 change = inverse(slopes) * wrong;
    if (!is_finite(change) || norm(change) > 0.1 * norm(depth)) return;
    depth = depth - change;
    if (norm(change) < 1e-14 * norm(depth)) return;
  }
}

Matrix3 columns(const Vector3& a, const Vector3& b, const Vector3& c) {
  return {{a[0], b[0], c[0], a[1], b[1], c[1], a[2], b[2], c[2]}};
}

Matrix3 conic_of(const Side& side, double scale) {
  Matrix3 m;
  m(side.i, side.i) = m(side.j, side.j) = scale;
  m(side.i, side.j) = m(side.j, side.i) = -side.cosine * scale;
  return m;
}

// Depths along the rays up to one scale: where two conics meet. At most 4.
int meeting_points(const Matrix3& first, const Matrix3& second, Vector3* points) {
  double c0 = determinant(first), c3 = determinant(second);
  double c1 = trace_of_product(adjugate(first), second), c2 = trace_of_product(adjugate(second), first);
  const bool turned = std::abs(c3) < std::abs(c0);
  if (turned) {
    std::swap(c0, c3);
    std::swap(c1, c2);
  }
  const Matrix3 &base = turned ? second : first, &other = turned ? first : second;
  double roots[3] = {0.0, 0.0, 0.0};
  const bool degenerate = std::abs(c3) <= 1e-14 * (std::abs(c1) + std::abs(c2));  // so is c0: `base` is a pair of lines
  const int count = degenerate ? 1 : cubic_roots(c2 / c3, c1 / c3, c0 / c3, roots);
  for (int r = 0; r < count; ++r) {
    Vector3 lines[2];
    if (!split_conic(base + other * roots[r], lines)) continue;
    const bool near_base = std::abs(roots[r]) * norm(other) < norm(base);
    int found = 0;
    for (const Vector3& line : lines) found += meet(line, near_base ? other : base, points + found);
    if (found > 0) return found;
  }
  return 0;
}

}  // namespace

int p3p(const std::array<double, 9>& rays, const std::array<double, 9>& points, std::array<CameraPose, 4>& poses) {
  std::array<Vector3, 3> f, x;
  for (std::size_t k = 0; k < 3; ++k) {
    f[k] = vector3(rays[3 * k], rays[3 * k + 1], rays[3 * k + 2]);
    f[k] = f[k] * (1.0 / norm(f[k]));
    x[k] = vector3(points[3 * k], points[3 * k + 1], points[3 * k + 2]);
  }
  const Vector3 across = x[1] - x[0], along = x[2] - x[0], normal = cross(across, along);
  const double largest = std::max({dot(across, across), dot(along, along), dot(x[2] - x[1], x[2] - x[1])});
  if (!(norm(normal) > 1e-9 * largest) || !std::isfinite(largest)) return 0;
  for (std::size_t k = 0; k < 3; ++k) {  // equal rays see different points from infinitely far away
    if (!(norm(cross(f[k], f[(k + 1) % 3])) > 1e-9)) return 0;
  }
  const double unit = 1.0 / largest;  // the longest side is 1
  const std::array<Side, 3> sides{{{0, 1, dot(across, across) * unit, dot(f[0], f[1])},
                                   {0, 2, dot(along, along) * unit, dot(f[0], f[2])},
                                   {1, 2, dot(x[2] - x[1], x[2] - x[1]) * unit, dot(f[1], f[2])}}};
  Vector3 depths[4];
  const int candidates =
      meeting_points(conic_of(sides[0], sides[2].squared) - conic_of(sides[2], sides[0].squared),
                     conic_of(sides[1], sides[2].squared) - conic_of(sides[2], sides[1].squared), depths);
  const Matrix3 world = inverse(columns(across, along, normal));
  const Side& longest =
      *std::max_element(sides.begin(), sides.end(), [](const Side& a, const Side& b) { return a.squared < b.squared; });
  int found = 0;
  for (int c = 0; c < candidates; ++c) {
    Vector3 depth = depths[c] * (depths[c][0] + depths[c][1] + depths[c][2] < 0.0 ? -1.0 : 1.0);
    const double size = excess(longest, depth) + longest.squared;
    if (!(std::min({depth[0], depth[1], depth[2]}) > 0.0) || !(size > 0.0)) continue;
    depth = depth * std::sqrt(longest.squared / size);
    polish(sides, depth);
    double wrong = 0.0;
    for (const Side& side : sides) wrong = std::max(wrong, std::abs(excess(side, depth)));
    if (!(std::min({depth[0], depth[1], depth[2]}) > 0.0) || !(wrong < 1e-6)) continue;
    depth = depth * std::sqrt(largest);
    const Vector3 origin = f[0] * depth[0], to1 = f[1] * depth[1] - origin, to2 = f[2] * depth[2] - origin;
    const Matrix3 r = columns(to1, to2, cross(to1, to2)) * world;
    const Vector3 t = origin - r * x[0];
    if (!is_finite(r) || !is_finite(t)) continue;
    CameraPose& pose = poses[static_cast<std::size_t>(found++)];
    pose.rotation = r.values;
    pose.translation = t.values;
  }
  return found;
}

}  // namespace geomvision::geometry

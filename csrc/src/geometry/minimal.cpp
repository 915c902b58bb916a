#include "geometry/five_point.hpp"
#include "geometry/matches.hpp"
#include "geomvision/check.hpp"
#include "geomvision/geometry/two_view.hpp"

// The minimal solvers for callers: arrays in, all solutions out.
namespace geomvision::geometry {
namespace {

template <int Count, int Most, typename Solver>
std::vector<Entries> solved(const char* function, const Points& points0, const Points& points1, double unit,
                            const Frame& frame0, const Frame& frame1, const Solver& solver) {
  check(points0.size(0) == Count, function, ": ", points0.size(0), " matches were given; it takes ", Count);
  Vector3 a[Count], b[Count];
  for (int i = 0; i < Count; ++i) {
    a[i] = vector3((points0.at(i)[0] - frame0.x) / unit, (points0.at(i)[1] - frame0.y) / unit, 1.0);
    b[i] = vector3((points1.at(i)[0] - frame1.x) / unit, (points1.at(i)[1] - frame1.y) / unit, 1.0);
  }
  Matrix3 found[Most];
  const int count = solver(a, b, found);
  std::vector<Entries> made;
  for (int i = 0; i < count; ++i) made.push_back(found[i].values);
  return made;
}

}  // namespace

Matrix3 in_pixels(const Matrix3& fundamental, const Frame& frame0, const Frame& frame1, double unit) {
  const Matrix3 to0{{1 / unit, 0, -frame0.x / unit, 0, 1 / unit, -frame0.y / unit, 0, 0, 1}};
  const Matrix3 to1{{1 / unit, 0, -frame1.x / unit, 0, 1 / unit, -frame1.y / unit, 0, 0, 1}};
  const Matrix3 pixels = transposed(to1) * fundamental * to0;
  return pixels * (1.0 / norm(pixels));
}

std::vector<Entries> five_point_essentials(const Points& rays0, const Points& rays1) {
  check_matches("five_point_essentials", rays0, rays1);
  return solved<5, 10>("five_point_essentials", rays0, rays1, 1.0, {}, {}, five_point);
}

std::vector<Entries> seven_point_fundamentals(const Points& points0, const Points& points1) {
  check_matches("seven_point_fundamentals", points0, points1);
  const Frame frame0 = centre_of(points0), frame1 = centre_of(points1);
  const double unit = common_unit(points0, frame0, points1, frame1);
  auto found = solved<7, 3>("seven_point_fundamentals", points0, points1, unit, frame0, frame1, seven_point);
  for (Entries& matrix : found) matrix = in_pixels(Matrix3{matrix}, frame0, frame1, unit).values;
  return found;
}

std::vector<Entries> four_point_homography(const Points& points0, const Points& points1) {
  check_matches("four_point_homography", points0, points1);
  const Frame frame0 = centre_of(points0), frame1 = centre_of(points1);
  const double unit = common_unit(points0, frame0, points1, frame1);
  auto found = solved<4, 1>("four_point_homography", points0, points1, unit, frame0, frame1, four_point);
  const Matrix3 from{{1 / unit, 0, -frame0.x / unit, 0, 1 / unit, -frame0.y / unit, 0, 0, 1}};
  const Matrix3 to{{unit, 0, frame1.x, 0, unit, frame1.y, 0, 0, 1}};
  for (Entries& matrix : found) {
    const Matrix3 pixels = to * Matrix3{matrix} * from;
    matrix = (pixels * (1.0 / norm(pixels))).values;
  }
  return found;
}

}  // namespace geomvision::geometry

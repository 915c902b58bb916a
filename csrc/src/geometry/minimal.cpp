#include "geometry/five_point.hpp"
#include "geometry/matches.hpp"
#include "geomvision/check.hpp"
#include "geomvision/geometry/two_view.hpp"

// The minimal solvers for callers: arrays in, all solutions out.
namespace geomvision::geometry {
namespace {

template <int Count, int Most, typename Solver>
std::vector<Entries> solved(const char* function, const Points& points0, const Points& points1, const Solver& solver,
                            const PixelFrames& frames) {
  check(points0.size(0) == Count, function, ": ", points0.size(0), " matches were given; it takes ", Count);
  Vector3 a[Count], b[Count];
  for (int i = 0; i < Count; ++i) {
    a[i] = frames.working(frames.frame0, points0.at(i));
    b[i] = frames.working(frames.frame1, points1.at(i));
  }
  Matrix3 found[Most];
  const int count = solver(a, b, found);
  std::vector<Entries> made;
  for (int i = 0; i < count; ++i) made.push_back(found[i].values);
  return made;
}

}  // namespace

std::vector<Entries> five_point_essentials(const Points& rays0, const Points& rays1) {
  check_matches("five_point_essentials", rays0, rays1);
  return solved<5, 10>("five_point_essentials", rays0, rays1, five_point, {});
}

std::vector<Entries> seven_point_fundamentals(const Points& points0, const Points& points1) {
  check_matches("seven_point_fundamentals", points0, points1);
  const PixelFrames frames(points0, points1);
  auto found = solved<7, 3>("seven_point_fundamentals", points0, points1, seven_point, frames);
  for (Entries& matrix : found) matrix = frames.fundamental(Matrix3{matrix}).values;
  return found;
}

std::vector<Entries> four_point_homography(const Points& points0, const Points& points1) {
  check_matches("four_point_homography", points0, points1);
  const PixelFrames frames(points0, points1);
  auto found = solved<4, 1>("four_point_homography", points0, points1, four_point, frames);
  for (Entries& matrix : found) matrix = frames.homography(Matrix3{matrix}).values;
  return found;
}

}  // namespace geomvision::geometry

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <stdexcept>
#include <vector>

// All of the room at once: its headers must get on with one another.
#include "geomvision/geometry/absolute_pose.hpp"
#include "geomvision/geometry/triangulation.hpp"
#include "geomvision/geometry/two_view.hpp"
#include "geomvision/geometry/undistortion.hpp"

namespace gv = geomvision;
using gv::geometry::PointReason;
using gv::geometry::Projection;
using gv::geometry::TriangulatedPoints;
using gv::geometry::TriangulationMethod;

namespace {

constexpr double none = std::numeric_limits<double>::quiet_NaN();

// f = 100, centre (3, 5); the second camera half a metre to the right.
constexpr Projection left{100, 0, 3, 0, 0, 100, 5, 0, 0, 0, 1, 0};
constexpr Projection right{100, 0, 3, -50, 0, 100, 5, 0, 0, 0, 1, 0};

template <typename T>
struct Found {
  std::vector<T> points, errors, angle, covariance;
  std::vector<std::uint8_t> reasons;

  explicit Found(std::ptrdiff_t n, std::ptrdiff_t views = 2)
      : points(3 * n),
        errors(views * n),
        angle(n),
        covariance(9 * n),
        reasons(n),
        view{{points.data(), {n, 3}},
             {errors.data(), {n, views}},
             {angle.data(), {n}},
             {covariance.data(), {n, 3, 3}},
             {reasons.data(), {n}}} {}

  TriangulatedPoints<T> view;
};

template <typename T>
gv::TensorView<const T, 2> pixels(const std::vector<T>& values) {
  return {values.data(), {static_cast<std::ptrdiff_t>(values.size()) / 2, 2}};
}

std::vector<double> random_pixels(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<double> values(2 * count);
  for (double& value : values) value = static_cast<double>(random() % 100000) / 100.0;
  return values;
}

template <typename T>
bool same(const std::vector<T>& a, const std::vector<T>& b) {
  return std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

}  // namespace

TEST_CASE("rectified views: depth is focal length times baseline by disparity, in every method") {
  // (0.2, -0.1, 2): disparity 25. Then one lost, one at infinity, one behind, one whose row differs by 2 px.
  const std::vector<double> x0{13, 0, none, 1, 7, 7, 7, 7, 13, 1}, x1{-12, 0, 3, 1, 7, 7, 9, 7, -12, -1};
  for (const auto method : {TriangulationMethod::linear, TriangulationMethod::midpoint, TriangulationMethod::optimal}) {
    Found<double> found(5);
    gv::geometry::triangulate<double>(left, right, pixels(x0), pixels(x1), found.view, {method});
    CHECK(found.points[0] == doctest::Approx(0.2));
    CHECK(found.points[1] == doctest::Approx(-0.1));
    CHECK(found.points[2] == doctest::Approx(2));
    CHECK(found.errors[0] < 1e-12);
    CHECK(found.angle[0] == doctest::Approx(std::acos((0.2 * -0.3 + 0.01 + 4) / std::sqrt(4.05 * 4.1))));
    // Var Z = Z^4 / (f B)^2 * 2 sigma^2
    CHECK(found.covariance[8] == doctest::Approx(16.0 / 2500 * 2));
    CHECK(found.covariance[2] == found.covariance[6]);
    CHECK(found.reasons[1] == static_cast<int>(PointReason::not_finite));
    CHECK(found.reasons[2] == static_cast<int>(PointReason::parallel));
    CHECK(found.reasons[3] == static_cast<int>(PointReason::behind));
    for (int i = 3; i < 12; ++i) CHECK(std::isnan(found.points[i]));
    CHECK(found.reasons[4] == static_cast<int>(PointReason::valid));
    CHECK(found.points[14] == doctest::Approx(2).epsilon(method == TriangulationMethod::optimal ? 1e-12 : 0.01));
    CHECK(found.errors[8] + found.errors[9] == doctest::Approx(2).epsilon(0.01));
  }
}

TEST_CASE("views that agree give the point of two of them") {
  const Projection above{100, 0, 3, 0, 0, 100, 5, -30, 0, 0, 1, 0};
  std::vector<double> projections;
  for (const auto& view : {left, right, above}) projections.insert(projections.end(), view.begin(), view.end());
  const std::vector<double> x{13, 0, 13, 0, none, 1, -12, 0, none, 1, 5, 5, 13, -15, 13, -15, 5, 5};
  Found<float> narrow(3, 3);
  Found<double> found(3, 3);
  gv::geometry::triangulate_views<double>({projections.data(), {3, 3, 4}}, {x.data(), {3, 3, 2}}, found.view);
  for (const int i : {0, 3}) {
    CHECK(found.points[i] == doctest::Approx(0.2));
    CHECK(found.points[i + 2] == doctest::Approx(2));
  }
  CHECK(std::isnan(found.errors[4]));
  CHECK(found.errors[5] < 1e-9);
  const std::vector<float> y(x.begin(), x.end());
  gv::geometry::triangulate_views<float>({projections.data(), {3, 3, 4}}, {y.data(), {3, 3, 2}}, narrow.view);
  for (int i = 0; i < 6; ++i) CHECK(narrow.points[i] == doctest::Approx(found.points[i]).epsilon(1e-6));
  CHECK(narrow.reasons[1] == static_cast<int>(PointReason::valid));
}

TEST_CASE("corrected matches fulfil the constraint and move by the least") {
  const gv::geometry::Entries rectified{0, 0, 0, 0, 0, -1, 0, 1, 0};  // y0 = y1
  const std::vector<double> x0{10, 4, 50, none}, x1{7, 6, 40, 1};
  std::vector<double> y0(4), y1(4);
  gv::geometry::correct_matches<double>(rectified, pixels(x0), pixels(x1), {y0.data(), {2, 2}}, {y1.data(), {2, 2}});
  CHECK(y0[0] == 10);
  CHECK(y0[1] == doctest::Approx(5));
  CHECK(y1[1] == doctest::Approx(5));
  for (const auto* corrected : {&y0, &y1}) CHECK(std::isnan((*corrected)[2]));
}

TEST_CASE("points do not depend on the number of threads, nor on their neighbours") {
  constexpr std::ptrdiff_t count = 5003;
  const std::vector<double> x0 = random_pixels(count, 1), x1 = random_pixels(count, 2);
  const Projection turned{90, 10, 13, -50, -8, 95, 5, 3, -0.1, 0.02, 1, 0.1};
  Found<double> one(count), all(count), single(1);
  gv::geometry::triangulate<double>(left, turned, pixels(x0), pixels(x1), one.view, {}, 1);
  gv::geometry::triangulate<double>(left, turned, pixels(x0), pixels(x1), all.view, {}, 5);
  CHECK(same(one.points, all.points));
  CHECK(same(one.covariance, all.covariance));
  CHECK(same(one.reasons, all.reasons));
  for (const std::ptrdiff_t i : {std::ptrdiff_t{0}, std::ptrdiff_t{1}, count - 1}) {
    gv::geometry::triangulate<double>(left, turned, {x0.data() + 2 * i, {1, 2}}, {x1.data() + 2 * i, {1, 2}},
                                      single.view);
    CHECK(std::memcmp(single.points.data(), &one.points[static_cast<std::size_t>(3 * i)], 24) == 0);
    CHECK(single.reasons[0] == one.reasons[static_cast<std::size_t>(i)]);
  }
}

TEST_CASE("results past the caches are those of a few points, wherever they lie") {
  constexpr std::ptrdiff_t count = 360001, few = 4099;  // 8.6 MB of points
  const std::vector<double> x0 = random_pixels(count, 3), x1 = random_pixels(count, 4);
  const Projection turned{90, 10, 13, -50, -8, 95, 5, 3, -0.1, 0.02, 1, 0.1};
  std::vector<double> points(3 * count + 1), covariance(9 * count + 1);
  TriangulatedPoints<double> out;
  out.points = {points.data() + 1, {count, 3}};  // not where a line begins
  out.covariance = {covariance.data() + 1, {count, 3, 3}};
  gv::geometry::triangulate<double>(left, turned, pixels(x0), pixels(x1), out, {}, 3);
  Found<double> part(few);
  for (const std::ptrdiff_t at : {std::ptrdiff_t{0}, std::ptrdiff_t{200001}, count - few}) {
    gv::geometry::triangulate<double>(left, turned, {x0.data() + 2 * at, {few, 2}}, {x1.data() + 2 * at, {few, 2}},
                                      part.view);
    CHECK(std::memcmp(part.points.data(), points.data() + 1 + 3 * at, 24 * few) == 0);
    CHECK(std::memcmp(part.covariance.data(), covariance.data() + 1 + 9 * at, 72 * few) == 0);
  }
}

TEST_CASE("triangulation refuses what are no two views") {
  const std::vector<double> x(6), few(4);
  Found<double> found(3);
  const auto run = [&](const Projection& a, const Projection& b, const gv::geometry::TriangulationOptions& options) {
    gv::geometry::triangulate<double>(a, b, pixels(x), pixels(x), found.view, options);
  };
  const Projection affine{100, 0, 0, 3, 0, 100, 0, 5, 0, 0, 0, 1}, lost{none};
  CHECK_THROWS_WITH_AS(run(left, left, {}), doctest::Contains("at one place"), std::invalid_argument);
  CHECK_THROWS_WITH_AS(run(left, affine, {}), doctest::Contains("projection 1 is singular"), std::invalid_argument);
  CHECK_THROWS_WITH_AS(run(lost, right, {}), doctest::Contains("projection 0 holds NaN"), std::invalid_argument);
  CHECK_THROWS_AS(run(left, right, {TriangulationMethod::optimal, 0}), std::invalid_argument);
  CHECK_THROWS_AS(run(left, right, {TriangulationMethod::optimal, 1, -1}), std::invalid_argument);
  for (const int method : {-1, 3}) {
    CHECK_THROWS_WITH_AS(run(left, right, {static_cast<TriangulationMethod>(method)}),
                         doctest::Contains("allowed are linear (0)"), std::invalid_argument);
  }
  CHECK_THROWS_AS(gv::geometry::triangulate<double>(left, right, pixels(x), pixels(few), found.view),
                  std::invalid_argument);
  CHECK_THROWS_AS(gv::geometry::triangulate<double>(left, right, pixels(few), pixels(few), found.view),
                  std::invalid_argument);
  std::vector<double> y0(6), y1(6);
  CHECK_THROWS_AS(
      gv::geometry::correct_matches<double>({}, pixels(x), pixels(x), {y0.data(), {3, 2}}, {y1.data(), {3, 2}}),
      std::invalid_argument);
}

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <vector>

#include "geomvision/geometry/undistortion.hpp"

using namespace geomvision::geometry;

TEST_CASE("a lens with one term: its end and its inverse are known") {
  const Distortion barrel{-0.5};
  CHECK(distortion_limit(barrel) == doctest::Approx(std::sqrt(2.0 / 3)));  // 1 = 3 |k| r^2
  CHECK(distortion_limit({0.5}) == std::numeric_limits<double>::infinity());
  CHECK(distortion_limit({0, 0, 0.1}) == doctest::Approx(1 / 0.6));  // 1 = 6 r |p|
  // r (1 - r^2 / 2) at r = 0.4 is 0.368.
  std::vector<double> points{103.0 + 0.368 * 50, 20, 103, 20 - 0.368 * 40, 103.0 + 0.6 * 50, 20, NAN, 0};
  undistort_points({points.data(), {4, 2}}, {50, 40, 103, 20}, barrel, {points.data(), {4, 2}});
  CHECK(points[0] == doctest::Approx(0.4).epsilon(1e-14));
  CHECK(points[1] == 0);
  CHECK(points[3] == doctest::Approx(-0.4).epsilon(1e-14));
  for (const int i : {4, 5, 6, 7}) CHECK(std::isnan(points[static_cast<std::size_t>(i)]));
}

TEST_CASE("undistortion does not depend on the number of threads") {
  std::vector<double> pixels(2 * 5003), one(pixels.size()), all(pixels.size());
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<double>((i * 7919) % 640);
  const Distortion lens{-0.2, 0.05, 1e-3, -1e-3, 0, 0.01, 0, 0, 1e-3, -2e-3, 5e-4, 1e-4, 0.02, -0.03};
  undistort_points({pixels.data(), {5003, 2}}, {400, 420, 310, 330}, lens, {one.data(), {5003, 2}}, 1);
  undistort_points({pixels.data(), {5003, 2}}, {400, 420, 310, 330}, lens, {all.data(), {5003, 2}}, 4);
  CHECK(std::memcmp(one.data(), all.data(), one.size() * sizeof(double)) == 0);
}

TEST_CASE("undistortion refuses what is no lens") {
  std::vector<double> points(6);
  const auto run = [&](const Intrinsics& camera, const Distortion& lens, std::ptrdiff_t rows) {
    undistort_points({points.data(), {rows, 6 / rows}}, camera, lens, {points.data(), {3, 2}});
  };
  CHECK_THROWS_AS(run({}, {}, 2), std::invalid_argument);
  CHECK_THROWS_AS(run({0, 1, 0, 0}, {}, 3), std::invalid_argument);
  CHECK_THROWS_AS(run({}, {NAN}, 3), std::invalid_argument);
  CHECK_THROWS_AS(run({}, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1.6}, 3), std::invalid_argument);
  CHECK_NOTHROW(run({}, {}, 3));
}

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <vector>

#include "geomvision/geometry/absolute_pose.hpp"

namespace gv = geomvision::geometry;

namespace {

// A quarter turn about the y axis, and a way to go: x' = z + 1, y' = y - 2, z' = -x + 6.
const gv::CameraPose truth{{0, 0, 1, 0, 1, 0, -1, 0, 0}, {1, -2, 6}};

// What a pinhole of f = (400, 300), c = (320, 200) sees of a bent grid; every third observation is far off.
struct Scene {
  std::vector<double> points, charts;
  std::vector<std::uint8_t> inliers;
  int count = 0;

  explicit Scene(int wrong_every = 0) {
    for (int i = 0; i < 8; ++i) {
      for (int j = 0; j < 6; ++j, ++count) {
        const double x = 0.4 * i - 1.5, y = 0.5 * j + 1.0, z = 0.3 * std::sin(1.0 * i + 2.0 * j) - 1.0;
        points.insert(points.end(), {x, y, z});
        const double px = z + 1, py = y - 2, pz = -x + 6;
        double u = 320 + 400 * px / pz, v = 200 + 300 * py / pz;
        if (wrong_every > 0 && count % wrong_every == 0) {
          u += 40.0 + 3.0 * count;
          v -= 55.0;
        }
        charts.insert(charts.end(), {400, 0, 320 - u, 0, 300, 200 - v, 0, 0, 1});
      }
    }
    inliers.assign(static_cast<std::size_t>(count), 2);
  }

  gv::SeenPoints seen() const { return {{points.data(), {count, 3}}, {charts.data(), {count, 3, 3}}}; }
  geomvision::TensorView<std::uint8_t, 1> room() { return {inliers.data(), {count}}; }
};

double distance(const gv::CameraPose& a, const gv::CameraPose& b) {
  double largest = 0;
  for (std::size_t i = 0; i < 9; ++i) largest = std::max(largest, std::abs(a.rotation[i] - b.rotation[i]));
  for (std::size_t i = 0; i < 3; ++i) largest = std::max(largest, std::abs(a.translation[i] - b.translation[i]));
  return largest;
}

}  // namespace

TEST_CASE("three rays and points give the pose, and a line of points none") {
  const std::array<double, 9> points{0, 0, 0, 1, 0.2, 0, 0.3, 1, 0.5};
  std::array<double, 9> rays{};
  for (std::size_t k = 0; k < 3; ++k) {
    rays[3 * k] = points[3 * k + 2] + 1;
    rays[3 * k + 1] = points[3 * k + 1] - 2;
    rays[3 * k + 2] = -points[3 * k] + 6;
  }
  std::array<gv::CameraPose, 4> poses;
  const int count = gv::p3p(rays, points, poses);
  REQUIRE(count >= 1);
  double nearest = 1;
  for (int i = 0; i < count; ++i) nearest = std::min(nearest, distance(poses[static_cast<std::size_t>(i)], truth));
  CHECK(nearest < 1e-12);
  CHECK(gv::p3p(rays, {0, 0, 0, 1, 1, 1, 3, 3, 3}, poses) == 0);
  CHECK(gv::p3p(rays, {0, 0, 0, 0, 0, 0, 0, 0, 0}, poses) == 0);
}

TEST_CASE("exact points give the exact pose without a guess") {
  const Scene scene;
  const gv::AbsolutePose found = gv::perspective_n_point(scene.seen());
  REQUIRE(found.found);
  CHECK(distance(found.pose, truth) < 1e-12);
  CHECK(found.noise_px < 1e-9);
  CHECK(found.inliers == scene.count);
}

TEST_CASE("refinement ends where the pose is, from close by") {
  const Scene scene;
  gv::CameraPose start = truth;
  start.translation = {1.1, -2.05, 6.2};
  const gv::AbsolutePose found = gv::refine_absolute_pose(scene.seen(), start, std::numeric_limits<double>::infinity());
  REQUIRE(found.found);
  CHECK(distance(found.pose, truth) < 1e-10);
  start.translation = {1, -2, -60};  // all points are behind
  CHECK_FALSE(gv::refine_absolute_pose(scene.seen(), start, 10.0).found);
}

TEST_CASE("a third of outliers does not matter, nor the number of threads") {
  Scene scene(3);
  gv::AbsolutePoseOptions options;
  options.threshold_px = 2.0;
  for (const int threads : {1, 3}) {
    options.num_threads = threads;
    const gv::AbsolutePose found = gv::absolute_pose(scene.seen(), options, scene.room());
    REQUIRE(found.found);
    CHECK(distance(found.pose, truth) < 1e-10);
    CHECK(found.inliers == scene.count - scene.count / 3);
    for (int i = 0; i < scene.count; ++i) CHECK(scene.inliers[static_cast<std::size_t>(i)] == (i % 3 == 0 ? 0 : 1));
  }
}

TEST_CASE("too few observations, none and repeated ones find nothing") {
  Scene scene;
  std::vector<std::uint8_t> room(3);
  const gv::SeenPoints three{{scene.points.data(), {3, 3}}, {scene.charts.data(), {3, 3, 3}}};
  CHECK_FALSE(gv::absolute_pose(three, {}, {room.data(), {3}}).found);
  CHECK_FALSE(gv::perspective_n_point(three).found);
  const gv::SeenPoints none{{nullptr, {0, 3}}, {nullptr, {0, 3, 3}}};
  CHECK_FALSE(gv::absolute_pose(none, {}, {nullptr, {0}}).found);
  for (std::size_t i = 3; i < scene.points.size(); ++i) scene.points[i] = scene.points[i % 3];
  CHECK_FALSE(gv::absolute_pose(scene.seen(), {}, scene.room()).found);
  CHECK(scene.inliers[0] == 0);
}

TEST_CASE("observations that are not finite, sizes that differ and options that are not allowed are refused") {
  Scene scene;
  std::vector<std::uint8_t> room(5);
  CHECK_THROWS_AS(gv::absolute_pose(scene.seen(), {}, {room.data(), {5}}), std::invalid_argument);
  gv::AbsolutePoseOptions options;
  options.threshold_px = 0;
  CHECK_THROWS_AS(gv::absolute_pose(scene.seen(), options, scene.room()), std::invalid_argument);
  options = {};
  options.confidence = 1;
  CHECK_THROWS_AS(gv::absolute_pose(scene.seen(), options, scene.room()), std::invalid_argument);
  options = {};
  options.max_iterations = 0;
  CHECK_THROWS_AS(gv::absolute_pose(scene.seen(), options, scene.room()), std::invalid_argument);
  const gv::SeenPoints uneven{{scene.points.data(), {4, 3}}, {scene.charts.data(), {5, 3, 3}}};
  CHECK_THROWS_AS(gv::perspective_n_point(uneven), std::invalid_argument);
  CHECK_THROWS_AS(gv::refine_absolute_pose(scene.seen(), truth, -1.0), std::invalid_argument);
  scene.points[4] = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_AS(gv::absolute_pose(scene.seen(), {}, scene.room()), std::invalid_argument);
}

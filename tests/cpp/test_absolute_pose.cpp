#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <vector>

#include "allocations.hpp"
#include "geometry/small_matrix.hpp"
#include "geometry/tridiagonal_eigen.hpp"
#include "geomvision/geometry/absolute_pose.hpp"
#include "geomvision/geometry/triangulation.hpp"
#include "geomvision/geometry/two_view.hpp"

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
  for (const bool refine : {true, false}) {
    for (const gv::PnPSolver solver : {gv::PnPSolver::sqpnp, gv::PnPSolver::epnp}) {
      const gv::AbsolutePose found = gv::perspective_n_point(scene.seen(), {solver, refine});
      REQUIRE(found.found);
      CHECK(distance(found.pose, truth) < (refine ? 1e-12 : 1e-9));
      CHECK(found.noise_px < (refine ? 1e-9 : 1e-6));
      CHECK(found.inliers == scene.count);
    }
  }
}

TEST_CASE("few points, and points in a plane or nearly so, give the pose by either solver") {
  for (const double relief : {1.0, 1e-2, 0.0}) {
    for (const int count : {4, 5, 6, 7}) {
      std::vector<double> points, charts;
      for (int i = 0; i < count; ++i) {
        const double x = std::sin(2.0 * i), y = std::cos(3.0 * i + 1.0), z = relief * std::sin(5.0 * i + 2.0);
        points.insert(points.end(), {x, y, z});
        const double px = z + 1, py = y - 2, pz = -x + 6;
        charts.insert(charts.end(), {400, 0, -400 * px / pz, 0, 300, -300 * py / pz, 0, 0, 1});
      }
      const gv::SeenPoints seen{{points.data(), {count, 3}}, {charts.data(), {count, 3, 3}}};
      for (const gv::PnPSolver solver : {gv::PnPSolver::sqpnp, gv::PnPSolver::epnp}) {
        CAPTURE(relief);
        CAPTURE(count);
        const gv::AbsolutePose found = gv::perspective_n_point(seen, {solver, true});
        REQUIRE(found.found);
        CHECK(found.noise_px < 1e-7);
        if (count > 4) CHECK(distance(found.pose, truth) < 1e-8);  // four may have two poses that fit exactly
      }
    }
  }
}

TEST_CASE("points on a line, three that repeat, and points behind the camera have no pose") {
  for (const double bent : {0.0, 1e-6}) {
    std::vector<double> points, charts;
    for (int i = 0; i < 12; ++i) {
      const double s = 0.25 * i;
      points.insert(points.end(), {s + bent * std::sin(1.0 * i), 0.3 * s, 5.0 - 0.2 * s});
      const double* p = points.data() + 3 * i;
      charts.insert(charts.end(), {500, 0, -500 * p[0] / p[2], 0, 500, -500 * p[1] / p[2], 0, 0, 1});
    }
    const gv::SeenPoints line{{points.data(), {12, 3}}, {charts.data(), {12, 3, 3}}};
    CHECK_FALSE(gv::perspective_n_point(line).found);
    CHECK_FALSE(gv::perspective_n_point(line, {gv::PnPSolver::epnp, true}).found);
    if (bent == 0.0) CHECK_FALSE(gv::refine_absolute_pose(line, {}, 10.0).found);
  }
  Scene scene;
  for (std::size_t i = 0; i < scene.points.size(); ++i) scene.points[i] = scene.points[i % 9];
  for (std::size_t i = 0; i < scene.charts.size(); ++i) scene.charts[i] = scene.charts[i % 27];
  CHECK_FALSE(gv::perspective_n_point(scene.seen()).found);
  Scene behind;
  for (double& chart : behind.charts) chart = -chart;  // as if all were seen in the opposite direction
  for (const gv::PnPSolver solver : {gv::PnPSolver::sqpnp, gv::PnPSolver::epnp}) {
    const gv::AbsolutePose found = gv::perspective_n_point(behind.seen(), {solver, true});
    CHECK((!found.found || found.noise_px > 1.0));  // never a pose that explains them
  }
}

TEST_CASE("a start that is no rotation is refused") {
  const Scene scene;
  gv::CameraPose start = truth;
  for (double& entry : start.rotation) entry *= 1.001;
  CHECK_THROWS_AS(gv::refine_absolute_pose(scene.seen(), start, 10.0), std::invalid_argument);
  start = truth;
  for (double& entry : start.rotation) entry = -entry;  // a mirror
  CHECK_THROWS_AS(gv::refine_absolute_pose(scene.seen(), start, 10.0), std::invalid_argument);
  start.rotation.fill(0.0);
  CHECK_THROWS_AS(gv::refine_absolute_pose(scene.seen(), start, 10.0), std::invalid_argument);
  start = truth;
  start.translation[1] = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_AS(gv::refine_absolute_pose(scene.seen(), start, 10.0), std::invalid_argument);
  start = truth;
  start.rotation[4] = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_AS(gv::refine_absolute_pose(scene.seen(), start, 10.0), std::invalid_argument);
}

TEST_CASE("a solver in a loop allocates nothing, and says what the functions say") {
  Scene scene(4);
  const Scene clean;
  gv::AbsolutePoseSolver solver;
  gv::AbsolutePoseOptions options;
  options.num_threads = 1;
  const auto round = [&] {
    const gv::AbsolutePose first = solver.absolute_pose(scene.seen(), options, scene.room());
    const gv::AbsolutePose second = solver.perspective_n_point(clean.seen(), {gv::PnPSolver::epnp, true});
    const gv::AbsolutePose third = solver.refine_absolute_pose(clean.seen(), truth, 5.0);
    return std::array<gv::AbsolutePose, 3>{first, second, third};
  };
  round();
  const long before = allocations();
  const auto again = round();
  CHECK(allocations() == before);
  CHECK(distance(again[0].pose, gv::absolute_pose(scene.seen(), options, scene.room()).pose) == 0);
  CHECK(distance(again[1].pose, gv::perspective_n_point(clean.seen(), {gv::PnPSolver::epnp, true}).pose) == 0);
  CHECK(distance(again[2].pose, gv::refine_absolute_pose(clean.seen(), truth, 5.0).pose) == 0);
}

TEST_CASE("eigenvectors by tridiagonal form are orthonormal and put the matrix together again") {
  constexpr int size = 12;
  for (int rank = 0; rank <= size; ++rank) {
    gv::Matrix<size, size> a, diagonal;
    for (int r = 0; r < rank; ++r) {
      gv::Vector<size> v;
      for (int i = 0; i < size; ++i) v[i] = std::sin(1.0 + 7.0 * r + 3.0 * i * i) * (r % 3 == 0 ? 1e-4 : 1.0);
      a = a + v * gv::transposed(v);
    }
    const gv::TridiagonalEigen<size> eigen(a);
    for (int i = 0; i < size; ++i) diagonal(i, i) = eigen.values[i];
    for (int i = 0; i + 1 < size; ++i) CHECK(eigen.values[i] <= eigen.values[i + 1]);
    const auto identity = gv::Matrix<size, size>::identity();
    CHECK(gv::norm(gv::transposed(eigen.vectors) * eigen.vectors - identity) < 1e-13);
    CHECK(gv::norm(eigen.vectors * diagonal * gv::transposed(eigen.vectors) - a) <= 1e-13 * gv::norm(a));
  }
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
  options.max_error_px = 2.0;
  for (const int threads : {1, 3}) {
    options.num_threads = threads;
    const gv::AbsolutePose found = gv::absolute_pose(scene.seen(), options, scene.room());
    REQUIRE(found.found);
    CHECK(distance(found.pose, truth) < 1e-10);
    CHECK(found.inliers == scene.count - scene.count / 3);
    for (int i = 0; i < scene.count; ++i) CHECK(scene.inliers[static_cast<std::size_t>(i)] == (i % 3 == 0 ? 0 : 1));
  }
}

TEST_CASE("fewer samples than a round end, also where all observations agree") {
  Scene scene;
  gv::AbsolutePoseOptions options;
  for (const int most : {1, 31, 32, 33, 63}) {
    options.max_iterations = most;
    const gv::AbsolutePose found = gv::absolute_pose(scene.seen(), options, scene.room());
    CHECK(found.found);
    CHECK(found.iterations <= most);
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
  options.max_error_px = 0;
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

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <vector>

#include "allocations.hpp"
#include "geomvision/geometry/alignment.hpp"

namespace gv = geomvision::geometry;

namespace {

// Points, and where a quarter turn about the z axis, twice the size and a shift take them: x' = -2 y + 3, y' = 2 x - 1,
// z' = 2 z + 5. Every so many pairs is far off.
struct Cloud {
  std::vector<double> source, target, limits;
  std::vector<std::uint8_t> inliers;
  int count;

  explicit Cloud(int points = 40, int wrong_every = 0) : count(points) {
    for (int i = 0; i < count; ++i) {
      const double x = std::sin(2.0 * i), y = std::cos(3.0 * i + 1.0), z = std::sin(5.0 * i + 2.0);
      const double off = wrong_every > 0 && i % wrong_every == 0 ? 3.0 + i : 0.0;
      source.insert(source.end(), {x, y, z});
      target.insert(target.end(), {-2 * y + 3 + off, 2 * x - 1 - 2 * off, 2 * z + 5 + 0.3 * off * off});
    }
    limits.assign(static_cast<std::size_t>(count), 0.01);
    inliers.assign(static_cast<std::size_t>(count), 7);
  }

  gv::PointPairs pairs() const { return {{source.data(), {count, 3}}, {target.data(), {count, 3}}}; }
  geomvision::TensorView<const double, 1> thresholds() const { return {limits.data(), {count}}; }
  geomvision::TensorView<std::uint8_t, 1> room() { return {inliers.data(), {count}}; }
};

double distance(const gv::Alignment& found) {
  const gv::Entries turn{0, -1, 0, 1, 0, 0, 0, 0, 1};
  double largest = std::abs(found.scale - 2);
  for (std::size_t i = 0; i < 9; ++i) largest = std::max(largest, std::abs(found.rotation[i] - turn[i]));
  for (std::size_t i = 0; i < 3; ++i) {
    largest = std::max(largest, std::abs(found.translation[i] - std::array<double, 3>{3, -1, 5}[i]));
  }
  return largest;
}

}  // namespace

TEST_CASE("exact pairs give the exact similarity, weighted or not") {
  for (const int count : {3, 4, 40}) {
    const Cloud cloud(count);
    gv::Alignment found = gv::align_points(cloud.pairs(), {}, true);
    REQUIRE(found.found);
    CHECK(distance(found) < 1e-12);
    CHECK(found.inliers == count);
    found = gv::align_points(cloud.pairs(), cloud.thresholds(), true);
    CHECK(distance(found) < 1e-12);
    CHECK(gv::align_points(cloud.pairs(), {}).scale == 1.0);
  }
}

TEST_CASE("a third of wrong pairs does not matter, nor the number of threads, and nothing is allocated") {
  Cloud cloud(60, 3);
  gv::RobustAlignmentOptions options;
  options.with_scale = true;
  for (const int threads : {3, 1}) {
    options.num_threads = threads;
    const long before = allocations();
    const gv::Alignment found = gv::align_points_robust(cloud.pairs(), cloud.thresholds(), options, cloud.room());
    if (threads == 1) CHECK(allocations() == before);
    REQUIRE(found.found);
    CHECK(distance(found) < 1e-12);
    CHECK(found.inliers == 40);
    for (int i = 0; i < cloud.count; ++i) CHECK(cloud.inliers[static_cast<std::size_t>(i)] == (i % 3 == 0 ? 0 : 1));
  }
}

TEST_CASE("a mirror image gets a rotation, never a reflection") {
  Cloud cloud;
  for (std::size_t i = 0; i < cloud.source.size(); i += 3) cloud.source[i] = -cloud.source[i];
  const gv::Alignment found = gv::align_points(cloud.pairs(), {});
  REQUIRE(found.found);
  const gv::Entries& r = found.rotation;
  const double determinant =
      r[0] * (r[4] * r[8] - r[5] * r[7]) - r[1] * (r[3] * r[8] - r[5] * r[6]) + r[2] * (r[3] * r[7] - r[4] * r[6]);
  CHECK(determinant == doctest::Approx(1.0));
}

TEST_CASE("pairs that leave the motion open are not aligned") {
  for (const int count : {0, 1, 2}) {
    Cloud few(count);
    CHECK_FALSE(gv::align_points(few.pairs(), {}).found);
    CHECK_FALSE(gv::align_points_robust(few.pairs(), few.thresholds(), {}, few.room()).found);
  }
  Cloud line;
  for (int i = 0; i < line.count; ++i) {
    for (int k = 0; k < 3; ++k) line.source[static_cast<std::size_t>(3 * i + k)] = i * (k + 1.0);
  }
  CHECK_FALSE(gv::align_points(line.pairs(), {}).found);
  CHECK_FALSE(gv::align_points_robust(line.pairs(), line.thresholds(), {}, line.room()).found);
  std::swap(line.source, line.target);
  CHECK_FALSE(gv::align_points(line.pairs(), {}).found);
  Cloud one;
  std::fill(one.source.begin(), one.source.end(), 1.5);
  CHECK_FALSE(gv::align_points(one.pairs(), {}, true).found);
  std::fill(one.limits.begin(), one.limits.end(), 0.0);
  CHECK_FALSE(gv::align_points(Cloud().pairs(), one.thresholds()).found);
}

TEST_CASE("pairs that are not finite, sizes that differ and options that are not allowed are refused") {
  Cloud cloud;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto robust = [&](const gv::RobustAlignmentOptions& options) {
    gv::align_points_robust(cloud.pairs(), cloud.thresholds(), options, cloud.room());
  };
  gv::RobustAlignmentOptions options;
  options.confidence = nan;
  CHECK_THROWS_AS(robust(options), std::invalid_argument);
  options = {};
  options.max_iterations = 0;
  CHECK_THROWS_AS(robust(options), std::invalid_argument);
  const gv::PointPairs uneven{{cloud.source.data(), {4, 3}}, {cloud.target.data(), {5, 3}}};
  CHECK_THROWS_AS(gv::align_points(uneven, {}), std::invalid_argument);
  CHECK_THROWS_AS(gv::align_points(cloud.pairs(), {cloud.limits.data(), {5}}), std::invalid_argument);
  cloud.limits[3] = -1.0;
  CHECK_THROWS_AS(robust({}), std::invalid_argument);
  CHECK_THROWS_AS(gv::align_points(cloud.pairs(), cloud.thresholds()), std::invalid_argument);
  cloud.limits[3] = 1.0;
  cloud.target[7] = nan;
  CHECK_THROWS_AS(robust({}), std::invalid_argument);
  CHECK_THROWS_AS(gv::align_points(cloud.pairs(), {}), std::invalid_argument);
}

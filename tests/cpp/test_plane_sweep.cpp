#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <random>
#include <stdexcept>
#include <vector>

#include "allocations.hpp"
#include "geomvision/depth/plane_sweep.hpp"

namespace gv = geomvision;
using gv::depth::PlaneSweep;
using gv::depth::PlaneSweepOptions;
using gv::depth::SweepSource;

namespace {

constexpr int width = 150, height = 70;
constexpr float focal = 100.0f, wall_m = 2.0f;

// A wall at 2 m before cameras in a row: one at `right_m` shows it focal * right_m / wall_m pixels to the left.
struct Wall {
  gv::Image<std::uint8_t> wide{width + 40, height};
  std::vector<float> rays = std::vector<float>(std::size_t{3} * width * height);

  Wall() {
    std::mt19937 random(7);
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width + 40; ++x) wide(x, y) = static_cast<std::uint8_t>(random() % 256);
    }
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        const std::size_t at = static_cast<std::size_t>(y) * width + x;
        rays[at] = (static_cast<float>(x) - 70) / focal;
        rays[at + std::size_t{width} * height] = (static_cast<float>(y) - 30) / focal;
        rays[at + std::size_t{2} * width * height] = 1.0f;
      }
    }
  }
  gv::TensorView<const float, 3> directions() const { return {rays.data(), {3, height, width}}; }
  gv::ImageView<const std::uint8_t> seen_from(int shift_px) const {
    return gv::ImageView<const std::uint8_t>(wide).crop(20 + shift_px, 0, width, height);
  }
  SweepSource source(int shift_px) const {
    const float right_m = static_cast<float>(shift_px) * wall_m / focal;
    return {seen_from(shift_px), {focal, 0, 70, 0, focal, 30, 0, 0, 1}, {-focal * right_m, 0, 0}};
  }
};

}  // namespace

TEST_CASE("plane sweep: a wall has the depth of its shift, for any number of threads, and without new memory") {
  const Wall wall;
  const std::vector<SweepSource> sources = {wall.source(-9), wall.source(6), wall.source(12)};
  gv::Image<float> q(width, height), margin(width, height), again(width, height);
  PlaneSweepOptions options;
  options.num_threads = 3;
  PlaneSweep sweep(options);
  const gv::depth::SweepPlanes planes{0.1, 0.05, 21};
  sweep(wall.seen_from(0), wall.directions(), sources, planes, q.view(), margin.view());
  int found = 0;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      if (std::isnan(q(x, y))) continue;
      ++found;
      CHECK(std::abs(q(x, y) - 1 / wall_m) < 0.25f * 0.05f);  // a quarter of a step
      CHECK(margin(x, y) > 0.2f);
    }
  }
  CHECK(found > 0.9 * width * height);
  const long before = allocations();
  sweep(wall.seen_from(0), wall.directions(), sources, planes, again.view(), margin.view());
  CHECK(allocations() == before);
  options.num_threads = 1;
  PlaneSweep alone(options);
  alone(wall.seen_from(0), wall.directions(), sources, planes, again.view(), margin.view());
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) CHECK((q(x, y) == again(x, y) || std::isnan(q(x, y)) == std::isnan(again(x, y))));
  }
}

TEST_CASE("plane sweep: what a source does not show costs as much as what none sees") {
  const Wall wall;
  const gv::Image<std::uint8_t> nothing(width, height, 0);
  SweepSource blind = wall.source(8);
  blind.known = nothing;
  std::vector<std::uint8_t> costs(std::size_t{width} * height * 5);
  PlaneSweep sweep;
  const gv::TensorView<std::uint8_t, 3> volume(costs.data(), {height, width, 5});
  sweep.costs(wall.seen_from(0), wall.directions(), {blind}, {0.3, 0.1, 5}, volume);
  for (const std::uint8_t cost : costs) REQUIRE(cost == 24);
  sweep.costs(wall.seen_from(0), wall.directions(), {wall.source(8)}, {0.3, 0.1, 5}, volume);
  CHECK(*volume.at(30, 70, 2) == 0);  // the wall's plane
  CHECK(*volume.at(30, 70, 0) > 20);
  CHECK(*volume.at(30, 2, 2) == 24);  // beyond the source's left border
}

TEST_CASE("plane sweep: what cannot be right is refused") {
  const Wall wall;
  PlaneSweepOptions options;
  options.p2 = 10;
  CHECK_THROWS_AS(PlaneSweep{options}, std::invalid_argument);
  PlaneSweep sweep;
  gv::Image<float> q(width, height), margin(width, height), small(width - 1, height);
  const std::vector<SweepSource> sources = {wall.source(6)};
  const auto run = [&](const std::vector<SweepSource>& given, const gv::depth::SweepPlanes& planes,
                       gv::Image<float>& into) {
    sweep(wall.seen_from(0), wall.directions(), given, planes, into.view(), margin.view());
  };
  CHECK_THROWS_AS(run({}, {0.1, 0.1, 8}, q), std::invalid_argument);
  CHECK_THROWS_AS(run(sources, {0.1, 0.1, 3}, q), std::invalid_argument);
  CHECK_THROWS_AS(run(sources, {0.1, 0.0, 8}, q), std::invalid_argument);
  CHECK_THROWS_AS(run(sources, {std::nan(""), 0.1, 8}, q), std::invalid_argument);
  CHECK_THROWS_AS(run(sources, {0.1, 0.1, 8}, small), std::invalid_argument);
}

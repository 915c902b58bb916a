#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>
#include <vector>

#include "geomvision/ops/nearest_known.hpp"

namespace gv = geomvision;
using Size = std::ptrdiff_t;

namespace {

constexpr float kGap = std::numeric_limits<float>::quiet_NaN();

// Step by step from a pixel until something is known.
float met(const std::vector<float>& map, Size height, Size width, Size y, Size x, Size dy, Size dx) {
  for (; y >= 0 && y < height && x >= 0 && x < width; y += dy, x += dx) {
    if (const float value = map[static_cast<std::size_t>(y * width + x)]; !std::isnan(value)) return value;
  }
  return kGap;
}

bool same(float a, float b) { return a == b || (std::isnan(a) && std::isnan(b)); }

}  // namespace

TEST_CASE("the nearest known value of each direction is the first that is met") {
  std::mt19937 random(3);
  for (const auto& [height, width] : {std::pair<Size, Size>{1, 1}, {1, 300}, {40, 1}, {19, 131}, {7, 257}}) {
    std::vector<float> map(static_cast<std::size_t>(height * width));
    for (float& value : map) value = random() % 4 == 0 ? static_cast<float>(random() % 100) : kGap;
    for (const int threads : {1, 3}) {
      std::vector<float> found(4 * map.size(), -1);
      gv::ops::nearest_known({map.data(), {height, width}}, {found.data(), {4, height, width}}, threads);
      constexpr Size steps[4][2] = {{0, -1}, {0, 1}, {-1, 0}, {1, 0}};
      bool all = true;
      for (Size i = 0; i < static_cast<Size>(found.size()); ++i) {
        const Size side = i / (height * width), y = i / width % height, x = i % width;
        const float expected = met(map, height, width, y, x, steps[side][0], steps[side][1]);
        all = all && same(found[static_cast<std::size_t>(i)], expected);
      }
      CHECK(all);
    }
  }
}

TEST_CASE("nearest_known names what does not fit") {
  std::vector<float> map(6), result(24);
  CHECK_THROWS_WITH_AS(gv::ops::nearest_known({map.data(), {2, 3}}, {result.data(), {4, 3, 2}}),
                       "nearest_known: the result is 4x3x2; it must be 4x2x3", std::invalid_argument);
  CHECK_THROWS_AS(gv::ops::nearest_known({result.data(), {2, 3}}, {result.data(), {4, 2, 3}}), std::invalid_argument);
  gv::ops::nearest_known({map.data(), {0, 3}}, {result.data(), {4, 0, 3}});
}

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <random>
#include <stdexcept>
#include <vector>

#include "allocations.hpp"
#include "each_isa.hpp"
#include "geomvision/isa.hpp"
#include "geomvision/ops/sgm_paths.hpp"
#include "geomvision/stereo/sgm.hpp"

namespace gv = geomvision;
using gv::ops::SGMPaths;
using gv::ops::SGMPathsOptions;

namespace {

template <typename T>
struct Volume {
  int height, width, count;
  std::vector<T> values;

  Volume(int h, int w, int d) : height(h), width(w), count(d), values(static_cast<std::size_t>(h * w * d)) {}
  T& operator()(int y, int x, int k) { return values[static_cast<std::size_t>((y * width + x) * count + k)]; }
  gv::TensorView<T, 3> view() { return {values.data(), {height, width, count}}; }
  gv::TensorView<const T, 3> read() const { return {values.data(), {height, width, count}}; }
};

Volume<std::uint8_t> noise(int height, int width, int count, unsigned seed, int most = 63) {
  std::mt19937 random(seed);
  Volume<std::uint8_t> costs(height, width, count);
  for (auto& cost : costs.values) cost = static_cast<std::uint8_t>(random() % static_cast<unsigned>(most + 1));
  return costs;
}

SGMPathsOptions options_of(int paths, int p1, int p2, int threads = 0) {
  SGMPathsOptions options;
  options.paths = paths;
  options.p1 = p1;
  options.p2 = p2;
  options.num_threads = threads;
  return options;
}

}  // namespace

TEST_CASE("path costs of one line are the cheapest ways through its costs") {
  // One row, three disparities: every way is enumerated and the cheapest taken, without the recursion of the method.
  const int p1 = 3, p2 = 5;
  auto costs = noise(1, 7, 3, 3);
  const auto step = [&](int a, int b) { return a == b ? 0 : (std::abs(a - b) == 1 ? p1 : p2); };
  const auto cheapest = [&](int from, int to, int last, bool fixed) {
    const int direction = from <= to ? 1 : -1, length = std::abs(to - from) + 1;
    int ways = 1, best = 1 << 30;
    for (int k = 0; k < length; ++k) ways *= 3;
    for (int way = 0; way < ways; ++way) {
      int rest = way, before = -1, total = 0;
      for (int k = 0; k < length; ++k, rest /= 3) {
        total += costs(0, from + direction * k, rest % 3) + (before < 0 ? 0 : step(before, rest % 3));
        before = rest % 3;
      }
      if (!fixed || before == last) best = std::min(best, total);
    }
    return best;
  };
  for (const int paths : {4, 5, 8, 16}) {
    Volume<std::uint16_t> sums(1, 7, 3);
    SGMPaths(options_of(paths, p1, p2))(costs.read(), sums.view());
    for (int x = 0; x < 7; ++x) {
      for (int i = 0; i < 3; ++i) {
        const int from_left = cheapest(0, x, i, true) - (x > 0 ? cheapest(0, x - 1, 0, false) : 0);
        const int from_right = cheapest(6, x, i, true) - (x < 6 ? cheapest(6, x + 1, 0, false) : 0);
        // in an image one row high all other paths begin, and end, here
        CHECK(sums(0, x, i) == from_left + from_right + (paths - 2) * costs(0, x, i));
      }
    }
  }
}

TEST_CASE("without penalties each path costs what its last pixel costs") {
  auto costs = noise(9, 50, 70, 1, 255);
  Volume<std::uint16_t> sums(9, 50, 70);
  SGMPaths(options_of(16, 0, 0))(costs.read(), sums.view());
  for (std::size_t i = 0; i < costs.values.size(); ++i) CHECK(sums.values[i] == 16 * costs.values[i]);
}

TEST_CASE("sums depend neither on threads nor on the instruction set nor on strides") {
  const auto costs = noise(40, 210, 130, 5);
  gv::Image<std::uint8_t> guide(210, 40);
  std::mt19937 random(8);
  for (int i = 0; i < 210 * 40; ++i) guide.data()[i] = static_cast<std::uint8_t>(random() % 64);
  for (const int paths : {4, 5, 8, 16}) {
    Volume<std::uint16_t> expected(40, 210, 130);
    SGMPaths(options_of(paths, 10, 90, 1))(costs.read(), guide.view(), expected.view());
    for (const int threads : {2, 3, 4, 8}) {
      Volume<std::uint16_t> sums(40, 210, 130);
      SGMPaths(options_of(paths, 10, 90, threads))(costs.read(), guide.view(), sums.view());
      CHECK(sums.values == expected.values);
    }
    with_each_isa([&] {
      Volume<std::uint16_t> sums(40, 210, 130);
      SGMPaths(options_of(paths, 10, 90))(costs.read(), guide.view(), sums.view());
      CHECK(sums.values == expected.values);
    });
  }
  // a part of the rows, columns and disparities of larger volumes
  auto large = noise(12, 30, 40, 6);
  Volume<std::uint8_t> compact(8, 20, 33);
  for (int y = 0; y < 8; ++y) {
    for (int x = 0; x < 20; ++x) {
      for (int k = 0; k < 33; ++k) compact(y, x, k) = large(y + 2, x + 5, k + 4);
    }
  }
  const gv::TensorView<const std::uint8_t, 3> part(&large(2, 5, 4), {8, 20, 33}, {30 * 40, 40, 1});
  Volume<std::uint16_t> sums(8, 20, 33), expected(8, 20, 33);
  SGMPaths paths(options_of(8, 10, 90));
  paths(part, sums.view());
  paths(compact.read(), expected.view());
  CHECK(sums.values == expected.values);
}

TEST_CASE("paths cross from strip to strip wherever these end") {
  for (int width = 126; width < 134; ++width) {
    for (const int strips : {2, 3, 4}) {  // a strip is half as wide; its last chunk may be one pixel
      const auto costs = noise(30, width * strips / 2 + strips, 190, static_cast<unsigned>(width));
      Volume<std::uint16_t> sums(30, costs.width, 190), expected(30, costs.width, 190);
      SGMPaths(options_of(16, 5, 60, 1))(costs.read(), expected.view());
      for (int again = 0; again < 5; ++again) {
        SGMPaths(options_of(16, 5, 60, strips))(costs.read(), sums.view());
        CHECK(sums.values == expected.values);
      }
    }
  }
}

TEST_CASE("a second call of the same size allocates nothing") {
  const auto costs = noise(30, 120, 40, 7);
  Volume<std::uint16_t> sums(30, 120, 40);
  SGMPaths paths(options_of(8, 10, 90));
  paths(costs.read(), sums.view());
  const long before = allocations();
  paths(costs.read(), sums.view());
  CHECK(allocations() == before);
}

TEST_CASE("the matcher takes costs that the caller computed") {
  // costs that are lowest at disparity 9, wherever one looks
  Volume<std::uint8_t> costs(20, 60, 16);
  for (int y = 0; y < 20; ++y) {
    for (int x = 0; x < 60; ++x) {
      for (int k = 0; k < 16; ++k) costs(y, x, k) = static_cast<std::uint8_t>(std::abs(k - 9) * 4);
    }
  }
  gv::stereo::SGMOptions options;
  options.min_disparity = -2;
  options.max_disparity = 14;
  gv::stereo::SGM sgm(options);
  const gv::Image<float> left(60, 20, 1.0f);
  gv::Image<float> disparity(60, 20);
  sgm(costs.read(), left.view(), disparity.view());
  for (int y = 0; y < 20; ++y) {
    for (int x = 7; x < 60; ++x) CHECK(disparity(x, y) == 7.0f);
  }
  options.max_disparity = 15;
  gv::stereo::SGM wider(options);
  CHECK_THROWS_WITH_AS(wider(costs.read(), left.view(), disparity.view()), doctest::Contains("allowed is 20x60x17"),
                       std::invalid_argument);
}

TEST_CASE("costs, options and sizes that are not allowed are refused") {
  auto costs = noise(3, 4, 5, 9, 75);
  costs(1, 2, 3) = 76;
  Volume<std::uint16_t> sums(3, 4, 5), smaller(3, 4, 4);
  CHECK_THROWS_WITH_AS(SGMPaths(options_of(8, 10, 180))(costs.read(), sums.view()),
                       doctest::Contains("the largest cost is 76 and p2 180"), std::invalid_argument);
  SGMPaths(options_of(8, 10, 179))(costs.read(), sums.view());
  CHECK_THROWS_AS(SGMPaths(options_of(8, 10, 90))(costs.read(), smaller.view()), std::invalid_argument);
  CHECK_THROWS_AS(SGMPaths(options_of(6, 10, 90)), std::invalid_argument);
  CHECK_THROWS_AS(SGMPaths(options_of(8, 91, 90)), std::invalid_argument);
  gv::Image<float> guide(4, 3), wide(5, 3);
  CHECK_THROWS_AS(SGMPaths(options_of(8, 10, 90))(costs.read(), wide.view(), sums.view()), std::invalid_argument);
  guide(2, 1) = std::nanf("");
  CHECK_THROWS_WITH_AS(SGMPaths(options_of(8, 10, 90))(costs.read(), guide.view(), sums.view()),
                       "SGMPaths: guide holds NaN or infinity at (2, 1); fill it first", std::invalid_argument);
  Volume<std::uint8_t> none(0, 4, 5);
  Volume<std::uint16_t> no_sums(0, 4, 5);
  SGMPaths(options_of(8, 10, 90))(none.read(), no_sums.view());
}

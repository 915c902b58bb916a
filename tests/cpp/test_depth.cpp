#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

#include "geomvision/depth/from_disparity.hpp"

using geomvision::Image;
using geomvision::depth::from_disparity;

TEST_CASE("depth is focal length times baseline by disparity, in regions and in place") {
  constexpr float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
  Image<float> disparity(8, 3, 25.0f), depth(10, 3, -1.0f);
  disparity(1, 1) = nan;
  disparity(2, 1) = -5.0f;
  disparity(3, 1) = -7.0f;
  disparity(4, 1) = infinity;
  disparity(5, 1) = -4.99999f;
  const auto region = depth.view().crop(1, 0, 8, 3);
  from_disparity(disparity.view(), {500.0, 0.1, 5.0}, region);
  CHECK(region(0, 0) == static_cast<float>(50.0 / 30.0));
  CHECK(std::isnan(region(1, 1)));
  CHECK(std::isnan(region(2, 1)));
  CHECK(std::isnan(region(3, 1)));
  CHECK(std::isnan(region(4, 1)));  // as its point is: no depth is 0
  CHECK(region(5, 1) > 1e6f);
  CHECK(depth(0, 1) == -1.0f);
  CHECK(depth(9, 2) == -1.0f);
  from_disparity(disparity.view(), {500.0, 0.1}, disparity.view(), 3);
  CHECK(disparity(7, 2) == 2.0f);
}

TEST_CASE("a rig without focal length or baseline is refused, as is another size") {
  Image<float> disparity(8, 3, 25.0f), depth(8, 4);
  CHECK_THROWS_AS(from_disparity(disparity.view(), {0.0, 0.1}, disparity.view()), std::invalid_argument);
  CHECK_THROWS_AS(from_disparity(disparity.view(), {500.0, -0.1}, disparity.view()), std::invalid_argument);
  CHECK_THROWS_AS(from_disparity(disparity.view(), {500.0, 0.1, NAN}, disparity.view()), std::invalid_argument);
  CHECK_THROWS_AS(from_disparity(disparity.view(), {500.0, 0.1}, depth.view()), std::invalid_argument);
}

TEST_CASE("points lie on the rays of their pixels, whatever the focal lengths") {
  Image<float> disparity(3, 2, 10.0f);
  disparity(1, 1) = -1.0f;
  std::vector<float> points(18);
  const geomvision::TensorView<float, 3> view(points.data(), {2, 3, 3});
  geomvision::depth::points_from_disparity(disparity.view(), {100.0, 0.5}, 1.0, 0.5, view, 1, 50.0);
  CHECK(points[0] == -0.05f);
  CHECK(points[1] == -0.05f);
  CHECK(points[2] == 5.0f);
  CHECK(std::isnan(points[12]));
  CHECK(std::isnan(points[14]));
  CHECK_THROWS_AS(geomvision::depth::points_from_disparity(disparity.view(), {100.0, 0.5}, NAN, 0.5, view),
                  std::invalid_argument);
  CHECK_THROWS_AS(
      geomvision::depth::points_from_disparity(disparity.view(), {100.0, 0.5}, 1.0, 0.5, {points.data(), {3, 2, 3}}),
      std::invalid_argument);
}

TEST_CASE("what has no depth a float holds has no point: infinite, none, 0, negative, near 0 and far") {
  const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  for (const double offset : {0.0, 2.0, -3.0}) {
    Image<float> disparity(9, 1), depth(9, 1);
    const float given[] = {inf, -inf, nan, 0.0f, -5.0f, 1e-40f, 3e38f, 3.0f, 8.0f};
    std::copy(std::begin(given), std::end(given), disparity.data());
    std::vector<float> points(27);
    from_disparity(disparity.view(), {100.0, 0.5, offset}, depth.view());
    geomvision::depth::points_from_disparity(disparity.view(), {100.0, 0.5, offset}, 4.0, 0.5,
                                             {points.data(), {1, 9, 3}});
    for (int x = 0; x < 9; ++x) {
      const double shifted = static_cast<double>(given[x]) + offset;
      const bool known = shifted > 0 && shifted < 1e39 && 50.0 / shifted < 3.4e38;
      CAPTURE(x);
      CAPTURE(offset);
      if (given[x] != inf) CHECK(std::isnan(depth(x, 0)) == !known);
      for (int k = 0; k < 3; ++k) CHECK(std::isnan(points[static_cast<std::size_t>(3 * x + k)]) == !known);
      if (known) CHECK(points[static_cast<std::size_t>(3 * x + 2)] == static_cast<float>(50.0 / shifted));
    }
  }
  Image<float> near(2, 1, 1e-36f);  // Z fits a float, X at the left does not
  std::vector<float> points(6);
  geomvision::depth::points_from_disparity(near.view(), {1.0, 50.0}, 100.0, 0.0, {points.data(), {1, 2, 3}});
  for (const float value : points) CHECK(std::isnan(value));
}

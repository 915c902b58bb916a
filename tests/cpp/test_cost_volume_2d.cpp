#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <stdexcept>
#include <vector>

#include "allocations.hpp"
#include "geomvision/isa.hpp"
#include "geomvision/ops/cost_volume_2d.hpp"

using geomvision::TensorView;
namespace ops = geomvision::ops;

TEST_CASE_TEMPLATE("costs of displacements, for every thread count, from and into views with gaps", T, std::uint8_t,
                   std::uint16_t, float, double) {
  using Cost = std::conditional_t<std::is_same_v<T, double>, double, float>;
  constexpr int width = 23, height = 9, radius = 3, side = 2 * radius + 1, apart = side * side + 5;
  std::mt19937 random(4);
  std::vector<T> pixels(2 * height * (width + 4));
  for (T& pixel : pixels) pixel = static_cast<T>(random() % 250);
  const auto frame = [&](int i) {
    return TensorView<const T, 3>(pixels.data() + i * height * (width + 4), {1, height, width},
                                  {height * (width + 4), width + 4, 1});
  };
  const auto from = frame(0), to = frame(1);
  for (const int threads : {1, 2, 5, 8}) {
    std::vector<Cost> costs(height * width * apart, Cost(-1));
    const TensorView<Cost, 4> volume(costs.data(), {1, height, width, side * side},
                                     {height * width * apart, width * apart, apart, 1});
    ops::cost_volume_2d<T>(from, to, radius, threads % 2 == 0, volume, threads);
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        for (int i = 0; i < side * side; ++i) {
          const int v = y + i / side - radius, u = x + i % side - radius;
          if (v < 0 || v >= height || u < 0 || u >= width) {
            CHECK(std::isinf(*volume.at(0, y, x, i)));
            continue;
          }
          const double difference = static_cast<double>(*from.at(0, y, x)) - static_cast<double>(*to.at(0, v, u));
          CHECK(*volume.at(0, y, x, i) == (threads % 2 == 0 ? difference * difference : std::fabs(difference)));
        }
        for (int gap = side * side; gap < apart; ++gap) CHECK(costs[(y * width + x) * apart + gap] == Cost(-1));
      }
    }
    const long before = allocations();
    if (threads == 1) ops::cost_volume_2d<T>(from, to, radius, true, volume, threads);
    CHECK(allocations() == before);
  }
}

TEST_CASE_TEMPLATE("the derivative of a cost goes to the two pixels it compares", T, float, double) {
  const int height = 5, width = 9, radius = 2, side = 2 * radius + 1;
  std::mt19937 random(7);
  const auto made = [&](int count) {
    std::vector<T> values(static_cast<std::size_t>(count));
    for (T& value : values) value = static_cast<T>(static_cast<int>(random() % 16) - 8);  // sums of them are exact
    return values;
  };
  std::vector<T> pixels0 = made(height * width), pixels1 = made(height * width);
  const std::vector<T> slopes = made(height * width * side * side);
  pixels0[13] = std::numeric_limits<T>::quiet_NaN();
  pixels1[20] = std::numeric_limits<T>::infinity();
  const TensorView<const T, 3> frame0(pixels0.data(), {1, height, width}), frame1(pixels1.data(), {1, height, width});
  const TensorView<const T, 4> d_volume(slopes.data(), {1, height, width, side * side});
  for (const bool squared : {false, true}) {
    std::vector<T> expected0(pixels0.size()), expected1(pixels1.size());
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        for (int i = 0; i < side * side; ++i) {
          const int v = y + i / side - radius, u = x + i % side - radius;
          if (v < 0 || v >= height || u < 0 || u >= width) continue;
          const T difference = *frame0.at(0, y, x) - *frame1.at(0, v, u);
          if (!std::isfinite(difference)) continue;
          const T sign = static_cast<T>(difference > 0) - static_cast<T>(difference < 0);
          const T slope = *d_volume.at(0, y, x, i) * (squared ? 2 * difference : sign);
          expected0[static_cast<std::size_t>(y * width + x)] += slope;
          expected1[static_cast<std::size_t>(v * width + u)] -= slope;
        }
      }
    }
    for (const int threads : {1, 3}) {
      std::vector<T> found0(pixels0.size(), T(7)), found1(pixels1.size(), T(7));
      const TensorView<T, 3> d_frame0(found0.data(), {1, height, width}), d_frame1(found1.data(), {1, height, width});
      ops::cost_volume_2d_backward<T>(d_volume, frame0, frame1, radius, squared, d_frame0, d_frame1, threads);
      CHECK(found0 == expected0);
      CHECK(found1 == expected1);
      CHECK_THROWS_AS(ops::cost_volume_2d_backward<T>(d_volume, frame0, frame1, 1, squared, d_frame0, d_frame1),
                      std::invalid_argument);
    }
  }
}

TEST_CASE("displacements that do not fit the volume are refused") {
  std::vector<float> memory(1 * 2 * 3 * 25);
  const TensorView<const float, 3> frame(memory.data(), {1, 2, 3});
  const TensorView<float, 4> volume(memory.data(), {1, 2, 3, 25});
  CHECK_THROWS_WITH_AS(ops::cost_volume_2d<float>(frame, frame, 1, false, volume),
                       "cost_volume_2d: the volume is 1x2x3x25; 1x2x3x9 is needed", std::invalid_argument);
  CHECK_THROWS_AS(ops::cost_volume_2d<float>(frame, frame, 128, false, volume), std::invalid_argument);
  CHECK_THROWS_AS(ops::cost_volume_2d<float>(frame, frame, -1, false, volume), std::invalid_argument);
}

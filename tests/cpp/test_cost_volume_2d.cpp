#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
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

TEST_CASE("displacements that do not fit the volume are refused") {
  std::vector<float> memory(1 * 2 * 3 * 25);
  const TensorView<const float, 3> frame(memory.data(), {1, 2, 3});
  const TensorView<float, 4> volume(memory.data(), {1, 2, 3, 25});
  CHECK_THROWS_WITH_AS(ops::cost_volume_2d<float>(frame, frame, 1, false, volume),
                       "cost_volume_2d: the volume is 1x2x3x25; 1x2x3x9 is needed", std::invalid_argument);
  CHECK_THROWS_AS(ops::cost_volume_2d<float>(frame, frame, 128, false, volume), std::invalid_argument);
  CHECK_THROWS_AS(ops::cost_volume_2d<float>(frame, frame, -1, false, volume), std::invalid_argument);
}

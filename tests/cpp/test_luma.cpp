#include <doctest/doctest.h>

#include <cstdint>
#include <stdexcept>
#include <vector>

#include "geomvision/luma.hpp"

using namespace geomvision;

TEST_CASE("luma weighs the primaries as BT.601 says, and white stays white") {
  const std::vector<std::uint8_t> rgb{255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255};
  std::vector<std::uint8_t> grey(4);
  luma<std::uint8_t>({rgb.data(), {2, 2, 3}}, {grey.data(), 2, 2});
  CHECK(grey == std::vector<std::uint8_t>{76, 150, 29, 255});
  const std::vector<float> bright{1, 1, 1, 0, 2, 0};
  std::vector<float> weights(2);
  luma<float>({bright.data(), {1, 2, 3}}, {weights.data(), 2, 1});
  CHECK(weights[0] == doctest::Approx(1.0));
  CHECK(weights[1] == doctest::Approx(1.174));
}

TEST_CASE("luma of the brightest and of long rows is exact, on any number of threads") {
  constexpr int width = 133, height = 67;
  std::vector<std::uint16_t> rgb(3 * width * height);
  for (std::size_t k = 0; k < rgb.size(); ++k) rgb[k] = static_cast<std::uint16_t>(65535 - 7919 * k % 65536);
  for (const int threads : {1, 3}) {
    std::vector<std::uint16_t> grey(width * height);
    luma<std::uint16_t>({rgb.data(), {height, width, 3}}, {grey.data(), width, height}, threads);
    for (std::size_t k = 0; k < grey.size(); ++k) {
      const double exact = (4899.0 * rgb[3 * k] + 9617.0 * rgb[3 * k + 1] + 1868.0 * rgb[3 * k + 2]) / 16384;
      REQUIRE(grey[k] == static_cast<int>(exact + 0.5));
    }
  }
}

TEST_CASE("luma refuses other sizes") {
  std::vector<float> rgb(24), grey(8);
  CHECK_THROWS_AS(luma<float>({rgb.data(), {2, 4, 3}}, {grey.data(), 2, 4}), std::invalid_argument);
  CHECK_THROWS_AS(luma<float>({rgb.data(), {2, 3, 4}}, {grey.data(), 3, 2}), std::invalid_argument);
}

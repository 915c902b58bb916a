#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <random>
#include <stdexcept>
#include <vector>

#include "geomvision/stereo/postprocess.hpp"
#include "stereo/check_room.hpp"

using geomvision::stereo::Agreement;

namespace {

constexpr std::int16_t none = -32768;

// Winners near one another, some too far, some none; right ones lead to left pixels, as offers do, unless they stray.
std::vector<std::int16_t> winners(std::mt19937& random, int width, int sign, bool strays) {
  std::vector<std::int16_t> row;
  for (int x = 0; x < width; ++x) {
    const int d = static_cast<int>(random() % 9) - 2 + (random() % 20 == 0 ? 300 : 0), partner = x + sign * d;
    const bool lost = random() % 8 == 0 || (!strays && (partner < 0 || partner >= width));
    row.push_back(lost ? none : static_cast<std::int16_t>(d));
  }
  return row;
}

}  // namespace

TEST_CASE("the kernel that weighs a row finds what left_right_check does") {
  std::mt19937 random(1);
  geomvision::stereo::CheckRoom room;
  for (const int width : {1, 2, 7, 64, 129, 1000}) {
    for (const int tolerance : {-1, 0, 1, 3, 8192}) {
      for (const bool strays : {false, true}) {
        std::vector<std::int16_t> left = winners(random, width, -1, true);
        const std::vector<std::int16_t> right = winners(random, width, 1, strays);
        std::vector<Agreement> expected(static_cast<std::size_t>(width), Agreement::agrees);
        if (tolerance >= 0) {
          geomvision::stereo::left_right_check(left.data(), right.data(), width, none, tolerance, expected.data());
        }
        left.push_back(none);
        std::vector<float> confidence(static_cast<std::size_t>(width), 0.75f);
        std::vector<std::uint8_t> found(static_cast<std::size_t>(width), 99);
        room.resize(width);
        GEOMVISION_KERNEL(weigh_row)
        (room.check(left.data(), right.data(), tolerance), confidence.data(), found.data());
        int wrong = 0;
        for (int x = 0; x < width; ++x) {
          const auto i = static_cast<std::size_t>(x);
          const int partner = x - left[i];
          const bool known =
              left[i] != none && partner >= 0 && partner < width && right[static_cast<std::size_t>(partner)] != none;
          const int apart = known ? std::abs(left[i] - right[static_cast<std::size_t>(partner)]) : 0;
          const float share = left[i] == none ? 0.75f : (known ? 0.75f / static_cast<float>(1 + apart) : 0.0f);
          wrong += found[i] != static_cast<std::uint8_t>(expected[i]) || confidence[i] != share;
        }
        CAPTURE(width);
        CAPTURE(tolerance);
        CHECK(wrong == 0);
      }
    }
  }
}

TEST_CASE("there is no speckle filter beyond what an int can count") {
  float pixel = 0.0f;
  const geomvision::ImageView<float> huge(&pixel, 65536, 65536);  // refused before it is looked at
  geomvision::stereo::SpeckleFilter speckle;
  CHECK_THROWS_WITH_AS(speckle(huge, 20, 1.0f), doctest::Contains("65536x65536"), std::invalid_argument);
}

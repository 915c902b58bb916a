#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <string>

#include "each_isa.hpp"
#include "geomvision/isa.hpp"
#include "geomvision/stereo/block_matching.hpp"
#include "stereo/window_costs.hpp"

using geomvision::Image;
using geomvision::ImageView;
using geomvision::stereo::BlockMatching;
using geomvision::stereo::BlockMatchingOptions;

namespace {

std::uint32_t noise(std::uint32_t x, std::uint32_t y) {
  std::uint32_t h = x * 374761393U + y * 668265263U + 1U;
  h = (h ^ (h >> 13)) * 1274126177U;
  return h ^ (h >> 16);
}

// Independent noise in every pixel, `shift` pixels further on.
template <typename T>
Image<T> noise_image(int width, int height, int shift, std::uint32_t levels) {
  Image<T> image(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      image(x, y) =
          static_cast<T>(noise(static_cast<std::uint32_t>(x + shift + 1000), static_cast<std::uint32_t>(y)) % levels);
    }
  }
  return image;
}

const char* const costs[] = {"sad", "ssd", "ncc", "zncc", "census"};

BlockMatchingOptions options(const char* cost, int max_disparity, int window) {
  BlockMatchingOptions o;
  o.cost = cost;
  o.max_disparity = max_disparity;
  o.window = window;
  return o;
}

bool equal(const Image<float>& a, const Image<float>& b) {
  return std::memcmp(a.data(), b.data(), sizeof(float) * static_cast<std::size_t>(a.width()) * a.height()) == 0;
}

}  // namespace

TEST_CASE("a shift is found wherever the right image shows it, with any cost and type") {
  constexpr int width = 70, height = 30, shift = 11;
  for (const char* cost : costs) {
    CAPTURE(cost);
    BlockMatchingOptions o = options(cost, 24, 5);
    o.subpixel = "none";
    const auto right8 = noise_image<std::uint8_t>(width, height, shift, 256);
    const auto left8 = noise_image<std::uint8_t>(width, height, 0, 256);
    const auto right16 = noise_image<std::uint16_t>(width, height, shift, 65536);
    const auto left16 = noise_image<std::uint16_t>(width, height, 0, 65536);
    const auto right32 = noise_image<float>(width, height, shift, 100000);
    const auto left32 = noise_image<float>(width, height, 0, 100000);
    BlockMatching matching(o);
    const Image<float> found[] = {matching(left8, right8), matching(left16, right16), matching(left32, right32)};
    for (const Image<float>& disparity : found) {
      int wrong = 0;
      for (int y = 2; y < height - 2; ++y) {
        for (int x = shift + 3; x < width - 3; ++x) wrong += disparity(x, y) != static_cast<float>(shift);
      }
      CHECK(wrong == 0);
    }
  }
}

TEST_CASE("window costs are the sums they claim to be") {
  using namespace geomvision::stereo;
  constexpr int width = 9, height = 7, radius = 1, first = -2, count = 5;
  const auto left = noise_image<std::uint16_t>(width, height, 0, 4096);
  const auto right = noise_image<std::uint16_t>(width, height, 40, 4096);
  WindowPair pair;
  pair.width = width;
  pair.height = height;
  const auto continued = [](const Image<std::uint16_t>& from) {
    Continued<std::uint16_t> to;
    to.radius = radius;
    to.image.resize(width + 2 * radius, height);
    for (int y = 0; y < height; ++y) {
      for (int x = -radius; x < width + radius; ++x) {
        to.image(x + radius, y) = from(std::min(std::max(x, 0), width - 1), y);
      }
    }
    return to;
  };
  pair.left = continued(left);
  pair.right = continued(right);
  const auto at = [](const Image<std::uint16_t>& image, int x, int y) {
    return static_cast<std::int64_t>(image(std::min(std::max(x, 0), width - 1), std::min(std::max(y, 0), height - 1)));
  };
  WindowSearch search;
  search.radius = radius;
  search.first = first;
  search.count = count;
  for (const bool squared : {false, true}) {
    search.cost = squared ? WindowCost::ssd : WindowCost::sad;
    WindowCosts costs_of_rows;
    for (int y = 0; y < height; ++y) {
      if (y == 0) {
        costs_of_rows.start(pair, search, y);
      } else {
        costs_of_rows.next_row();
      }
      for (int x = 0; x < width; ++x) {
        const std::int32_t* cost = costs_of_rows.next_pixel();
        for (int k = 0; k < count; ++k) {
          if (x - first - k < 0 || x - first - k >= width) continue;
          std::int64_t expected = 0;
          for (int dy = -radius; dy <= radius; ++dy) {
            for (int dx = -radius; dx <= radius; ++dx) {
              const std::int64_t d = at(left, x + dx, y + dy) - at(right, x + dx - first - k, y + dy);
              expected += squared ? d * d : std::abs(d);
            }
          }
          CHECK(cost[k] == expected);
        }
      }
    }
  }
}

TEST_CASE("sums of squares of 16-bit images keep their leading 28 bits") {
  using geomvision::stereo::square_shift;
  CHECK(square_shift(81, 255) == 0);
  CHECK(square_shift(3969, 255) == 0);
  CHECK(square_shift(1, 0) == 0);
  for (const std::int64_t area : {std::int64_t{9}, std::int64_t{81}, std::int64_t{3969}}) {
    const std::int64_t largest = area * 65535 * 65535;
    const int shift = square_shift(area, 65535);
    CHECK((largest >> shift) < (1 << 28));
    CHECK((largest >> (shift - 1)) >= (1 << 28));
  }
}

TEST_CASE("results do not depend on threads nor on the instruction set") {
  const auto left = noise_image<std::uint8_t>(83, 61, 0, 256);
  const auto right = noise_image<std::uint8_t>(83, 61, 5, 250);
  for (const char* cost : costs) {
    BlockMatchingOptions o = options(cost, 20, 7);
    o.texture = 10.0f;
    o.num_threads = 1;
    const Image<float> expected = BlockMatching(o)(left, right);
    with_each_isa([&] {
      for (const int threads : {1, 2, 3, 8}) {
        o.num_threads = threads;
        CHECK(equal(BlockMatching(o)(left, right), expected));
      }
    });
  }
}

TEST_CASE("one object serves images of any size, and borrowed rows") {
  BlockMatching matching(options("zncc", 16, 5));
  for (const int width : {40, 7, 1, 90}) {
    for (const int height : {33, 1, 2, 50}) {
      const auto left = noise_image<std::uint8_t>(width, height, 0, 256);
      const auto right = noise_image<std::uint8_t>(width, height, 3, 256);
      const Image<float> disparity = matching(left, right);
      CHECK(equal(disparity, BlockMatching(matching.options())(left, right)));
      for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
          const float confidence = matching.confidence()(x, y);
          CHECK(confidence >= 0.0f);
          CHECK(confidence <= 1.0f);
        }
      }
    }
  }
  const auto left = noise_image<std::uint8_t>(60, 30, 0, 256);
  const auto right = noise_image<std::uint8_t>(60, 30, 3, 256);
  Image<std::uint8_t> small_left(40, 20), small_right(40, 20);
  for (int y = 0; y < 20; ++y) {
    for (int x = 0; x < 40; ++x) {
      small_left(x, y) = left(x + 9, y + 4);
      small_right(x, y) = right(x + 9, y + 4);
    }
  }
  CHECK(equal(matching(left.view().crop(9, 4, 40, 20), right.view().crop(9, 4, 40, 20)),
              matching(small_left, small_right)));
}

TEST_CASE("all maps can go where the caller wants them, and must have the pair's size") {
  constexpr int width = 61, height = 23;
  const auto left = noise_image<float>(width, height, 0, 200), right = noise_image<float>(width, height, 4, 200);
  BlockMatching matching(options("sad", 12, 5)), other(matching.options());
  const Image<float> disparity = matching(left, right);
  Image<float> all(width, 2 * height);
  Image<std::uint8_t> occluded(width, height), narrow(width - 1, height);
  const auto upper = all.view().crop(0, 0, width, height), lower = all.view().crop(0, height, width, height);
  other(left.view(), right.view(), upper, lower, occluded.view());
  for (int y = 0; y < height; ++y) {
    CHECK(std::memcmp(upper.row(y), &disparity(0, y), sizeof(float) * width) == 0);
    CHECK(std::memcmp(lower.row(y), matching.confidence().row(y), sizeof(float) * width) == 0);
    CHECK(std::memcmp(&occluded(0, y), matching.occluded().row(y), width) == 0);
  }
  CHECK(other.confidence().empty());
  CHECK_THROWS_WITH_AS(other(left.view(), right.view(), upper, lower, narrow.view()),
                       doctest::Contains("occluded is 60x23"), std::invalid_argument);
}

TEST_CASE("wrong options and images are refused, with what was given") {
  const auto refused = [](auto change, const std::string& message) {
    BlockMatchingOptions o;
    change(o);
    try {
      BlockMatching matching(o);
      FAIL("accepted: ", message);
    } catch (const std::invalid_argument& error) {
      CHECK(std::string(error.what()).find(message) != std::string::npos);
    }
  };
  refused([](auto& o) { o.cost = "mad"; }, "cost is 'mad'");
  refused([](auto& o) { o.window = 4; }, "window is 4");
  refused([](auto& o) { o.max_disparity = o.min_disparity; }, "max_disparity must be larger");
  refused([](auto& o) { o.uniqueness = 100; }, "uniqueness is 100");
  refused([](auto& o) { o.subpixel = "cubic"; }, "'cubic'");
  refused([](auto& o) { o.fill = "all"; }, "'all'");
  refused([](auto& o) { o.texture = -1.0f; }, "texture is -1");
  BlockMatching matching;
  CHECK_THROWS_AS(matching(Image<float>(3, 2), Image<float>(2, 3)), std::invalid_argument);
  CHECK_THROWS_AS(matching(Image<float>(), Image<float>()), std::invalid_argument);
  const Image<float> nan(3, 3, std::numeric_limits<float>::quiet_NaN());
  CHECK_THROWS_AS(matching(nan, nan), std::invalid_argument);
}

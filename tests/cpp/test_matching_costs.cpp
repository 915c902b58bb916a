#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <vector>

#include "geomvision/ops/box.hpp"
#include "geomvision/ops/census.hpp"
#include "geomvision/ops/matching_costs.hpp"

using geomvision::Image;
using geomvision::ImageView;
using geomvision::TensorView;
namespace ops = geomvision::ops;

namespace {

template <typename T>
Image<T> pattern(int width, int height, int shift) {
  Image<T> image(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) image(x, y) = static_cast<T>(((x + shift) * 37 + y * 101) * (x + shift + 3) % 251);
  }
  return image;
}

template <typename T>
struct Volume {
  std::vector<T> values;
  TensorView<T, 3> view;
  Volume(int height, int width, int count)
      : values(static_cast<std::size_t>(height) * width * count), view(values.data(), {height, width, count}) {}
};

}  // namespace

TEST_CASE("costs of borrowed rows are those of their copies, and nothing at the true shift") {
  constexpr int width = 40, height = 12, shift = 5, count = 8;
  const auto left = pattern<std::uint8_t>(60, 20, 0), right = pattern<std::uint8_t>(60, 20, shift);
  const auto l = left.view().crop(7, 3, width, height), r = right.view().crop(7, 3, width, height);
  Image<std::uint8_t> own_left(width, height), own_right(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      own_left(x, y) = l(x, y);
      own_right(x, y) = r(x, y);
    }
  }
  Volume<std::uint16_t> absolute(height, width, count), copied(height, width, count), squared(height, width, count);
  ops::absolute_differences<std::uint8_t>(l, r, 0, absolute.view);
  ops::absolute_differences<std::uint8_t>(own_left, own_right, 0, copied.view, 3);
  ops::squared_differences<std::uint8_t>(l, r, 0, squared.view);
  CHECK(absolute.values == copied.values);
  Volume<float> zncc(height, width, count), half(height, width, count);
  ops::correlation_costs<std::uint8_t>(l, r, 0, 5, true, zncc.view);
  ops::birchfield_tomasi<std::uint8_t>(l, r, 0, half.view);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int k = 0; k < count; ++k) {
        const int cost = *absolute.view.at(y, x, k);
        if (x < k) {
          CHECK(cost == 65535);
          CHECK(*squared.view.at(y, x, k) == 65535);
          CHECK(std::isnan(*half.view.at(y, x, k)));
        } else {
          CHECK(*squared.view.at(y, x, k) == cost * cost);
          CHECK(*half.view.at(y, x, k) <= static_cast<float>(cost));
        }
      }
      if (x < shift + 2 || x >= width - 2) continue;
      CHECK(*absolute.view.at(y, x, shift) == 0);
      CHECK(*zncc.view.at(y, x, shift) == doctest::Approx(0).epsilon(1e-6));
    }
  }
}

TEST_CASE("census words of an image and of its double are equal") {
  const auto image = pattern<std::uint8_t>(30, 9, 0);
  Image<float> doubled(30, 9);
  for (int y = 0; y < 9; ++y) {
    for (int x = 0; x < 30; ++x) doubled(x, y) = 2.0f * static_cast<float>(image(x, y)) + 1.0f;
  }
  for (const char* window : {"5x5", "7x7", "9x7", "sparse"}) {
    std::vector<std::int64_t> words(270), again(270);
    const TensorView<std::int64_t, 2> first(words.data(), {9, 30}), second(again.data(), {9, 30});
    ops::census_transform<std::uint8_t>(image, window, first);
    ops::census_transform<float>(doubled, window, second, 2);
    CHECK(words == again);
    Volume<std::uint8_t> volume(9, 30, 3);
    ops::hamming_distances(first, second, 0, volume.view);
    for (int i = 0; i < 270; ++i) CHECK(volume.values[static_cast<std::size_t>(3 * i)] == 0);
  }
}

TEST_CASE("sizes that disagree are refused") {
  const auto image = pattern<float>(8, 6, 0), other = pattern<float>(7, 6, 0);
  Volume<float> volume(6, 8, 3);
  CHECK_THROWS_AS(ops::absolute_differences<float>(image, other, 0, volume.view), std::invalid_argument);
  CHECK_THROWS_AS(ops::birchfield_tomasi<float>(other, other, 0, volume.view), std::invalid_argument);
  CHECK_THROWS_AS(ops::correlation_costs<float>(image, image, 0, 4, true, volume.view), std::invalid_argument);
  Volume<float> result(6, 8, 2);
  CHECK_THROWS_AS(ops::box_aggregation<float>(volume.view, 3, true, result.view), std::invalid_argument);
  CHECK_THROWS_AS(ops::box_aggregation<float>(volume.view, 2, true, volume.view), std::invalid_argument);
}

TEST_CASE_TEMPLATE("derivatives of differences go to both images, in regions of larger ones", T, float, double) {
  // One row: left 5 meets right 5 - 1 - k. The derivative of a single candidate is +-1, or twice the difference.
  std::vector<T> left{1, 2, 4, 8, 16, 32}, right{9, 7, 5, 3, 1, 0}, gradient(6 * 3, T(0));
  Image<T> d_left(9, 1, T(7)), d_right(6, 1);
  gradient[5 * 3 + 2] = T(10);  // left 5 (32) and right 2 (5)
  gradient[0] = T(99);          // left 0 and right -1: there is none
  for (const bool squared : {false, true}) {
    ops::differences_backward<T>({gradient.data(), {1, 6, 3}}, {left.data(), 6, 1}, {right.data(), 6, 1}, 1, squared,
                                 d_left.view().crop(2, 0, 6, 1), d_right.view());
    const T slope = squared ? T(2 * 27 * 10) : T(10);
    for (int x = 0; x < 6; ++x) {
      CHECK(d_left(2 + x, 0) == (x == 5 ? slope : T(0)));
      CHECK(d_right(x, 0) == (x == 2 ? -slope : T(0)));
    }
    CHECK(d_left(1, 0) == T(7));
    CHECK(d_left(8, 0) == T(7));
  }
  CHECK_THROWS_AS(
      (ops::differences_backward<T>({gradient.data(), {1, 6, 3}}, {left.data(), 6, 1}, {right.data(), 6, 1},
                                    std::numeric_limits<int>::min(), false, d_right.view(), d_right.view())),
      std::invalid_argument);
}

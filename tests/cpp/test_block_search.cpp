#include <doctest/doctest.h>

#include <cstdint>
#include <random>
#include <stdexcept>
#include <vector>

#include "geomvision/flow/block_search.hpp"

using geomvision::TensorView;
namespace flow = geomvision::flow;

namespace {

struct Found {
  explicit Found(int height, int width)
      : moved(static_cast<std::size_t>(2 * height * width)),
        costs(static_cast<std::size_t>(6 * height * width)),
        view{{moved.data(), {2, height, width}}, {costs.data(), {6, height, width}}} {}
  std::vector<std::int32_t> moved;
  std::vector<float> costs;
  flow::BlockSearchResult view;
};

}  // namespace

TEST_CASE("a frame that is moved is found again, for every thread count, in views with gaps") {
  constexpr int width = 45, height = 70, apart = width + 9, dx = -3, dy = 2;
  std::mt19937 random(5);
  std::vector<std::uint16_t> whole(static_cast<std::size_t>((height + 8) * apart));
  for (std::uint16_t& level : whole) level = static_cast<std::uint16_t>(random() % 1024);
  const auto frame = [&](int x, int y) {
    return TensorView<const std::uint16_t, 2>(whole.data() + (y + 4) * apart + x + 4, {height, width}, {apart, 1});
  };
  std::vector<float> first;
  for (const int threads : {1, 2, 7}) {
    Found found(height, width);
    flow::block_search(frame(dx, dy), frame(0, 0), {4, 5, threads == 2, threads}, found.view);
    for (int y = 4; y < height - 4; ++y) {
      for (int x = 4; x < width - 4; ++x) {
        CHECK(*found.view.displacement.at(0, y, x) == dx);
        CHECK(*found.view.displacement.at(1, y, x) == dy);
        CHECK(*found.view.costs.at(0, y, x) == 0.0f);
        CHECK(*found.view.costs.at(1, y, x) > 0.0f);
      }
    }
    if (threads == 1) first = found.costs;
    if (threads == 7) CHECK(found.costs == first);
  }
}

TEST_CASE("what a search refuses") {
  std::vector<std::uint16_t> levels(12, 7);
  const TensorView<const std::uint16_t, 2> frame(levels.data(), {3, 4}), turned(levels.data(), {4, 3});
  Found found(3, 4), other(4, 3);
  CHECK_THROWS_AS(flow::block_search(frame, turned, {}, found.view), std::invalid_argument);
  CHECK_THROWS_AS(flow::block_search(frame, frame, {}, other.view), std::invalid_argument);
  CHECK_THROWS_AS(flow::block_search(frame, frame, {128}, found.view), std::invalid_argument);
  CHECK_THROWS_AS(flow::block_search(frame, frame, {4, 8}, found.view), std::invalid_argument);
  levels[5] = 1024;
  CHECK_THROWS_AS(flow::block_search(frame, frame, {}, found.view), std::invalid_argument);
}

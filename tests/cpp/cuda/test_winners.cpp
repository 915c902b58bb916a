#include "device.hpp"
#include "geomvision/cuda/disparity_maps.hpp"
#include "geomvision/cuda/winners.hpp"
#include "geomvision/stereo/postprocess.hpp"

using namespace device;
namespace ops = geomvision::ops;

namespace {

// Few different costs, so that many are equal, and some candidates that are none.
template <typename T>
std::vector<T> costs(std::size_t count, unsigned seed) {
  std::vector<T> values = random_values<T>(count, 0, 20, seed);
  for (std::size_t i = 0; i < count; i += 3) values[i] = ops::no_candidate<T>;
  if constexpr (std::is_floating_point_v<T>) {
    for (std::size_t i = 1; i < count; i += 5) values[i] = NAN;
    for (std::size_t i = 2; i < count; i += 7) values[i] = i % 2 == 0 ? -0.0f : -3.5f;
  }
  if constexpr (std::is_same_v<T, std::int32_t>) {
    for (std::size_t i = 2; i < count; i += 7) values[i] = i % 2 == 0 ? -2000000000 : 2000000000;
  }
  return values;
}

template <typename T>
void compare(std::ptrdiff_t height, std::ptrdiff_t width, std::ptrdiff_t count, int first) {
  CAPTURE(width);
  CAPTURE(count);
  Array<T, 3> volume({height, width, count}, costs<T>(static_cast<std::size_t>(height * width * count), 1));
  Array<float, 2> disparity({height, width}), right({height, width});
  Array<T, 2> cost({height, width}), second({height, width});
  ops::winner_takes_all<T>(volume.here(), first, disparity.here(), cost.here(), second.here(), 1);
  gv::cuda::winner_takes_all<T>(volume.there(), first, disparity.there(), cost.there(), second.there());
  CHECK(apart(disparity.fetched(), disparity.host) == 0);
  CHECK(apart(cost.fetched(), cost.host) == 0);
  CHECK(apart(second.fetched(), second.host) == 0);
  ops::right_winners<T>(volume.here(), first, right.here(), 1);
  gv::cuda::right_winners<T>(volume.there(), first, right.there());
  CHECK(apart(right.fetched(), right.host) == 0);
  Array<float, 2> refined({height, width}), kept({height, width}), margin({height, width});
  for (const char* fit : {"none", "parabola", "equiangular"}) {
    ops::subpixel<T>(volume.here(), disparity.here(), first, fit, refined.here(), 1);
    gv::cuda::subpixel<T>(volume.there(), disparity.there(), first, fit, refined.there());
    CHECK(apart(refined.fetched(), refined.host) == 0);
  }
  for (const int percent : {0, 15, 100}) {
    ops::uniqueness<T>(disparity.here(), cost.here(), second.here(), percent, kept.here(), margin.here(), 1);
    gv::cuda::uniqueness<T>(disparity.there(), cost.there(), second.there(), percent, kept.there(), margin.there());
    CHECK(apart(kept.fetched(), kept.host) == 0);
    CHECK(apart(margin.fetched(), margin.host) == 0);
  }
}

std::vector<float> map(std::size_t count, double low, double high, unsigned seed) {
  std::vector<float> values = random_values<float>(count, low, high, seed);
  for (std::size_t i = 0; i < count; i += 3) values[i] = NAN;
  for (std::size_t i = 1; i < count; i += 4) values[i] = std::round(values[i]);
  for (std::size_t i = 5; i < count; i += 29) values[i] = i % 2 == 0 ? INFINITY : -1e30f;
  return values;
}

}  // namespace

TEST_CASE_TEMPLATE("CUDA: winners are those of the CPU", T, std::uint8_t, std::uint16_t, std::int32_t, float) {
  each_order([&] {
    compare<T>(2, 41, 70, 0);
    compare<T>(3, 33, 5, -3);
    compare<T>(1, 1, 1, 0);
    compare<T>(2, 20, 33, 30);
    compare<T>(2, 3, 64, -50);
  });
}

TEST_CASE("CUDA: the left-right check is that of the CPU") {
  each_order([&] {
    for (const std::ptrdiff_t width : {1, 7, 300}) {
      const auto size = static_cast<std::size_t>(3 * width);
      Array<float, 2> left({3, width}, map(size, -2, 9, 1)), right({3, width}, map(size, -2, 9, 2));
      Array<std::uint8_t, 2> codes({3, width});
      for (const double tolerance : {0.0, 1.0, 2.5}) {
        ops::left_right_check(left.here(), right.here(), tolerance, codes.here(), 1);
        gv::cuda::left_right_check(left.there(), right.there(), tolerance, codes.there());
        CHECK(codes.fetched() == codes.host);
      }
    }
  });
}

TEST_CASE("CUDA: filters of maps are those of the CPU") {
  constexpr int height = 11, width = 37;
  Array<std::uint8_t, 2> occluded({height, width}, random_values<std::uint8_t>(height * width, 0, 2, 4));
  const auto compare_filter = [&](const auto& on_device, const auto& here) {
    Array<float, 2> disparity({height, width}, map(height * width, -5, 5, 3)), filtered({height, width});
    on_device(disparity.there(), filtered.there());
    here(gv::ImageView<float>(disparity.host.data(), width, height));
    CHECK(apart(filtered.fetched(), disparity.host) == 0);
  };
  for (const int size : {1, 3, 7}) {
    compare_filter([&](auto from, auto to) { gv::cuda::median(from, size, to); },
                   [&](auto image) { gv::stereo::MedianFilter()(image, size, 1); });
  }
  for (const int size : {0, 4}) {
    compare_filter([&](auto from, auto to) { gv::cuda::speckle(from, size, 1.5f, to); },
                   [&](auto image) { gv::stereo::SpeckleFilter()(image, size, 1.5f, 1); });
  }
  compare_filter([&](auto from, auto to) { gv::cuda::fill_gaps(from, occluded.there(), to); },
                 [&](auto image) { gv::stereo::BackgroundFill()(image, {occluded.host.data(), width, height}, 1); });
}

TEST_CASE("CUDA: the first of the smallest costs wins, and its neighbours are no seconds") {
  Array<std::uint8_t, 3> volume({1, 2, 6}, {9, 4, 7, 4, 9, 5, 255, 255, 255, 255, 255, 255});
  Array<float, 2> disparity({1, 2});
  Array<std::uint8_t, 2> cost({1, 2}), second({1, 2});
  gv::cuda::winner_takes_all<std::uint8_t>(volume.there(), -2, disparity.there(), cost.there(), second.there());
  CHECK(apart(disparity.fetched(), {-1, NAN}) == 0);
  CHECK(cost.fetched() == std::vector<std::uint8_t>{4, 255});
  CHECK(second.fetched() == std::vector<std::uint8_t>{4, 255});
}

TEST_CASE("CUDA: ops of winners refuse what does not belong together") {
  Array<float, 3> volume({3, 4, 5}), none({3, 4, 0});
  Array<float, 2> map({3, 4}), other({4, 4});
  CHECK_THROWS_WITH_AS(gv::cuda::winner_takes_all<float>(volume.there(), 0, other.there(), map.there(), map.there()),
                       "winner_takes_all: disparity is 4x4; 3x4 is needed", std::invalid_argument);
  CHECK_THROWS_AS(gv::cuda::right_winners<float>(none.there(), 0, map.there()), std::invalid_argument);
  CHECK_THROWS_AS(gv::cuda::subpixel<float>(volume.there(), map.there(), 0, "cubic", map.there()),
                  std::invalid_argument);
  CHECK_THROWS_AS(gv::cuda::uniqueness<float>(map.there(), map.there(), map.there(), 101, map.there(), other.there()),
                  std::invalid_argument);
  Array<std::uint8_t, 2> codes({3, 4});
  CHECK_THROWS_AS(gv::cuda::left_right_check(map.there(), map.there(), NAN, codes.there()), std::invalid_argument);
  CHECK_THROWS_AS(gv::cuda::median(map.there(), 4, map.there()), std::invalid_argument);
  CHECK_THROWS_AS(gv::cuda::speckle(map.there(), 4, -1, map.there()), std::invalid_argument);
  CHECK_THROWS_AS(gv::cuda::fill_gaps(other.there(), codes.there(), other.there()), std::invalid_argument);
}

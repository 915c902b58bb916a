#include "device.hpp"
#include "geomvision/stereo/postprocess.hpp"
#include "stereo/postprocess.cuh"

using namespace device;

namespace {

using Map = Array<float, 2>;

// Few levels, so that regions are large and values equal, and gaps.
std::vector<float> levels(std::ptrdiff_t height, std::ptrdiff_t width, int count, int gap_of, unsigned seed) {
  auto values = random_values<float>(static_cast<std::size_t>(height * width), -1, count - 1.01, seed);
  const auto gaps = random_values<int>(values.size(), 0, gap_of, seed + 1);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = gaps[i] == 0 ? NAN : std::floor(values[i]) * 1.25f;
  return values;
}

gv::ImageView<float> as_image(Map& map) {
  const auto view = map.here();
  return {view.data(), static_cast<int>(view.size(1)), static_cast<int>(view.size(0))};
}

void compare_speckles(std::ptrdiff_t height, std::ptrdiff_t width, const std::vector<float>& values, int size,
                      float range) {
  CAPTURE(width);
  Map map({height, width}, values);
  gv::cuda::remove_speckles(map.there(), {}, size, range, nullptr);
  gv::stereo::SpeckleFilter()(as_image(map), size, range, 1);
  CHECK(apart(map.fetched(), map.host) == 0);
}

}  // namespace

TEST_CASE("CUDA: medians of windows are those of the CPU") {
  for (const int size : {1, 3, 5, 15}) {
    for (const auto& [height, width] : {std::pair{9, 37}, {1, 1}, {20, 2}}) {
      CAPTURE(size);
      CAPTURE(width);
      Map from({height, width}, levels(height, width, size == 3 ? 1000 : 9, 4, 1)), to({height, width});
      gv::cuda::median_filter(from.there(), to.there(), size, nullptr);
      gv::stereo::MedianFilter()(as_image(from), size, 1);
      CHECK(apart(to.fetched(), from.host) == 0);
    }
  }
}

TEST_CASE("CUDA: small regions are those of the CPU") {
  each_order([&] {
    compare_speckles(17, 70, levels(17, 70, 3, 9, 2), 8, 0);
    compare_speckles(25, 33, levels(25, 33, 4, 5, 3), 15, 1.25f);
    compare_speckles(1, 200, levels(1, 200, 2, 9, 4), 4, 0);
    compare_speckles(90, 1, levels(90, 1, 2, 9, 5), 3, 0);
  });
}

TEST_CASE("CUDA: a region that winds through the image is one") {
  // every other row, joined at the right or the left end in turn
  constexpr std::ptrdiff_t height = 21, width = 67;
  std::vector<float> values(height * width, 5.0f);
  for (std::size_t y = 1; y < height; y += 2) {
    for (std::size_t x = 0; x < width; ++x) values[y * width + x] = x == (y % 4 == 1 ? width - 1 : 0) ? 5.0f : 9.0f;
  }
  const int length = 11 * width + 10;
  each_order([&] {
    for (const int size : {length, length + 1}) {
      Map map({height, width}, values), confidence({height, width}, 0.5f);
      gv::cuda::remove_speckles(map.there(), confidence.there(), size, 1.0f, nullptr);
      const auto found = map.fetched(), sure = confidence.fetched();
      for (std::size_t i = 0; i < values.size(); ++i) {
        const bool kept = values[i] == 5.0f && size == length;
        REQUIRE(std::isnan(found[i]) == !kept);
        REQUIRE(sure[i] == (kept ? 0.5f : 0.0f));
      }
    }
  });
}

TEST_CASE("CUDA: gaps are filled as on the CPU") {
  for (const int gaps : {1, 2, 6}) {  // the first: nothing but gaps
    Map from({13, 38}, levels(13, 38, 7, gaps, 6)), to({13, 38});
    Array<std::uint8_t, 2> occluded({13, 38}, random_values<std::uint8_t>(13 * 38, 0, 2, 7));
    gv::cuda::fill_background(from.there(), occluded.there(), to.there(), nullptr);
    gv::stereo::BackgroundFill()(as_image(from), {occluded.host.data(), 38, 13}, 1);
    CHECK(apart(to.fetched(), from.host) == 0);
  }
}

TEST_CASE("CUDA: gaps are filled from their rows as on the CPU") {
  for (const int gaps : {1, 2, 6}) {  // the first: nothing but gaps
    std::vector<float> values = levels(13, 38, 7, gaps, 6);
    for (const int y : {0, 4, 5, 6, 12}) std::fill_n(values.begin() + y * 38, 38, NAN);
    Map from({13, 38}, values), to({13, 38});
    gv::cuda::fill_rows(from.there(), to.there(), nullptr);
    gv::stereo::fill_rows(as_image(from), 1);
    CHECK(apart(to.fetched(), from.host) == 0);
  }
}

TEST_CASE("CUDA: pixels that fail the check lose estimate and confidence") {
  Map disparity({1, 4}, {1, 2, 3, 4}), confidence({1, 4}, 1.0f);
  Array<std::uint8_t, 2> agreement({1, 4}, {0, 1, 2, 3});
  gv::cuda::remove_lost(disparity.there(), confidence.there(), agreement.there(), nullptr);
  CHECK(apart(disparity.fetched(), {1, NAN, NAN, 4}) == 0);
  CHECK(confidence.fetched() == std::vector<float>{1, 0, 0, 1});
  CHECK(agreement.fetched() == std::vector<std::uint8_t>{0, 0, 1, 0});
}

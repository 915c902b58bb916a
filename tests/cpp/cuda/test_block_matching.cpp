#include <string>

#include "device.hpp"
#include "geomvision/cuda/block_matching.hpp"

using namespace device;
using gv::stereo::BlockMatchingOptions;

namespace {

// A scene of so many levels, and the same further on: where there are few, many windows are alike.
template <typename T>
std::vector<T> view(std::ptrdiff_t height, std::ptrdiff_t width, std::ptrdiff_t shift, double levels, unsigned seed) {
  const std::vector<int> scene = random_values<int>(static_cast<std::size_t>(height * (width + 16)), 0, levels, seed);
  std::vector<T> values;
  for (std::ptrdiff_t y = 0; y < height; ++y) {
    for (std::ptrdiff_t x = 0; x < width; ++x) {
      const int level = scene[static_cast<std::size_t>(y * (width + 16) + x + shift)];
      const bool changed = (x * 7 + y * 5 + shift) % 11 == 0;
      values.push_back(static_cast<T>(std::is_same_v<T, float> ? 0.37 * level - 3 : level + (changed ? 1 : 0)));
    }
  }
  return values;
}

template <typename T>
void compare(std::ptrdiff_t height, std::ptrdiff_t width, const BlockMatchingOptions& options, double levels) {
  CAPTURE(options.cost);
  CAPTURE(options.window);
  CAPTURE(width);
  Array<T, 2> left({height, width}, view<T>(height, width, 0, levels, 1));
  Array<T, 2> right({height, width}, view<T>(height, width, 5, levels, 1));
  Array<float, 2> disparity({height, width}), confidence({height, width});
  Array<std::uint8_t, 2> occluded({height, width});
  const int w = static_cast<int>(width), h = static_cast<int>(height);
  gv::stereo::BlockMatching matching(options);
  matching(gv::ImageView<const T>(left.host.data(), w, h), gv::ImageView<const T>(right.host.data(), w, h),
           gv::ImageView<float>(disparity.host.data(), w, h), gv::ImageView<float>(confidence.host.data(), w, h),
           gv::ImageView<std::uint8_t>(occluded.host.data(), w, h));
  const gv::cuda::BlockMatching twin(options);
  twin(left.there(), right.there(), disparity.there(), confidence.there(), occluded.there());
  CHECK(apart(disparity.fetched(), disparity.host) == 0);
  CHECK(apart(confidence.fetched(), confidence.host) == 0);
  CHECK(occluded.fetched() == occluded.host);
}

BlockMatchingOptions options_of(const char* cost, int window, int min_disparity, int max_disparity) {
  BlockMatchingOptions options;
  options.cost = cost;
  options.window = window;
  options.min_disparity = min_disparity;
  options.max_disparity = max_disparity;
  options.num_threads = 1;
  return options;
}

constexpr const char* costs[] = {"sad", "ssd", "ncc", "zncc", "census"};

}  // namespace

TEST_CASE_TEMPLATE("CUDA: block matching is that of the CPU", T, std::uint8_t, std::uint16_t, float) {
  for (const char* cost : costs) {
    BlockMatchingOptions options = options_of(cost, 5, 0, 20);
    compare<T>(6, 37, options, 250);
    options.prefilter = "none";
    options.min_disparity = -9;
    options.max_disparity = 4;
    options.uniqueness = 12;
    options.left_right = 0;
    options.subpixel = "parabola";
    compare<T>(5, 20, options, 3);
    options.left_right = -1;
    options.subpixel = "none";
    options.texture = 3;
    compare<T>(4, 21, options, 30);
    options.speckle_size = 12;
    options.fill = "background";
    compare<T>(5, 40, options, 30);
    compare<T>(1, 1, options_of(cost, 3, -5, 5), 200);
    compare<T>(2, 3, options_of(cost, 1, -5, 5), 200);
  }
}

TEST_CASE("CUDA: block matching of more disparities than a block takes is that of the CPU") {
  for (const char* cost : {"ssd", "zncc"}) compare<std::uint8_t>(1, 110, options_of(cost, 1, -110, 110), 9);
  for (const char* cost : {"sad", "census"}) compare<std::uint8_t>(1, 270, options_of(cost, 1, -270, 270), 90);
  // Many costs are equal: winners and seconds lie in any chunk.
  BlockMatchingOptions options = options_of("sad", 3, 0, 180);
  options.left_right = -1;
  options.prefilter = "none";
  compare<std::uint16_t>(2, 180, options, 2);
}

TEST_CASE("CUDA: block matching of the largest windows is that of the CPU") {
  BlockMatchingOptions options = options_of("sad", 63, 0, 40);
  options.prefilter = "none";
  for (const char* cost : costs) {
    options.cost = cost;
    compare<std::uint8_t>(1, 33, options, 250);
  }
}

TEST_CASE("CUDA: block matching does not depend on the order of threads") {
  each_order([&] {
    for (const char* cost : {"sad", "zncc", "census"}) compare<std::uint8_t>(3, 35, options_of(cost, 3, 0, 40), 9);
  });
}

TEST_CASE("CUDA: a pair without parallax has no disparity") {
  Array<std::uint8_t, 2> image({6, 40}, random_values<std::uint8_t>(240, 0, 255, 7));
  for (const char* cost : costs) {
    Array<float, 2> disparity({6, 40});
    BlockMatchingOptions options = options_of(cost, 5, -6, 7);
    options.subpixel = "none";
    const gv::cuda::BlockMatching matching(options);
    matching(image.there(), image.there(), disparity.there());
    CHECK(apart(disparity.fetched(), std::vector<float>(240, 0)) == 0);
  }
}

TEST_CASE("CUDA: confidence and occluded pixels may be left out") {
  Array<std::uint8_t, 2> left({3, 40}, view<std::uint8_t>(3, 40, 0, 250, 3));
  Array<std::uint8_t, 2> right({3, 40}, view<std::uint8_t>(3, 40, 5, 250, 3));
  Array<float, 2> disparity({3, 40}), alone({3, 40}), confidence({3, 40});
  Array<std::uint8_t, 2> occluded({3, 40});
  const gv::cuda::BlockMatching matching(options_of("census", 5, 0, 20));
  matching(left.there(), right.there(), disparity.there(), confidence.there(), occluded.there());
  matching(left.there(), right.there(), alone.there());
  CHECK(apart(alone.fetched(), disparity.fetched()) == 0);
}

TEST_CASE("CUDA: floats that are no numbers have no estimates") {
  for (const char* cost : costs) {
    Array<float, 2> image({9, 30}, random_values<float>(270, 0, 1, 8)), disparity({9, 30});
    std::vector<float> broken = image.host;
    broken[100] = static_cast<float>(NAN);
    Array<float, 2> other({9, 30}, broken);
    const gv::cuda::BlockMatching matching(options_of(cost, 5, 0, 8));
    matching(image.there(), other.there(), disparity.there());
    CHECK(apart(disparity.fetched(), std::vector<float>(270, static_cast<float>(NAN))) == 0);
  }
}

TEST_CASE("CUDA: block matching refuses what it cannot do") {
  BlockMatchingOptions options;
  options.window = 4;
  CHECK_THROWS_WITH_AS(gv::cuda::BlockMatching{options},
                       "BlockMatching: window is 4; allowed is odd and between 1 and 63", std::invalid_argument);
  Array<std::uint8_t, 2> image({4, 9}), other({4, 8}), none({0, 9});
  Array<float, 2> disparity({4, 9});
  const gv::cuda::BlockMatching matching(options_of("sad", 5, 20, 30));
  CHECK_THROWS_AS(matching(image.there(), image.there(), disparity.there()), std::invalid_argument);
  CHECK_THROWS_AS(matching(image.there(), other.there(), disparity.there()), std::invalid_argument);
  CHECK_THROWS_AS(matching(none.there(), none.there(), disparity.there()), std::invalid_argument);
}

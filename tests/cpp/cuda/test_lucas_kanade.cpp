#include <utility>

#include "device.hpp"
#include "geomvision/cuda/lucas_kanade.hpp"

using namespace device;
using gv::flow::LucasKanadeOptions;
using gv::flow::Vec2f;

namespace {

// A smooth pattern that is defined everywhere, looked up (dx, dy) away.
template <typename T>
std::vector<T> pattern(int width, int height, double dx, double dy, double scale = 1) {
  std::vector<T> image;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const double a = std::sin(0.41 * (x + dx) + 0.13 * (y + dy)), b = std::sin(-0.17 * (x + dx) + 0.37 * (y + dy));
      const double c = std::sin(0.23 * (x + dx) - 0.29 * (y + dy) + 1.0);
      image.push_back(static_cast<T>(scale * (128 + 40 * (a + b + c))));
    }
  }
  return image;
}

template <typename T>
struct Frames {
  Frames(int width, int height, double dx, double dy, double scale)
      : frame0({height, width}, pattern<T>(width, height, dx, dy, scale)),
        frame1({height, width}, pattern<T>(width, height, 0, 0, scale)) {}

  gv::ImageView<const T> view(const Array<T, 2>& frame) const {
    const auto sizes = frame.there().sizes();
    return {frame.host.data(), static_cast<int>(sizes[1]), static_cast<int>(sizes[0])};
  }

  Array<T, 2> frame0, frame1;
};

std::vector<float> components(const std::vector<Vec2f>& flow) {
  std::vector<float> values;
  for (const Vec2f& at : flow) {
    values.push_back(at.x);
    values.push_back(at.y);
  }
  return values;
}

template <typename T>
void compare(int width, int height, double scale, const LucasKanadeOptions& options) {
  CAPTURE(width);
  CAPTURE(height);
  CAPTURE(options.window);
  const Frames<T> frames(width, height, 1.7, -0.8, scale);
  Array<Vec2f, 2> flow({height, width});
  Array<float, 2> confidence({height, width}, 9.0f);
  Array<std::uint8_t, 2> occluded({height, width}, std::uint8_t{9});
  const gv::ImageView<std::uint8_t> hidden = options.check_occlusion
                                                 ? gv::ImageView<std::uint8_t>(occluded.host.data(), width, height)
                                                 : gv::ImageView<std::uint8_t>();
  gv::flow::LucasKanade{options}(frames.view(frames.frame0), frames.view(frames.frame1),
                                 gv::ImageView<Vec2f>(flow.host.data(), width, height),
                                 gv::ImageView<float>(confidence.host.data(), width, height), hidden);
  gv::cuda::LucasKanade{options}(frames.frame0.there(), frames.frame1.there(), flow.there(), confidence.there(),
                                 options.check_occlusion ? occluded.there() : gv::cuda::DeviceView<std::uint8_t, 2>());
  CHECK(apart(components(flow.fetched()), components(flow.host)) == 0);
  CHECK(apart(confidence.fetched(), confidence.host) == 0);
  CHECK(occluded.fetched() == occluded.host);
}

}  // namespace

TEST_CASE("CUDA: dense Lucas-Kanade is that of the CPU to the last bit") {
  each_order([] {
    LucasKanadeOptions options;
    options.warps = options.finest_warps = 2;
    options.check_occlusion = true;
    options.min_confidence = 0.2;
    compare<float>(45, 37, 1, options);
  });
  LucasKanadeOptions options;
  options.warps = 2, options.finest_warps = 1;
  options.weighting = gv::flow::Weighting::gaussian;
  for (const auto& [window, median] : {std::pair{1, 1}, {5, 3}, {9, 5}, {81, 7}}) {
    options.window = window, options.median = median;
    options.robust = window == 5 ? 0.0 : 5.0;
    compare<std::uint8_t>(40, 33, 1, options);
  }
  options.levels = 1;
  compare<std::uint16_t>(150, 3, 257, options);
  compare<float>(1, 1, 1, options);
  compare<float>(2, 35, 1, options);
}

TEST_CASE("CUDA: dense Lucas-Kanade finds a shift between pixels") {
  const int width = 72, height = 64;
  const Frames<float> frames(width, height, 2.3, -1.4, 1);
  Array<Vec2f, 2> flow({height, width});
  gv::cuda::LucasKanade{}(frames.frame0.there(), frames.frame1.there(), flow.there());
  const std::vector<Vec2f> found = flow.fetched();
  double sum = 0;
  for (int y = 10; y < height - 10; ++y) {
    for (int x = 10; x < width - 10; ++x) {
      const Vec2f at = found[static_cast<std::size_t>(y * width + x)];
      sum += std::hypot(at.x - 2.3, at.y + 1.4);
    }
  }
  CHECK(sum / ((width - 20) * (height - 20)) < 0.03);
}

TEST_CASE("CUDA: frames with NaN give some flow, and nothing is read beyond them") {
  Array<float, 2> frame0({20, 20}, std::vector<float>(400, NAN)), frame1({20, 20}, std::vector<float>(400, 1e30f));
  Array<Vec2f, 2> flow({20, 20});
  gv::cuda::LucasKanade{}(frame0.there(), frame1.there(), flow.there());
  CHECK(flow.fetched().size() == 400);
}

TEST_CASE("CUDA: dense Lucas-Kanade refuses sizes and options that are wrong") {
  Array<float, 2> frame({5, 6}), wide({5, 7}), none({0, 6});
  Array<Vec2f, 2> flow({5, 6});
  Array<std::uint8_t, 2> occluded({5, 6});
  const gv::cuda::LucasKanade lucas_kanade;
  CHECK_THROWS_WITH_AS(lucas_kanade(frame.there(), wide.there(), flow.there()),
                       "LucasKanade: frame0 is 5x6, frame1 is 5x7; they must be equal", std::invalid_argument);
  CHECK_THROWS_AS(lucas_kanade(wide.there(), wide.there(), flow.there()), std::invalid_argument);
  CHECK_THROWS_AS(lucas_kanade(none.there(), none.there(), flow.there()), std::invalid_argument);
  CHECK_THROWS_AS(lucas_kanade(frame.there(), frame.there(), flow.there(), wide.there()), std::invalid_argument);
  CHECK_THROWS_AS(lucas_kanade(frame.there(), frame.there(), flow.there(), {}, occluded.there()),
                  std::invalid_argument);
  LucasKanadeOptions options;
  options.window = 4;
  CHECK_THROWS_AS(gv::cuda::LucasKanade{options}, std::invalid_argument);
}

#include "fuzz.hpp"
#include "geomvision/stereo/block_matching.hpp"
#include "geomvision/stereo/postprocess.hpp"
#include "geomvision/stereo/sgm.hpp"

namespace gv = geomvision;
using fuzz::Canvas;
using fuzz::Random;
using fuzz::require;

namespace {

// NaN, or a disparity of the range, up to half a pixel beside a whole one.
void require_range(gv::ImageView<const float> disparity, int minimum, int maximum) {
  for (int y = 0; y < disparity.height(); ++y) {
    for (int x = 0; x < disparity.width(); ++x) {
      const float d = disparity(x, y);
      const bool inside = d >= static_cast<float>(minimum) - 0.5f && d <= static_cast<float>(maximum) - 0.5f;
      require(std::isnan(d) || inside, "disparity " + std::to_string(d) + " outside the range searched");
    }
  }
}

bool same_bytes(gv::ImageView<const float> a, gv::ImageView<const float> b) {
  for (int y = 0; y < a.height(); ++y) {
    if (std::memcmp(a.row(y), b.row(y), sizeof(float) * static_cast<std::size_t>(a.width())) != 0) return false;
  }
  return true;
}

template <typename T, typename Matcher, typename Options>
void match(Random& random, Options options) {
  const int width = random.size(), height = random.size();
  const Canvas<T> left(random, width, height);
  const Canvas<T> right = random.chance(0.97) ? left.other(random) : Canvas<T>(random, width + 1, height);
  Canvas<float> disparity(random, width, height);
  Matcher matcher(options);
  matcher(left.view(), right.view(), disparity.view());
  disparity.require_untouched_gaps();
  const gv::ImageView<const float> found = disparity.view();
  require_range(found, options.min_disparity, options.max_disparity);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const float confidence = matcher.confidence()(x, y);
      require(confidence >= 0 && confidence <= 1, "confidence outside 0 ... 1");
      require(matcher.occluded()(x, y) <= 1, "occluded is neither 0 nor 1");
    }
  }
  if (random.chance(0.5)) {
    gv::Image<float> again(width, height);
    options.num_threads = random.threads();
    Matcher other(options);
    other(left.view(), right.view(), again.view());
    require(same_bytes(found, again.view()), "another number of threads, another result");
  } else {
    gv::Image<float> again(width, height);
    matcher(left.view(), right.view(), again.view());
    require(same_bytes(found, again.view()), "the second call differs from the first");
  }
}

template <typename Matcher, typename Options>
void match_any(Random& random, Options options) {
  random.vary(options.min_disparity, {0, 0, -3, -16, 2, 9});
  random.vary(options.max_disparity, {1, 2, 7, 16, 17, 33, 64, 100});
  random.vary(options.subpixel, {"none", "parabola", "equiangular"});
  random.vary(options.uniqueness, {0, 1, 15, 99});
  random.vary(options.left_right, {-1, 0, 1, 3});
  random.vary(options.speckle_size, {0, 1, 20, 1000});
  random.vary(options.speckle_range, {0.0, 1.0, 2.5});
  random.vary(options.fill, {"none", "background"});
  random.vary(options.num_threads, {0, 1, 2, 3, 8});
  if (options.num_threads > 64) options.num_threads = 64;  // allowed, but each would be a thread
  const int type = random.below(3);
  if (type == 0) match<std::uint8_t, Matcher>(random, options);
  if (type == 1) match<std::uint16_t, Matcher>(random, options);
  if (type == 2) match<float, Matcher>(random, options);
}

}  // namespace

FUZZ(block_matching) {
  gv::stereo::BlockMatchingOptions options;
  random.vary(options.cost, {"sad", "ssd", "ncc", "zncc", "census"});
  random.vary(options.window, {1, 3, 5, 9, 11, 21, 63});
  random.vary(options.texture, {0.0, 0.5, 10.0, 255.0});
  match_any<gv::stereo::BlockMatching>(random, options);
}

FUZZ(sgm) {
  gv::stereo::SGMOptions options;
  random.vary(options.census, {"5x5", "7x7", "9x7"});
  random.vary(options.paths, {4, 5, 8});
  random.vary(options.p1, {0, 1, 24, 60});
  random.vary(options.p2, {0, 60, 180, 192});
  random.vary(options.adaptive_p2, {true, false});
  random.vary(options.median, {1, 3, 5, 15});
  match_any<gv::stereo::SGM>(random, options);
}

FUZZ(median_filter) {
  Canvas<float> map(random, random.size(), random.size());
  int size = 3;
  random.vary(size, {1, 3, 5, 7, 15});
  gv::stereo::MedianFilter filter;
  filter(map.view(), size, random.threads());
  map.require_untouched_gaps();
}

FUZZ(speckle_filter) {
  Canvas<float> map(random, random.size(), random.size());
  int size = 20;
  float range = 1;
  random.vary(size, {0, 1, 5, 100, 100000});
  random.vary(range, {0.0, 1.0, 300.0});
  gv::stereo::SpeckleFilter filter;
  filter(map.view(), size, range);
  map.require_untouched_gaps();
}

FUZZ(background_fill) {
  const int width = random.size(), height = random.size();
  Canvas<float> map(random, width, height);
  bool any = false;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      if (random.chance(0.7)) map.at(x, y) = std::nanf("");
      any = any || !std::isnan(map.at(x, y));
    }
  }
  Canvas<std::uint8_t> occluded(random, random.chance(0.95) ? width : width + 1, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) occluded.at(x, y) &= 1;
  }
  gv::stereo::BackgroundFill fill;
  fill(map.view(), occluded.view(), random.threads());
  map.require_untouched_gaps();
  require(!any || height == 0 || width > 0, "no pixel");
}

FUZZ(left_right_check) {
  const int width = random.size();
  const std::size_t count = static_cast<std::size_t>(width);
  const auto row = [&] {
    auto values = std::make_unique<std::int16_t[]>(count);
    for (std::size_t i = 0; i < count; ++i) {
      values[i] = random.chance(0.2) ? std::int16_t{-32768} : static_cast<std::int16_t>(random.between(-width, width));
    }
    return values;
  };
  const auto left = row(), right = row();
  const auto agreement = std::make_unique<gv::stereo::Agreement[]>(count);
  gv::stereo::left_right_check(left.get(), right.get(), width, -32768, random.between(0, 3), agreement.get());
  for (std::size_t i = 0; i < count; ++i) {
    const bool unknown = agreement[i] == gv::stereo::Agreement::unknown;
    require(agreement[i] <= gv::stereo::Agreement::unknown, "no such agreement");
    require(!unknown || left[i] == -32768, "an estimate whose agreement is unknown");
  }
}

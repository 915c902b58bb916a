#include "canvas.hpp"
#include "geomvision/stereo/postprocess.hpp"

namespace gv = geomvision;
using fuzz::Canvas;
using fuzz::require;

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

FUZZ(fill_rows) {
  const int width = random.size(), height = random.size();
  Canvas<float> map(random, width, height);
  bool any = false;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      map.at(x, y) = random.chance(0.8) ? std::nanf("") : static_cast<float>(random.between(-9, 9));
      any = any || !std::isnan(map.at(x, y));
    }
  }
  gv::stereo::fill_rows(map.view(), random.threads());
  map.require_untouched_gaps();
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) require(std::isnan(map.at(x, y)) != any, "a gap is left");
  }
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

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "allocations.hpp"
#include "each_isa.hpp"
#include "geomvision/flow/horn_schunck.hpp"
#include "geomvision/flow/inverse_search.hpp"
#include "geomvision/flow/lucas_kanade.hpp"
#include "geomvision/flow/track_points.hpp"
#include "geomvision/flow/tvl1.hpp"
#include "geomvision/isa.hpp"
#include "kernels/flow.hpp"

using namespace geomvision;
using namespace geomvision::flow;

namespace {

// A smooth pattern that is defined everywhere, looked up (dx, dy) away.
Image<float> pattern(int width, int height, double dx, double dy) {
  Image<float> image(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const double a = std::sin(0.41 * (x + dx) + 0.13 * (y + dy)), b = std::sin(-0.17 * (x + dx) + 0.37 * (y + dy));
      const double c = std::sin(0.23 * (x + dx) - 0.29 * (y + dy) + 1.0);
      image(x, y) = static_cast<float>(128 + 40 * (a + b + c));
    }
  }
  return image;
}

double mean_error(const Image<Vec2f>& flow, double dx, double dy, int border) {
  double sum = 0;
  int count = 0;
  for (int y = border; y < flow.height() - border; ++y) {
    for (int x = border; x < flow.width() - border; ++x) {
      sum += std::hypot(flow(x, y).x - dx, flow(x, y).y - dy);
      ++count;
    }
  }
  return sum / count;
}

bool equal(const Image<Vec2f>& a, const Image<Vec2f>& b) {
  for (int y = 0; y < a.height(); ++y) {
    for (int x = 0; x < a.width(); ++x) {
      if (a(x, y).x != b(x, y).x || a(x, y).y != b(x, y).y) return false;
    }
  }
  return a.width() == b.width() && a.height() == b.height();
}

}  // namespace

TEST_CASE("both dense methods find a shift between pixels, again and again") {
  const Image<float> frame0 = pattern(96, 80, 2.3, -1.4), frame1 = pattern(96, 80, 0, 0);
  LucasKanade lucas_kanade;
  HornSchunck horn_schunck;
  const Image<Vec2f> first = lucas_kanade(frame0, frame1);
  CHECK(mean_error(first, 2.3, -1.4, 10) < 0.03);
  CHECK(mean_error(horn_schunck(frame0, frame1), 2.3, -1.4, 10) < 0.05);
  CHECK(equal(horn_schunck(frame0.view().crop(0, 0, 17, 40), frame1.view().crop(0, 0, 17, 40)),
              HornSchunck()(frame0.view().crop(0, 0, 17, 40), frame1.view().crop(0, 0, 17, 40))));
  lucas_kanade(frame0.view().crop(3, 3, 40, 33), frame1.view().crop(3, 3, 40, 33));  // another size in between
  CHECK(equal(lucas_kanade(frame0, frame1), first));
}

TEST_CASE("threads and instruction sets change nothing") {
  const Image<float> frame0 = pattern(201, 131, 5.5, 3.25), frame1 = pattern(201, 131, 0, 0);
  LucasKanadeOptions options;
  options.num_threads = 1;
  const Image<Vec2f> expected = LucasKanade(options)(frame0, frame1);
  with_each_isa([&] {
    for (const int threads : {1, 3, 8}) {
      options.num_threads = threads;
      CHECK(equal(LucasKanade(options)(frame0, frame1), expected));
    }
  });
}

TEST_CASE("8 and 16 bits and floats are one scale of grey levels") {
  Image<std::uint8_t> bytes[2];
  Image<std::uint16_t> words[2];
  Image<float> floats[2];
  for (int i = 0; i < 2; ++i) {
    const Image<float> wave = pattern(40, 30, 1.0 - i, 0);
    bytes[i].resize(40, 30);
    words[i].resize(40, 30);
    floats[i].resize(40, 30);
    for (int y = 0; y < 30; ++y) {
      for (int x = 0; x < 40; ++x) {
        bytes[i](x, y) = static_cast<std::uint8_t>(wave(x, y));
        words[i](x, y) = static_cast<std::uint16_t>(257 * bytes[i](x, y));
        floats[i](x, y) = bytes[i](x, y);
      }
    }
  }
  LucasKanade lucas_kanade;
  const Image<Vec2f> expected = lucas_kanade(floats[0], floats[1]);
  CHECK(equal(lucas_kanade(bytes[0], bytes[1]), expected));
  CHECK(equal(lucas_kanade(words[0], words[1]), expected));
}

TEST_CASE("confidence, gaps and occlusion come where they are asked for") {
  const Image<float> frame0 = pattern(60, 50, 6, 0), frame1 = pattern(60, 50, 0, 0);
  LucasKanadeOptions options;
  options.check_occlusion = true;
  options.min_confidence = 0.5;
  Image<Vec2f> flow(60, 50);
  Image<float> confidence(60, 50);
  Image<std::uint8_t> occluded(60, 50, 7);
  LucasKanade lucas_kanade(options);
  lucas_kanade(frame0, frame1, flow.view(), confidence.view(), occluded.view());
  for (int y = 8; y < 42; ++y) {
    CHECK(occluded(59, y) == 1);  // it leaves the image
    CHECK(occluded(30, y) == 0);
    CHECK(confidence(30, y) > 0.5f);
  }
  for (int y = 0; y < 50; ++y) {
    for (int x = 0; x < 60; ++x) CHECK(std::isnan(flow(x, y).x) == (confidence(x, y) < 0.5f));
  }
  CHECK_THROWS_WITH_AS(LucasKanade()(frame0, frame1, flow.view(), confidence.view(), occluded.view()),
                       doctest::Contains("set check_occlusion"), std::invalid_argument);
  CHECK_THROWS_WITH_AS(HornSchunck()(frame0, frame1, flow.view(), confidence.view()),
                       doctest::Contains("this method has none"), std::invalid_argument);
}

TEST_CASE("wrong frames and options are refused") {
  Image<float> frame(8, 6), other(8, 5);
  CHECK_THROWS_AS(LucasKanade()(frame, other), std::invalid_argument);
  CHECK_THROWS_AS(HornSchunck()(Image<float>(), Image<float>()), std::invalid_argument);
  Image<Vec2f> small(7, 6);
  CHECK_THROWS_AS(LucasKanade()(frame, frame, small.view()), std::invalid_argument);
  frame(2, 3) = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_WITH_AS(LucasKanade()(frame, frame), doctest::Contains("pixel (2, 3)"), std::invalid_argument);
  CHECK_THROWS_AS(track_points(frame, frame, {}), std::invalid_argument);
  LucasKanadeOptions options;
  options.window = 10;
  CHECK_THROWS_WITH_AS(LucasKanade{options}, doctest::Contains("window is 10"), std::invalid_argument);
  options = {};
  options.min_eigenvalue = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_AS(LucasKanade{options}, std::invalid_argument);
}

TEST_CASE("points are followed, and lost outside") {
  const Image<float> frame0 = pattern(96, 80, 2.3, -1.4), frame1 = pattern(96, 80, 0, 0);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<Track> tracks = track_points(frame0, frame1, {{40, 40}, {31.5, 22.25}, {-1, 5}, {nan, 4}});
  REQUIRE(tracks.size() == 4);
  CHECK(tracks[0].end.x == doctest::Approx(42.3).epsilon(0.001));
  CHECK(tracks[0].end.y == doctest::Approx(38.6).epsilon(0.001));
  CHECK(tracks[1].end.x == doctest::Approx(33.8).epsilon(0.001));
  CHECK(tracks[1].forward_backward < 0.1);
  CHECK(std::isnan(tracks[2].end.x));
  CHECK(std::isnan(tracks[3].end.y));
  CHECK(track_points(frame0, frame1, {}).empty());
}

TEST_CASE("points are followed in 8 and in 16 bits as in floats") {
  Image<std::uint8_t> bytes[2];
  Image<std::uint16_t> words[2];
  Image<float> floats[2];
  for (int k = 0; k < 2; ++k) {
    const Image<float> frame = pattern(96, 80, k == 0 ? 2.3 : 0, 0);
    bytes[k].resize(96, 80), words[k].resize(96, 80), floats[k].resize(96, 80);
    for (int i = 0; i < 96 * 80; ++i) {
      bytes[k].data()[i] = static_cast<std::uint8_t>(std::clamp(frame.data()[i], 0.0f, 255.0f));
      words[k].data()[i] = static_cast<std::uint16_t>(257 * bytes[k].data()[i]);
      floats[k].data()[i] = bytes[k].data()[i];
    }
  }
  const Track expected = track_points(floats[0], floats[1], {{40, 40}})[0];
  for (const Track& track :
       {track_points(bytes[0], bytes[1], {{40, 40}})[0], track_points(words[0], words[1], {{40, 40}})[0]}) {
    CHECK(track.end.x == expected.end.x);
    CHECK(track.min_eigenvalue == expected.min_eigenvalue);
  }
}

TEST_CASE("a second call of the same size allocates nothing") {
  const Image<float> frame0 = pattern(200, 150, 2.3, -1.4), frame1 = pattern(200, 150, 0, 0);
  Image<Vec2f> flow(200, 150);
  LucasKanade lucas_kanade;
  HornSchunck horn_schunck;
  TVL1 tvl1;
  InverseSearch inverse_search;
  for (PyramidalFlow* method : {static_cast<PyramidalFlow*>(&lucas_kanade), static_cast<PyramidalFlow*>(&horn_schunck),
                                static_cast<PyramidalFlow*>(&tvl1), static_cast<PyramidalFlow*>(&inverse_search)}) {
    (*method)(frame0, frame1, flow.view());
    const long before = allocations();
    (*method)(frame0, frame1, flow.view());
    CHECK(allocations() == before);
  }
  const std::vector<Point> points(500, Point{60, 70});
  std::vector<Track> tracks(points.size());
  PointTracker tracker;
  tracker(frame0, frame1, points.data(), 500, tracks.data());
  const long before = allocations();
  tracker(frame0, frame1, points.data(), 500, tracks.data());
  CHECK(allocations() == before);
}

TEST_CASE("a point tracker forgets frames it has refused") {
  // what vectors read beyond a small frame's rows is memory that a larger one had
  const Image<float> frame0 = pattern(26, 15, 0.4, -0.3), frame1 = pattern(26, 15, 0, 0);
  std::vector<Point> points;
  for (int y = 0; y < 15; ++y) {
    for (int x = 0; x < 26; ++x) points.push_back({x + 0.25, y - 0.25});
  }
  const int count = static_cast<int>(points.size());
  TrackOptions options;
  options.window = 3;
  std::vector<Track> clean(points.size()), after(points.size());
  PointTracker tracker(options), other(options);
  const Image<float> black(200, 150), broken = [] {
    Image<float> image(200, 150);
    std::fill_n(image.data(), 200 * 150, std::numeric_limits<float>::quiet_NaN());
    return image;
  }();
  tracker(black, black, points.data(), 0, clean.data());
  tracker(frame0, frame1, points.data(), count, clean.data());
  CHECK_THROWS_AS(other(broken, broken, points.data(), 0, after.data()), std::invalid_argument);
  other(frame0, frame1, points.data(), count, after.data());
  int found = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    found += std::isnan(clean[i].end.x) ? 0 : 1;
    CHECK(std::isnan(clean[i].end.x) == std::isnan(after[i].end.x));
    if (!std::isnan(clean[i].end.x)) CHECK(clean[i].end.x == after[i].end.x);
  }
  CHECK(found > count / 2);
}

TEST_CASE_TEMPLATE("a shift is found, whatever the threads and the instruction set", Method, TVL1, InverseSearch) {
  const Image<float> frame0 = pattern(301, 231, 2.3, -1.4), frame1 = pattern(301, 231, 0, 0);
  std::conditional_t<std::is_same_v<Method, TVL1>, TVL1Options, InverseSearchOptions> options;
  options.num_threads = 1;
  const Image<Vec2f> expected = Method(options)(frame0, frame1);
  CHECK(mean_error(expected, 2.3, -1.4, 10) < 0.05);
  for (const int threads : {2, 3, 8}) {
    options.num_threads = threads;
    CHECK(equal(Method(options)(frame0, frame1), expected));
  }
}

TEST_CASE("median kernels find the median of every sequence of zeros and ones") {
  const auto columns = GEOMVISION_KERNEL(flow_median_columns);
  const auto down = GEOMVISION_KERNEL(flow_median_rows);
  for (int radius = 0; radius <= 3; ++radius) {
    const int count = 2 * radius + 1;
    for (int code = 0; code < 2 << count; ++code) {  // two windows that share all but one value
      std::vector<std::vector<float>> rows(8, std::vector<float>(64));
      std::vector<float> along(64), out(64), next(64);
      const float* pointers[8];
      int ones[2] = {0, 0};
      for (int k = 0; k <= count; ++k) {
        const int bit = code >> k & 1;
        ones[0] += k < count ? bit : 0;
        ones[1] += k > 0 ? bit : 0;
        along[static_cast<std::size_t>(k)] = static_cast<float>(bit);
        std::fill(rows[static_cast<std::size_t>(k)].begin(), rows[static_cast<std::size_t>(k)].end(),
                  static_cast<float>(bit));
        pointers[k] = rows[static_cast<std::size_t>(k)].data();
      }
      const float median = ones[0] > radius ? 1.0f : 0.0f, second = ones[1] > radius ? 1.0f : 0.0f;
      columns(along.data() + radius, radius, 2, out.data());
      CHECK(out[0] == median);
      CHECK(out[1] == second);
      down(pointers, radius, 21, out.data(), nullptr);
      CHECK(std::all_of(out.begin(), out.begin() + 21, [&](float value) { return value == median; }));
      CHECK(out[21] == 0.0f);
      down(pointers, radius, 21, out.data(), next.data());
      CHECK(std::all_of(next.begin(), next.begin() + 21, [&](float value) { return value == second; }));
      CHECK(next[21] == 0.0f);
    }
  }
}

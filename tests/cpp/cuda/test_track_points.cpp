#include "device.hpp"
#include "geomvision/cuda/track_points.hpp"

using namespace device;
using gv::flow::Point;
using gv::flow::Track;
using gv::flow::TrackOptions;

namespace {

// A smooth pattern that is defined everywhere, looked up (dx, dy) away.
template <typename T>
std::vector<T> pattern(int width, int height, double dx, double dy, double scale) {
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

// Inside, on borders and corners, between pixels, outside, and nowhere.
std::vector<Point> places(int width, int height, std::size_t count) {
  const std::vector<double> random = random_values<double>(2 * count, -0.1, 1.1, 4);
  std::vector<Point> points;
  for (std::size_t i = 0; i < count; ++i) {
    Point point{random[2 * i] * width, random[2 * i + 1] * height};
    if (i % 4 == 1) point = {std::round(point.x), std::round(point.y)};
    points.push_back(point);
  }
  const double right = width - 1.0, bottom = height - 1.0;
  for (const Point point : {Point{0, 0}, Point{right, bottom}, Point{right, 0.5}, Point{NAN, 3}, Point{3, INFINITY},
                            Point{-0.001, 2}, Point{1e300, 2}}) {
    points.push_back(point);
  }
  return points;
}

std::vector<double> numbers(const std::vector<Track>& tracks) {
  std::vector<double> values;
  for (const Track& track : tracks) {
    for (const double value : {track.end.x, track.end.y, track.min_eigenvalue, track.forward_backward}) {
      values.push_back(value);
    }
  }
  return values;
}

template <typename T>
void compare(int width, int height, std::size_t count, double scale, const TrackOptions& options) {
  CAPTURE(width);
  CAPTURE(options.window);
  Array<T, 2> frame0({height, width}, pattern<T>(width, height, 2.3, -1.4, scale));
  Array<T, 2> frame1({height, width}, pattern<T>(width, height, 0, 0, scale));
  const std::vector<Point> starts = places(width, height, count);
  const auto all = static_cast<std::ptrdiff_t>(starts.size());
  const Array<Point, 1> points({all}, starts);
  const Array<Track, 1> tracks({all});
  const std::vector<Track> wanted =
      gv::flow::track_points(gv::ImageView<const T>(frame0.host.data(), width, height),
                             gv::ImageView<const T>(frame1.host.data(), width, height), starts, options);
  gv::cuda::track_points(frame0.there(), frame1.there(), points.there(), tracks.there(), options);
  CHECK(apart(numbers(tracks.fetched()), numbers(wanted)) == 0);
}

}  // namespace

TEST_CASE("CUDA: tracks are those of the CPU to the last bit") {
  each_order([] {
    TrackOptions options;
    options.window = 9;
    compare<float>(61, 47, 13, 1, options);
  });
  TrackOptions options;
  for (const int window : {3, 21, 33, 67, 131}) {  // one column of a lane and more; the last ones not in shared memory
    options.window = window;
    options.iterations = window > 21 ? 3 : 30;
    compare<std::uint8_t>(70, 50, window > 21 ? 4 : 20, 1, options);
  }
  options = {};
  options.forward_backward = 0;
  options.accuracy = 0;
  options.iterations = 4;
  options.min_eigenvalue = 0;
  options.levels = 1;
  compare<std::uint16_t>(90, 40, 10, 257, options);
  compare<float>(1, 1, 2, 1, options);
  compare<float>(3, 30, 5, 1, options);
}

TEST_CASE("CUDA: points of a pattern that moves are found where it has moved to") {
  const int width = 64, height = 56;
  const Array<float, 2> frame0({height, width}, pattern<float>(width, height, 2.3, -1.4, 1));
  const Array<float, 2> frame1({height, width}, pattern<float>(width, height, 0, 0, 1));
  const Array<Point, 1> points({2}, {Point{30, 25}, Point{22.5, 31.25}});
  const Array<Track, 1> tracks({2});
  gv::cuda::track_points(frame0.there(), frame1.there(), points.there(), tracks.there());
  for (std::size_t i = 0; i < 2; ++i) {
    const Track track = tracks.fetched()[i];
    CHECK(std::abs(track.end.x - points.host[i].x - 2.3) < 0.05);
    CHECK(std::abs(track.end.y - points.host[i].y + 1.4) < 0.05);
    CHECK(track.forward_backward < 0.05);
  }
}

TEST_CASE("CUDA: points in frames of NaN are lost, and no point is no work") {
  const Array<float, 2> frame({40, 40}, std::vector<float>(1600, NAN));
  const Array<Point, 1> points({1}, {Point{20, 20}}), none({0});
  const Array<Track, 1> tracks({1}), nothing({0});
  gv::cuda::track_points(frame.there(), frame.there(), points.there(), tracks.there());
  CHECK(std::isnan(tracks.fetched()[0].end.x));
  gv::cuda::track_points(frame.there(), frame.there(), none.there(), nothing.there());
}

TEST_CASE("CUDA: tracking refuses sizes and options that are wrong") {
  const Array<float, 2> frame({5, 6}), wide({5, 7}), empty({0, 6});
  const Array<Point, 1> points({2});
  const Array<Track, 1> tracks({2}), three({3});
  CHECK_THROWS_WITH_AS(gv::cuda::track_points(frame.there(), wide.there(), points.there(), tracks.there()),
                       "track_points: frame0 is 5x6, frame1 is 5x7; they must be equal and not empty",
                       std::invalid_argument);
  CHECK_THROWS_AS(gv::cuda::track_points(empty.there(), empty.there(), points.there(), tracks.there()),
                  std::invalid_argument);
  CHECK_THROWS_AS(gv::cuda::track_points(frame.there(), frame.there(), points.there(), three.there()),
                  std::invalid_argument);
  TrackOptions options;
  options.window = 4;
  CHECK_THROWS_AS(gv::cuda::track_points(frame.there(), frame.there(), points.there(), tracks.there(), options),
                  std::invalid_argument);
}

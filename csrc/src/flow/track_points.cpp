#include "geomvision/flow/track_points.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "flow/rows.hpp"
#include "flow/shrink.hpp"
#include "geomvision/check.hpp"

namespace geomvision::flow {
namespace {

constexpr const char* owner = "track_points";
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

struct Level {
  Image<float> image, gx, gy;
};
using Pyramid = std::vector<Level>;

// A pixel of the window: its offset from the point, its grey level and derivatives in the first frame.
struct Sample {
  double dx, dy, grey, gx, gy;
};

struct Tensor {
  double xx = 0, xy = 0, yy = 0;

  void add(double gx, double gy) {
    xx = xx + gx * gx;
    xy = xy + gx * gy;
    yy = yy + gy * gy;
  }
};

Pyramid make_pyramid(ImageView<const float> frame, int levels, int threads) {
  Pyramid pyramid(1);
  Image<float> narrow;
  pyramid[0].image.resize(frame.width(), frame.height());
  for (int y = 0; y < frame.height(); ++y) {
    std::copy(frame.row(y), frame.row(y) + frame.width(), row(pyramid[0].image, y));
    const bool finite =
        std::all_of(frame.row(y), frame.row(y) + frame.width(), [](float value) { return std::isfinite(value); });
    check(finite, owner, ": row ", y, " of a frame holds NaN or infinity; mask or fill it first");
  }
  while (static_cast<int>(pyramid.size()) < levels) {
    const Image<float>& large = pyramid.back().image;
    if (std::min(large.width(), large.height()) < 2 * coarsest) break;
    Level small;
    shrink(large, narrow, small.image, threads);
    pyramid.push_back(std::move(small));
  }
  for (Level& level : pyramid) differentiate(level.image, level.gx, level.gy, threads);
  return pyramid;
}

bool is_inside(const Image<float>& image, double x, double y) {
  return x >= 0.0 && y >= 0.0 && x <= image.width() - 1.0 && y <= image.height() - 1.0;
}

double sample(const Image<float>& image, double x, double y) {
  const int ix = static_cast<int>(x);
  const int iy = static_cast<int>(y);
  const int x1 = std::min(ix + 1, image.width() - 1);
  const int y1 = std::min(iy + 1, image.height() - 1);
  const double fx = x - ix;
  const double fy = y - iy;
  const double a = image(ix, iy), b = image(x1, iy), c = image(ix, y1), d = image(x1, y1);
  const double top = a + fx * (b - a);
  const double bottom = c + fx * (d - c);
  return top + fy * (bottom - top);
}

void cut(const Level& level, Point at, int window, std::vector<Sample>& samples) {
  samples.clear();
  for (int dy = -(window / 2); dy <= window / 2; ++dy) {
    for (int dx = -(window / 2); dx <= window / 2; ++dx) {
      const double x = at.x + dx;
      const double y = at.y + dy;
      if (!is_inside(level.image, x, y)) continue;
      samples.push_back({static_cast<double>(dx), static_cast<double>(dy), sample(level.image, x, y),
                         sample(level.gx, x, y), sample(level.gy, x, y)});
    }
  }
}

// Smaller eigenvalue of the window's mean structure tensor.
double smaller_eigenvalue(const std::vector<Sample>& samples) {
  Tensor sum;
  for (const Sample& s : samples) sum.add(s.gx, s.gy);
  const double half = 0.5 * (sum.xx - sum.yy);
  const double smaller = 0.5 * (sum.xx + sum.yy) - std::sqrt(half * half + sum.xy * sum.xy);
  return std::max(smaller, 0.0) / static_cast<double>(std::max<std::size_t>(samples.size(), 1));
}

// Gauss-Newton steps. Window pixels that leave the image are left out; an undetermined step ends the search.
Point descend(const std::vector<Sample>& samples, const Image<float>& image, Point at, Point move,
              const TrackOptions& options) {
  for (int iteration = 0; iteration < options.iterations; ++iteration) {
    Tensor sum;
    double xt = 0, yt = 0;
    for (const Sample& s : samples) {
      const double x = at.x + s.dx + move.x;
      const double y = at.y + s.dy + move.y;
      if (!is_inside(image, x, y)) continue;
      const double t = sample(image, x, y) - s.grey;
      sum.add(s.gx, s.gy);
      xt = xt + s.gx * t;
      yt = yt + s.gy * t;
    }
    const double determinant = sum.xx * sum.yy - sum.xy * sum.xy;
    if (!(determinant > 1e-9 * ((sum.xx + sum.yy) * (sum.xx + sum.yy)))) break;
    const Point step{(sum.xy * yt - sum.yy * xt) / determinant, (sum.xy * xt - sum.xx * yt) / determinant};
    move = {move.x + step.x, move.y + step.y};
    if (step.x * step.x + step.y * step.y <= options.accuracy * options.accuracy) break;
  }
  return move;
}

// Where a point goes and the smaller eigenvalue at its start; NaN where either end is outside.
Track follow(const Pyramid& from, const Pyramid& to, Point start, const TrackOptions& options,
             std::vector<Sample>& samples) {
  Track track{{nan, nan}, nan, nan};
  if (!is_inside(from[0].image, start.x, start.y)) return track;
  Point move;
  double eigenvalue = nan;
  const int top = static_cast<int>(from.size()) - 1;
  for (int level = top; level >= 0; --level) {
    const auto index = static_cast<std::size_t>(level);
    const double scale = std::ldexp(1.0, -level);
    const Point at{start.x * scale, start.y * scale};
    cut(from[index], at, options.window, samples);
    if (level < top) move = {2.0 * move.x, 2.0 * move.y};
    move = descend(samples, to[index].image, at, move, options);
    if (level == 0) eigenvalue = smaller_eigenvalue(samples);
  }
  const Point end{start.x + move.x, start.y + move.y};
  if (is_inside(to[0].image, end.x, end.y)) track = {end, eigenvalue, nan};
  return track;
}

Track track_point(const Pyramid& pyramid0, const Pyramid& pyramid1, Point start, const TrackOptions& options,
                  std::vector<Sample>& samples) {
  constexpr Point lost{nan, nan};
  Track track = follow(pyramid0, pyramid1, start, options, samples);
  if (!(track.min_eigenvalue >= options.min_eigenvalue)) return {lost, track.min_eigenvalue, nan};
  if (options.forward_backward > 0) {
    const Point back = follow(pyramid1, pyramid0, track.end, options, samples).end;
    const double x = back.x - start.x;
    const double y = back.y - start.y;
    track.forward_backward = std::sqrt(x * x + y * y);
    if (!(track.forward_backward <= options.forward_backward)) track.end = lost;
  }
  return track;
}

}  // namespace

std::vector<Track> track_points(ImageView<const float> frame0, ImageView<const float> frame1,
                                const std::vector<Point>& points, const TrackOptions& options) {
  constexpr double no_limit = std::numeric_limits<double>::max();
  check_range(owner, "window", options.window, 3, 255);
  check(options.window % 2 == 1, owner, ": window is ", options.window, "; it must be odd");
  check_range(owner, "levels", options.levels, 1, 32);
  check_range(owner, "iterations", options.iterations, 1, 10000);
  check_range(owner, "accuracy", options.accuracy, 0.0, no_limit);
  check_range(owner, "min_eigenvalue", options.min_eigenvalue, 0.0, no_limit);
  check_range(owner, "forward_backward", options.forward_backward, 0.0, no_limit);
  check(!frame0.empty() && frame0.width() == frame1.width() && frame0.height() == frame1.height(), owner,
        ": frame0 is ", frame0.width(), "x", frame0.height(), ", frame1 is ", frame1.width(), "x", frame1.height(),
        "; they must be equal and not empty");
  const Pyramid pyramid0 = make_pyramid(frame0, options.levels, options.num_threads);
  const Pyramid pyramid1 = make_pyramid(frame1, options.levels, options.num_threads);
  std::vector<Track> tracks(points.size());
  parallel_for(
      static_cast<int>(points.size()), options.num_threads,
      [&](int begin, int end) {
        std::vector<Sample> samples;
        for (int i = begin; i < end; ++i) {
          const auto index = static_cast<std::size_t>(i);
          tracks[index] = track_point(pyramid0, pyramid1, points[index], options, samples);
        }
      },
      8);
  return tracks;
}

}  // namespace geomvision::flow

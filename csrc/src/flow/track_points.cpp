#include "geomvision/flow/track_points.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <numeric>
#include <type_traits>

#include "flow/rows.hpp"
#include "flow/shrink.hpp"
#include "flow/track_limits.hpp"
#include "geomvision/check.hpp"
#include "kernels/flow.hpp"
#include "kernels/track.hpp"

namespace geomvision::flow {
namespace {

constexpr const char* owner = "track_points";
constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr int cell = 32;  // pixels

bool is_inside(int width, int height, Point at) {
  return at.x >= 0.0 && at.y >= 0.0 && at.x <= width - 1.0 && at.y <= height - 1.0;
}

// Which of the `window` columns (or rows) from first + fraction on lie in an image of `size`.
void lie_inside(int first, float fraction, int window, int size, int* begin, int* end) {
  *begin = std::clamp(-first, 0, window);
  *end = std::clamp(size - (fraction > 0.0f ? 1 : 0) - first, *begin, window);
}

}  // namespace

// The image and its derivatives, with a margin on all sides that holds a window outside: border pixels are repeated.
struct PointTracker::Level {
  RollingRows planes[3];
  int width = 0, height = 0, margin = 0;

  void fit(int new_width, int new_height, int window) {
    width = new_width, height = new_height, margin = window + 1;
    for (RollingRows& plane : planes) plane.fit(height + 2 * margin, width, margin);
  }

  // Row y of a plane, which may lie in the margin.
  float* operator()(int plane, int y) { return planes[plane][y + margin]; }

  // Row y of a plane is made: repeat its ends, and itself where it is the first or the last.
  void close(int plane, int y) {
    RollingRows& rows = planes[plane];
    rows.close(y + margin);
    for (int k = 1; k <= margin; ++k) {
      if (y == 0) rows.copy(margin, margin - k);
      if (y == height - 1) rows.copy(y + margin, y + margin + k);
    }
  }

  // Rows first ... last - 1 of the image, from that of the next finer level (see shrink.hpp).
  void shrink_rows(Level& large, RollingRows& narrow, int first, int last) {
    const auto columns = GEOMVISION_KERNEL(flow_shrink_columns);
    const auto rows = GEOMVISION_KERNEL(flow_shrink_rows);
    narrow.fit(8, width, 0);
    int made = std::max(2 * first - 2, 0);
    for (int y = first; y < last; ++y) {
      for (; made <= std::min(2 * y + 2, large.height - 1); ++made) columns(large(0, made), large.width, narrow[made]);
      const float* five[5];
      for (int k = 0; k < 5; ++k) five[k] = narrow[std::clamp(2 * y + k - 2, 0, large.height - 1)];
      rows(five, width, (*this)(0, y));
      close(0, y);
    }
  }

  // Row y of both derivatives.
  void differentiate(int y) {
    const float* five[5];
    for (int k = 0; k < 5; ++k) five[k] = (*this)(0, std::clamp(y + k - 2, 0, height - 1));
    GEOMVISION_KERNEL(flow_gradients)(five, width, (*this)(1, y), (*this)(2, y));
    close(1, y);
    close(2, y);
  }

  // The window around a place, of one plane. False where it lies outside altogether.
  bool place(int plane, Point at, int window, TrackWindow& out) {
    const int radius = window / 2;
    const bool near =
        at.x + radius >= 0.0 && at.y + radius >= 0.0 && at.x - radius <= width - 1.0 && at.y - radius <= height - 1.0;
    if (!near) return false;
    const double floor_x = std::floor(at.x);
    const double floor_y = std::floor(at.y);
    const int x = static_cast<int>(floor_x) - radius;
    const int y = static_cast<int>(floor_y) - radius;
    out.fx = static_cast<float>(at.x - floor_x);
    out.fy = static_cast<float>(at.y - floor_y);
    lie_inside(x, out.fx, window, width, &out.first_column, &out.last_column);
    lie_inside(y, out.fy, window, height, &out.first_row, &out.last_row);
    out.pixels = (*this)(plane, y) + x;
    out.stride = planes[plane].stride();
    return true;
  }
};

// Rows that were shrunk along x only.
struct PointTracker::Band {
  RollingRows narrow;
};

// The window of frame 0 that is looked for.
struct PointTracker::Scratch {
  Aligned<float> cut;
  int window = 0, pitch = 0;

  void fit(int side) {
    window = side;
    pitch = (side + 15) / 16 * 16;
    cut.reserve(static_cast<std::size_t>(3 * window * pitch));
  }
};

PointTracker::~PointTracker() = default;
PointTracker::PointTracker(PointTracker&&) noexcept = default;
PointTracker& PointTracker::operator=(PointTracker&&) noexcept = default;

PointTracker::PointTracker(const TrackOptions& options) : options_(options) {
  constexpr double no_limit = std::numeric_limits<double>::max();
  check_range(owner, "window", options.window, 3, 255);
  check(options.window % 2 == 1, owner, ": window is ", options.window, "; it must be odd");
  check_range(owner, "levels", options.levels, 1, 32);
  check_range(owner, "iterations", options.iterations, 1, 10000);
  check_range(owner, "accuracy", options.accuracy, 0.0, no_limit);
  check_range(owner, "min_eigenvalue", options.min_eigenvalue, 0.0, no_limit);
  check_range(owner, "forward_backward", options.forward_backward, 0.0, no_limit);
  resolve_threads(options.num_threads);
  pyramid0_.resize(static_cast<std::size_t>(options.levels));
  pyramid1_.resize(pyramid0_.size());
}

// Both pyramids at once: as few loops as there are steps that wait for one another.
template <typename T>
void PointTracker::build(ImageView<const T> frame0, ImageView<const T> frame1) {
  std::vector<Level>* const pyramids[2] = {&pyramid0_, &pyramid1_};
  const int width = frame0.width(), height = frame0.height(), threads = options_.num_threads;
  used_ = 0;
  for (int w = width, h = height; used_ < options_.levels; w = (w + 1) / 2, h = (h + 1) / 2) {
    for (std::vector<Level>* pyramid : pyramids) {
      (*pyramid)[static_cast<std::size_t>(used_)].fit(w, h, options_.window);
    }
    ++used_;
    if (std::min(w, h) < 2 * coarsest) break;
  }
  std::atomic<int> wrong{2 * height};  // the first row that holds what is not a number
  for_rows(width, 2 * height, threads, [&](int i) {
    const int y = i % height;
    const T* from = (i < height ? frame0 : frame1).row(y);
    Level& level = (*pyramids[i / height])[0];
    float* grey = level(0, y);
    int numbers = 0;
    for (int x = 0; x < width; ++x) {
      grey[x] = std::is_same_v<T, std::uint16_t> ? static_cast<float>(from[x] / 257.0) : static_cast<float>(from[x]);
      numbers += std::abs(grey[x]) <= std::numeric_limits<float>::max() ? 1 : 0;
    }
    for (int first = wrong; numbers < width && i < first && !wrong.compare_exchange_weak(first, i);) {
    }
    level.close(0, y);
  });
  check(wrong == 2 * height, owner, ": row ", wrong % height,
        " of a frame holds NaN or infinity; mask or fill it first");
  for (std::size_t index = 1; index < static_cast<std::size_t>(used_); ++index) {
    const int rows = pyramid0_[index].height;
    const int bands = count_bands(pyramid0_[index].width, 2 * rows, threads, 8);
    if (static_cast<int>(bands_.size()) < bands) bands_.resize(static_cast<std::size_t>(bands));
    for_bands(bands, 2 * rows, threads, [&](int band, int first, int last) {
      for (int k = 0; k < 2; ++k) {
        Level& large = (*pyramids[k])[index - 1];
        (*pyramids[k])[index].shrink_rows(large, bands_[static_cast<std::size_t>(band)].narrow,
                                          std::clamp(first - k * rows, 0, rows), std::clamp(last - k * rows, 0, rows));
      }
    });
  }
  differentiate(pyramid0_);
  if (options_.forward_backward > 0) differentiate(pyramid1_);
}

void PointTracker::differentiate(std::vector<Level>& pyramid) {
  int rows = 0;
  for (int index = 0; index < used_; ++index) rows += pyramid[static_cast<std::size_t>(index)].height;
  for_rows(pyramid[0].width, rows, options_.num_threads, [&](int y) {
    std::size_t index = 0;
    for (; y >= pyramid[index].height; ++index) y -= pyramid[index].height;
    pyramid[index].differentiate(y);
  });
}

// Gauss-Newton steps. Window pixels that leave the image are left out; an undetermined step ends the search.
Point PointTracker::descend(Level& to, Point at, Point move, const float* tensor, Scratch& scratch) const {
  const auto compare = GEOMVISION_KERNEL(track_compare);
  for (int iteration = 0; iteration < options_.iterations; ++iteration) {
    TrackWindow window;
    if (!to.place(0, {at.x + move.x, at.y + move.y}, scratch.window, window)) break;
    float sums[5] = {0, 0, tensor[0], tensor[1], tensor[2]};
    compare(window, scratch.window, scratch.pitch, scratch.cut.reserve(0), sums);
    const double xt = sums[0], yt = sums[1], xx = sums[2], xy = sums[3], yy = sums[4];
    const double determinant = xx * yy - xy * xy;
    if (!(determinant > least_determinant * ((xx + yy) * (xx + yy)))) break;
    const Point step{(xy * yt - yy * xt) / determinant, (xy * xt - xx * yt) / determinant};
    move = {move.x + step.x, move.y + step.y};
    if (step.x * step.x + step.y * step.y <= options_.accuracy * options_.accuracy) break;
  }
  return move;
}

// Where a point goes and the smaller eigenvalue at its start; NaN where either end is outside.
Track PointTracker::follow(std::vector<Level>& from, std::vector<Level>& to, Point start, Scratch& scratch) const {
  Track track{{nan, nan}, nan, nan};
  const int width = from[0].width;
  const int height = from[0].height;
  if (!is_inside(width, height, start)) return track;
  const auto cut = GEOMVISION_KERNEL(track_cut);
  Point move;
  double eigenvalue = nan;
  for (int level = used_ - 1; level >= 0; --level) {
    const auto index = static_cast<std::size_t>(level);
    const double scale = std::ldexp(1.0, -level);
    const Point at{start.x * scale, start.y * scale};
    TrackWindow windows[3];
    for (int plane = 0; plane < 3; ++plane) from[index].place(plane, at, scratch.window, windows[plane]);
    float tensor[3];
    cut(windows, scratch.window, scratch.pitch, scratch.cut.reserve(0), tensor);
    if (level < used_ - 1) move = {2.0 * move.x, 2.0 * move.y};
    move = descend(to[index], at, move, tensor, scratch);
    if (level > 0) continue;
    const TrackWindow& in = windows[0];
    const double count = (in.last_row - in.first_row) * (in.last_column - in.first_column);
    const double xx = tensor[0], xy = tensor[1], yy = tensor[2];
    const double half = 0.5 * (xx - yy);
    eigenvalue = std::max(0.5 * (xx + yy) - std::sqrt(half * half + xy * xy), 0.0) / std::max(count, 1.0);
  }
  const Point end{start.x + move.x, start.y + move.y};
  if (is_inside(width, height, end)) track = {end, eigenvalue, nan};
  return track;
}

Track PointTracker::track(Point start, Scratch& scratch) {
  constexpr Point lost{nan, nan};
  Track track = follow(pyramid0_, pyramid1_, start, scratch);
  if (!(track.min_eigenvalue >= options_.min_eigenvalue)) return {lost, track.min_eigenvalue, nan};
  if (options_.forward_backward > 0) {
    const Point back = follow(pyramid1_, pyramid0_, track.end, scratch).end;
    const double x = back.x - start.x;
    const double y = back.y - start.y;
    track.forward_backward = std::sqrt(x * x + y * y);
    if (!(track.forward_backward <= options_.forward_backward)) track.end = lost;
  }
  return track;
}

// Points that lie near one another come one after the other: their windows are in the cache then. Counted by cells of
// the image, row by row of cells; those outside go anywhere.
void PointTracker::sort(const Point* points, int count) {
  const int columns = (pyramid0_[0].width + cell - 1) / cell, rows = (pyramid0_[0].height + cell - 1) / cell;
  const auto cell_of = [&](const Point& point) {
    const int x = point.x >= 0 ? static_cast<int>(std::min(point.x / cell, columns - 1.0)) : 0;
    const int y = point.y >= 0 ? static_cast<int>(std::min(point.y / cell, rows - 1.0)) : 0;
    return static_cast<std::size_t>(y) * columns + x;
  };
  starts_.assign(static_cast<std::size_t>(columns) * rows + 1, 0);
  order_.resize(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) ++starts_[cell_of(points[i]) + 1];
  std::partial_sum(starts_.begin(), starts_.end(), starts_.begin());
  for (int i = 0; i < count; ++i) order_[static_cast<std::size_t>(starts_[cell_of(points[i])]++)] = i;
}

template <typename T>
void PointTracker::follow_all(ImageView<const T> frame0, ImageView<const T> frame1, const Point* points, int count,
                              Track* tracks) {
  check(!pyramid0_.empty(), owner, ": this object was moved from; assign another one to it before it is used");
  check(count >= 0 && (count == 0 || (points != nullptr && tracks != nullptr)), owner, ": there are ", count,
        " points; allowed are 0 or more, which lie somewhere as their tracks do");
  check(!frame0.empty() && frame0.width() == frame1.width() && frame0.height() == frame1.height(), owner,
        ": frame0 is ", frame0.width(), "x", frame0.height(), ", frame1 is ", frame1.width(), "x", frame1.height(),
        "; they must be equal and not empty");
  build(frame0, frame1);
  sort(points, count);
  constexpr int few = 16;  // points that are worth a thread
  const int pieces = std::clamp(count / few, 1, 8 * resolve_threads(options_.num_threads));
  if (static_cast<int>(scratch_.size()) < pieces) scratch_.resize(static_cast<std::size_t>(pieces));
  for_bands(pieces, count, options_.num_threads, [&](int piece, int first, int last) {
    Scratch& scratch = scratch_[static_cast<std::size_t>(piece)];
    scratch.fit(options_.window);
    for (int i = first; i < last; ++i) {
      const int point = order_[static_cast<std::size_t>(i)];
      tracks[point] = track(points[point], scratch);
    }
  });
}

namespace {

template <typename T>
std::vector<Track> track_all(ImageView<const T> frame0, ImageView<const T> frame1, const std::vector<Point>& points,
                             const TrackOptions& options) {
  check(points.size() <= static_cast<std::size_t>(std::numeric_limits<int>::max()), owner, ": too many points");
  std::vector<Track> tracks(points.size());
  PointTracker tracker(options);
  tracker(frame0, frame1, points.data(), static_cast<int>(points.size()), tracks.data());
  return tracks;
}

}  // namespace

#define GEOMVISION_TRACK(T)                                                                                           \
  void PointTracker::operator()(ImageView<const T> frame0, ImageView<const T> frame1, const Point* points, int count, \
                                Track* tracks) {                                                                      \
    follow_all(frame0, frame1, points, count, tracks);                                                                \
  }                                                                                                                   \
  std::vector<Track> track_points(ImageView<const T> frame0, ImageView<const T> frame1,                               \
                                  const std::vector<Point>& points, const TrackOptions& options) {                    \
    return track_all(frame0, frame1, points, options);                                                                \
  }
GEOMVISION_TRACK(std::uint8_t)
GEOMVISION_TRACK(std::uint16_t)
GEOMVISION_TRACK(float)
#undef GEOMVISION_TRACK

}  // namespace geomvision::flow

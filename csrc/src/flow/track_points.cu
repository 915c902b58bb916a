#include <algorithm>
#include <cmath>
#include <limits>

#include "flow/pyramid.cuh"
#include "flow/shrink.hpp"
#include "flow/track_limits.hpp"
#include "geomvision/cuda/track_points.hpp"

// A warp follows a point: lanes have columns of its window, and add down them; then halves of the row of sums are added
// until one is left. These are the operations of kernels/track.cpp in their order. What the window of the first frame
// holds lies in shared memory, that of very large windows in the device's.

namespace geomvision::cuda {
namespace {

using geomvision::flow::Point;
using geomvision::flow::Track;
using geomvision::flow::TrackOptions;

constexpr const char* owner = "track_points";
constexpr int lanes = 32;
constexpr int most_levels = 32;
constexpr int most_warps = 4;           // of a block
constexpr std::size_t room = 48 << 10;  // bytes of shared memory that any device has
constexpr int far_warps = 1024;         // whose windows are in the device's memory
constexpr unsigned all_lanes = 0xffffffffu;

// Image and derivatives of the levels of both frames: planes that lie one after the other.
struct Pyramid {
  Size sizes[most_levels];
  std::ptrdiff_t starts[most_levels];  // of frame 0 of each level; frame 1 comes after it
  const float *grey, *gx, *gy;
  int levels;
};

struct Options {
  int window, iterations;
  double accuracy, min_eigenvalue, forward_backward;
};

// A window between pixels: see TrackWindow of kernels/track.hpp.
struct Window {
  int x, y;  // its upper left pixel's upper left neighbour
  float fx, fy;
  int first_row, last_row, first_column, last_column;

  // False where it lies outside altogether; so does a place that is NaN.
  __device__ bool place(Size size, Point at, int window) {
    const int radius = window / 2;
    const bool near = at.x + radius >= 0.0 && at.y + radius >= 0.0 && at.x - radius <= size.width - 1.0 &&
                      at.y - radius <= size.height - 1.0;
    if (!near) return false;
    const double floor_x = std::floor(at.x), floor_y = std::floor(at.y);
    x = static_cast<int>(floor_x) - radius;
    y = static_cast<int>(floor_y) - radius;
    fx = static_cast<float>(at.x - floor_x);
    fy = static_cast<float>(at.y - floor_y);
    lie_inside(x, fx, window, size.width, first_column, last_column);
    lie_inside(y, fy, window, size.height, first_row, last_row);
    return true;
  }

  static __device__ void lie_inside(int first, float fraction, int window, int size, int& begin, int& end) {
    begin = min(max(-first, 0), window);
    end = min(max(size - (fraction > 0.0f ? 1 : 0) - first, begin), window);
  }

  __device__ bool has_column(int column) const { return column >= first_column && column < last_column; }
};

// Rows of a column of a window, interpolated, from the first that is in the image on. The border repeats.
struct Rows {
  const float* plane;
  Size size;
  int left, right, y;
  float fx, fy, upper;

  __device__ Rows(const float* from, Size of, const Window& window, int column)
      : plane(from),
        size(of),
        left(min(max(window.x + column, 0), of.width - 1)),
        right(min(max(window.x + column + 1, 0), of.width - 1)),
        y(window.y + window.first_row),
        fx(window.fx),
        fy(window.fy) {
    upper = along();
  }

  __device__ float along() const {
    const float* row = plane + static_cast<std::ptrdiff_t>(min(max(y, 0), size.height - 1)) * size.width;
    const float before = row[left];
    return before + fx * (row[right] - before);
  }

  __device__ float take() {
    ++y;
    const float lower = along();
    const float value = upper + fy * (lower - upper);
    upper = lower;
    return value;
  }
};

// Sums of `parts` columns of each lane: columns lane, lane + 32, ... All lanes get them.
template <int parts>
__device__ float fold(float (&values)[parts]) {
  for (int half = parts / 2; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) values[i] += values[half + i];
  }
  float sum = values[0];
  for (int by = lanes / 2; by > 0; by /= 2) sum += __shfl_xor_sync(all_lanes, sum, by);
  return sum;
}

// The window of frame 0 that is looked for: three planes of `window` rows, `parts` * 32 floats apart.
template <int parts>
struct Cut {
  float* values;
  int window, lane;

  __device__ float* at(int plane, int row, int column) const {
    return values + (plane * window + row) * (parts * lanes) + column;
  }

  __device__ void fill(const Pyramid& pyramid, int level, int frame, const Window& in, float* tensor) const {
    const Size size = pyramid.sizes[level];
    const std::ptrdiff_t start = pyramid.starts[level] + frame * size.pixels();
    float xx[parts] = {}, xy[parts] = {}, yy[parts] = {};
    for (int i = 0; i < parts; ++i) {
      const int column = lane + i * lanes;
      if (column >= window) continue;
      const bool kept = in.has_column(column);
      Rows grey(pyramid.grey + start, size, in, column), along(pyramid.gx + start, size, in, column);
      Rows down(pyramid.gy + start, size, in, column);
      for (int row = 0; row < window; ++row) {
        float value = 0, gx = 0, gy = 0;
        if (row >= in.first_row && row < in.last_row) {
          value = grey.take();
          gx = along.take();
          gy = down.take();
          if (!kept) value = gx = gy = 0;
          xx[i] += gx * gx;
          xy[i] += gx * gy;
          yy[i] += gy * gy;
        }
        *at(0, row, column) = value;
        *at(1, row, column) = gx;
        *at(2, row, column) = gy;
      }
    }
    tensor[0] = fold(xx);
    tensor[1] = fold(xy);
    tensor[2] = fold(yy);
  }

  // Sums of gx t and gy t with t the difference from what is here, then the tensor of what is in the image.
  __device__ void compare(const float* plane, Size size, const Window& in, float* sums) const {
    const bool whole = in.first_row == 0 && in.last_row == window && in.first_column == 0 && in.last_column == window;
    float xt[parts] = {}, yt[parts] = {}, xx[parts] = {}, xy[parts] = {}, yy[parts] = {};
    for (int i = 0; i < parts; ++i) {
      const int column = lane + i * lanes;
      if (column >= window || !in.has_column(column)) continue;
      Rows grey(plane, size, in, column);
      for (int row = in.first_row; row < in.last_row; ++row) {
        const float t = grey.take() - *at(0, row, column), gx = *at(1, row, column), gy = *at(2, row, column);
        if (!whole) {
          xx[i] += gx * gx;
          xy[i] += gx * gy;
          yy[i] += gy * gy;
        }
        xt[i] += gx * t;
        yt[i] += gy * t;
      }
    }
    sums[0] = fold(xt);
    sums[1] = fold(yt);
    if (whole) return;
    sums[2] = fold(xx);
    sums[3] = fold(xy);
    sums[4] = fold(yy);
  }
};

__device__ bool is_inside(Size size, Point at) {
  return at.x >= 0.0 && at.y >= 0.0 && at.x <= size.width - 1.0 && at.y <= size.height - 1.0;
}

// Gauss-Newton steps. Window pixels that leave the image are left out; an undetermined step ends the search.
template <int parts>
__device__ Point descend(const Cut<parts>& cut, const Options& options, const float* plane, Size size, Point at,
                         Point move, const float* tensor) {
  for (int iteration = 0; iteration < options.iterations; ++iteration) {
    Window window;
    if (!window.place(size, {at.x + move.x, at.y + move.y}, options.window)) break;
    float sums[5] = {0, 0, tensor[0], tensor[1], tensor[2]};
    cut.compare(plane, size, window, sums);
    const double xt = sums[0], yt = sums[1], xx = sums[2], xy = sums[3], yy = sums[4];
    const double determinant = xx * yy - xy * xy;
    if (!(determinant > geomvision::flow::least_determinant * ((xx + yy) * (xx + yy)))) break;
    const Point step{(xy * yt - yy * xt) / determinant, (xy * xt - xx * yt) / determinant};
    move = {move.x + step.x, move.y + step.y};
    if (step.x * step.x + step.y * step.y <= options.accuracy * options.accuracy) break;
  }
  return move;
}

// Where a point of frame `from` goes and the smaller eigenvalue at its start; NaN where either end is outside.
template <int parts>
__device__ Track follow(const Cut<parts>& cut, const Pyramid& pyramid, const Options& options, int from, Point start) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  Track track{{nan, nan}, nan, nan};
  const Size finest = pyramid.sizes[0];
  if (!is_inside(finest, start)) return track;
  Point move;
  double eigenvalue = nan;
  for (int level = pyramid.levels - 1; level >= 0; --level) {
    const Size size = pyramid.sizes[level];
    const double scale = std::ldexp(1.0, -level);
    const Point at{start.x * scale, start.y * scale};
    Window window{};
    window.place(size, at, options.window);
    float tensor[3];
    cut.fill(pyramid, level, from, window, tensor);
    if (level < pyramid.levels - 1) move = {2.0 * move.x, 2.0 * move.y};
    move = descend(cut, options, pyramid.grey + pyramid.starts[level] + (1 - from) * size.pixels(), size, at, move,
                   tensor);
    if (level > 0) continue;
    const double count = (window.last_row - window.first_row) * (window.last_column - window.first_column);
    const double xx = tensor[0], xy = tensor[1], yy = tensor[2];
    const double half = 0.5 * (xx - yy);
    eigenvalue = std::max(0.5 * (xx + yy) - std::sqrt(half * half + xy * xy), 0.0) / std::max(count, 1.0);
  }
  const Point end{start.x + move.x, start.y + move.y};
  if (is_inside(finest, end)) track = {end, eigenvalue, nan};
  return track;
}

template <int parts>
__global__ void __launch_bounds__(most_warps* lanes)
    track_all(Pyramid pyramid, Options options, Cells<const Point, 1> points, Cells<Track, 1> tracks, float* far) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  const auto lane = static_cast<int>(threadIdx.x % lanes), warp = static_cast<int>(threadIdx.x / lanes);
  const auto warps = static_cast<int>(blockDim.x / lanes);
  const int first = static_cast<int>(blockIdx.x) * warps + warp, step = static_cast<int>(gridDim.x) * warps;
  const std::ptrdiff_t held = std::ptrdiff_t{3} * options.window * parts * lanes;
  const Cut<parts> cut{far != nullptr ? far + first * held : shared<float>() + warp * held, options.window, lane};
  for (int i = first; i < points.sizes[0]; i += step) {
    const Point start = *points.at(i);
    Track track = follow(cut, pyramid, options, 0, start);
    if (!(track.min_eigenvalue >= options.min_eigenvalue)) {
      track = {{nan, nan}, track.min_eigenvalue, nan};
    } else if (options.forward_backward > 0) {
      const Point back = follow(cut, pyramid, options, 1, track.end).end;
      const double x = back.x - start.x;
      const double y = back.y - start.y;
      track.forward_backward = std::sqrt(x * x + y * y);
      if (!(track.forward_backward <= options.forward_backward)) track.end = {nan, nan};
    }
    if (lane == 0) *tracks.at(i) = track;
  }
}

// As many warps at once as shared memory holds windows for; where it holds none, those of `far_warps` lie elsewhere.
template <int parts>
void start(const Pyramid& pyramid, const Options& options, const DeviceView<const Point, 1>& points,
           const DeviceView<Track, 1>& tracks, Stream stream) {
  const auto held = static_cast<std::size_t>(3 * options.window * parts * lanes) * sizeof(float);
  const auto count = points.size(0);
  const bool near = held <= room;
  const int warps = near ? std::min(static_cast<int>(room / held), most_warps) : most_warps;
  const std::ptrdiff_t needed = blocks(count, warps);
  const std::ptrdiff_t grid = near ? needed : std::min<std::ptrdiff_t>(needed, far_warps / warps);
  const StreamMemory<float> far(near ? 0 : held / sizeof(float) * static_cast<std::size_t>(grid * warps), stream);
  launch(track_all<parts>, static_cast<unsigned>(grid), static_cast<unsigned>(warps * lanes),
         near ? held * static_cast<std::size_t>(warps) : 0, stream, pyramid, options, Cells<const Point, 1>(points),
         Cells<Track, 1>(tracks), far.data());
}

template <typename T>
void track(DeviceView<const T, 2> frame0, DeviceView<const T, 2> frame1, DeviceView<const Point, 1> points,
           DeviceView<Track, 1> tracks, const TrackOptions& options, Stream stream) {
  const geomvision::flow::PointTracker checked(options);
  check(!frame0.empty() && frame0.sizes() == frame1.sizes(), owner, ": frame0 is ", frame0.shape(), ", frame1 is ",
        frame1.shape(), "; they must be equal and not empty");
  check(frame0.size(0) * frame0.size(1) < std::ptrdiff_t{1} << 31, owner, ": frames are ", frame0.shape(),
        "; allowed are below 2^31 pixels");
  check(points.size(0) == tracks.size(0), owner, ": there are ", points.size(0), " points and ", tracks.size(0),
        " tracks; they must be as many");
  if (points.empty()) return;

  Pyramid pyramid{};
  std::ptrdiff_t all = 0;
  for (Size size{static_cast<int>(frame0.size(1)), static_cast<int>(frame0.size(0))}; pyramid.levels < options.levels;
       size = size.half()) {
    pyramid.sizes[pyramid.levels] = size;
    pyramid.starts[pyramid.levels++] = all;
    all += 2 * size.pixels();
    if (std::min(size.width, size.height) < 2 * geomvision::flow::coarsest) break;
  }
  const StreamMemory<float> planes(static_cast<std::size_t>(3 * all), stream);
  float *grey = planes.data(), *gx = grey + all, *gy = gx + all;
  to_grey_levels(frame0, grey, stream);
  to_grey_levels(frame1, grey + pyramid.sizes[0].pixels(), stream);
  for (int level = 0; level < pyramid.levels; ++level) {
    const std::ptrdiff_t at = pyramid.starts[level];
    if (level > 0) shrink(grey + pyramid.starts[level - 1], pyramid.sizes[level - 1], 2, grey + at, stream);
    differentiate(grey + at, pyramid.sizes[level], options.forward_backward > 0 ? 2 : 1, gx + at, gy + at, stream);
  }
  pyramid.grey = grey;
  pyramid.gx = gx;
  pyramid.gy = gy;
  const Options chosen{options.window, options.iterations, options.accuracy, options.min_eigenvalue,
                       options.forward_backward};
  const auto run = options.window <= 32    ? start<1>
                   : options.window <= 64  ? start<2>
                   : options.window <= 128 ? start<4>
                                           : start<8>;
  run(pyramid, chosen, points, tracks, stream);
}

}  // namespace

#define GEOMVISION_TRACK(T)                                                                                          \
  void track_points(DeviceView<const T, 2> frame0, DeviceView<const T, 2> frame1, DeviceView<const Point, 1> points, \
                    DeviceView<Track, 1> tracks, const TrackOptions& options, Stream stream) {                       \
    track(frame0, frame1, points, tracks, options, stream);                                                          \
  }
GEOMVISION_TRACK(std::uint8_t)
GEOMVISION_TRACK(std::uint16_t)
GEOMVISION_TRACK(float)
#undef GEOMVISION_TRACK

}  // namespace geomvision::cuda

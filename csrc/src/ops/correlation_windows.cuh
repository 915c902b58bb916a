#pragma once

#include <cmath>

#include "cuda/launch.cuh"
#include "ops/correlation_corners.cuh"

// Windows of products between pixels and packed features, as ops/correlation_windows.hpp has them on the CPU. A lookup
// along rows has levels one row high, and an image of positions for every row of pixels.

namespace geomvision::cuda::windows {

struct Levels {
  static constexpr int most = 16;
  int count = 0;
  int heights[most] = {}, widths[most] = {};
  std::ptrdiff_t firsts[most] = {}, positions = 0;

  void add(std::ptrdiff_t height, std::ptrdiff_t width) {
    heights[count] = static_cast<int>(height);
    widths[count] = static_cast<int>(width);
    firsts[count++] = positions;
    positions += height * width;
  }
};

constexpr std::ptrdiff_t padded(std::ptrdiff_t channels) { return (channels + 15) / 16 * 16; }

/// Where the samples around a coordinate begin, and how far they lie beyond the positions. False where it sees nothing:
/// far away or NaN.
template <typename T>
__device__ bool split(T coordinate, int level, int radius, int& first, T& fraction) {
  const T scaled = coordinate / static_cast<T>(1 << level);
  const bool near = scaled > T(-1e9) && scaled < T(1e9);
  const T whole = near ? std::floor(scaled) : T(0);
  first = static_cast<int>(whole) - radius;
  fraction = near ? scaled - whole : T(0);
  return near;
}

template <typename T>
struct Window {
  int x, y;
  T fx, fy;
  bool seen;
};

// Positions from (left, top) to before (right, bottom).
struct Box {
  int left = 0, top = 0, right = 0, bottom = 0;

  __device__ long long area() const {
    return right > left && bottom > top ? static_cast<long long>(right - left) * (bottom - top) : 0;
  }
  __device__ void join(const Box& other) {
    if (other.area() == 0) return;
    if (area() == 0) {
      *this = other;
      return;
    }
    left = min(left, other.left);
    top = min(top, other.top);
    right = max(right, other.right);
    bottom = max(bottom, other.bottom);
  }
};

/// What a lookup reads. 32 pixels are a tile: 8 x 4, or along rows 32 x 1.
template <typename T, bool rows>
struct Lookup {
  static constexpr int tile_pixels = 32, wide = rows ? 32 : 8, tall = rows ? 1 : 4;

  Cells<const T, 4> features0, coordinates;
  const T* packed;
  Levels levels;
  int radius, channels, step;
  T scale;
  int across, down;

  Lookup(const DeviceView<const T, 4>& features0_, const DeviceView<const T, 4>& coordinates_, const T* packed_,
         const Levels& levels_, int radius_)
      : features0(features0_),
        coordinates(coordinates_),
        packed(packed_),
        levels(levels_),
        radius(radius_),
        channels(features0.sizes[1]),
        step(static_cast<int>(padded(channels))),
        scale(T(1) / std::sqrt(static_cast<T>(channels > 0 ? channels : 1))),
        across((features0.sizes[3] + wide - 1) / wide),
        down((features0.sizes[2] + tall - 1) / tall) {}

  std::ptrdiff_t tiles() const { return std::ptrdiff_t{features0.sizes[0]} * across * down; }
  int side() const { return 2 * radius + 1; }

  __device__ int positions_x() const { return 2 * radius + 2; }
  __device__ int positions_y() const { return rows ? 1 : 2 * radius + 2; }
  __device__ int samples() const { return rows ? 2 * radius + 1 : (2 * radius + 1) * (2 * radius + 1); }

  __device__ void place(std::int64_t tile, int& b, int& y, int& x) const {
    x = static_cast<int>(tile % across) * wide;
    y = static_cast<int>(tile / across % down) * tall;
    b = static_cast<int>(tile / across / down);
  }
  __device__ bool has(int y, int x) const { return y < features0.sizes[2] && x < features0.sizes[3]; }

  // The first position's features of a level, for a pixel of row y.
  __device__ std::ptrdiff_t first(int b, int y, int level) const {
    const std::ptrdiff_t image = rows ? static_cast<std::ptrdiff_t>(b) * features0.sizes[2] + y : b;
    return (image * levels.positions + levels.firsts[level]) * step;
  }

  __device__ Window<T> window(int b, int y, int x, int level) const {
    Window<T> found{};
    if (!has(y, x)) return found;
    found.seen = split(*coordinates.at(b, 0, y, x), level, radius, found.x, found.fx);
    if (!rows) found.seen = split(*coordinates.at(b, 1, y, x), level, radius, found.y, found.fy) && found.seen;
    return found;
  }

  // The part of a window that lies inside its level.
  __device__ Box box(const Window<T>& window, int level) const {
    Box found;
    if (!window.seen) return found;
    found.left = max(window.x, 0);
    found.top = max(window.y, 0);
    found.right = min(window.x + positions_x(), levels.widths[level]);
    found.bottom = min(window.y + positions_y(), levels.heights[level]);
    return found;
  }
};

}  // namespace geomvision::cuda::windows

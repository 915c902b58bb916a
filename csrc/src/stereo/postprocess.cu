#include "cuda/launch.cuh"
#include "geomvision/stereo/postprocess.hpp"
#include "stereo/postprocess.cuh"

namespace geomvision::cuda {
namespace {

constexpr int tile_columns = 32, tile_rows = 8, tile = tile_columns * tile_rows;
constexpr int block = 256;
constexpr unsigned missing = ~0u;

using stereo::Agreement;

// Integers in the order of the floats they stand for; NaN comes last.
__device__ __forceinline__ unsigned ordered(float value) {
  const unsigned bits = __float_as_uint(value);
  return value == value ? bits ^ (bits >> 31 != 0 ? ~0u : 0x80000000u) : missing;
}

__device__ __forceinline__ float from_ordered(unsigned bits) {
  return __uint_as_float(bits ^ (bits >> 31 != 0 ? 0x80000000u : ~0u));
}

__device__ float no_estimate() { return __uint_as_float(0x7fc00000u); }

__device__ __forceinline__ void order(unsigned& a, unsigned& b) {
  const unsigned low = min(a, b);
  b = max(a, b);
  a = low;
}

// The lower median of nine, as the CPU's median_3x3.
__device__ unsigned median_of_nine(const unsigned* corner, int columns) {
  unsigned a = corner[0], b = corner[1], c = corner[2];
  unsigned d = corner[columns], e = corner[columns + 1], f = corner[columns + 2];
  unsigned g = corner[2 * columns], h = corner[2 * columns + 1], i = corner[2 * columns + 2];
  const int gaps = (a == missing) + (b == missing) + (c == missing) + (d == missing) + (e == missing) + (f == missing) +
                   (g == missing) + (h == missing) + (i == missing);
  order(a, b), order(d, e), order(g, h);
  order(b, c), order(e, f), order(h, i);
  order(a, b), order(d, e), order(g, h);
  order(a, d), order(d, g), order(a, d);
  order(b, e), order(e, h), order(b, e);
  order(c, f), order(f, i), order(c, f);
  order(b, d), order(f, h);
  order(c, g), order(e, g), order(c, e);
  order(c, d), order(f, g);
  const unsigned few = gaps < 5 ? c : (gaps < 7 ? b : a);
  return gaps < 1 ? e : (gaps < 3 ? d : few);
}

// The lower median of any window, bit by bit from above: as many as come before it are smaller.
__device__ unsigned median_of_many(const unsigned* corner, int columns, int size) {
  int votes = 0;
  for (int i = 0; i < size * size; ++i) votes += corner[i / size * columns + i % size] != missing ? 1 : 0;
  const int wanted = (votes - 1) / 2;
  unsigned median = 0;
  for (int bit = 31; bit >= 0; --bit) {
    const unsigned tried = median | 1u << bit;
    int below = 0;
    for (int v = 0; v < size; ++v) {
      for (int u = 0; u < size; ++u) below += corner[v * columns + u] < tried ? 1 : 0;
    }
    if (below <= wanted) median = tried;
  }
  return median;
}

// A block has a tile in shared memory, with what lies around it.
__global__ void __launch_bounds__(tile) filter(Cells<const float, 2> from, Cells<float, 2> to, int size, int tiles) {
  auto* values = shared<unsigned>();
  const int height = from.sizes[0], width = from.sizes[1], radius = size / 2, columns = tile_columns + 2 * radius;
  const int top = static_cast<int>(blockIdx.x) / tiles * tile_rows;
  const int left = static_cast<int>(blockIdx.x) % tiles * tile_columns;
  for (int i = static_cast<int>(threadIdx.x); i < columns * (tile_rows + 2 * radius); i += tile) {
    const int y = top + i / columns - radius, x = left + i % columns - radius;
    values[i] = y >= 0 && y < height && x >= 0 && x < width ? ordered(*from.at(y, x)) : missing;
  }
  __syncthreads();
  const int row = static_cast<int>(threadIdx.x) / tile_columns, column = static_cast<int>(threadIdx.x) % tile_columns;
  if (top + row >= height || left + column >= width) return;
  const unsigned* corner = values + row * columns + column;
  unsigned median = corner[radius * columns + radius];
  if (median != missing && size > 1) {
    median = size == 3 ? median_of_nine(corner, columns) : median_of_many(corner, columns, size);
  }
  *to.at(top + row, left + column) = median == missing ? no_estimate() : from_ordered(median);
}

// Where the thread has a pixel of the map.
template <typename T>
__device__ bool place(const Cells<T, 2>& map, int& y, int& x) {
  const std::ptrdiff_t pixel = static_cast<std::ptrdiff_t>(blockIdx.x) * block + threadIdx.x;
  y = static_cast<int>(pixel / map.sizes[1]);
  x = static_cast<int>(pixel % map.sizes[1]);
  return y < map.sizes[0];
}

__global__ void __launch_bounds__(block)
    lose(Cells<float, 2> disparity, Cells<float, 2> confidence, Cells<std::uint8_t, 2> agreement) {
  int y = 0, x = 0;
  if (!place(disparity, y, x)) return;
  std::uint8_t* told = agreement.at(y, x);
  const bool hidden = *told == static_cast<std::uint8_t>(Agreement::occluded);
  if (hidden || *told == static_cast<std::uint8_t>(Agreement::mismatched)) {
    *disparity.at(y, x) = no_estimate();
    *confidence.at(y, x) = 0;
  }
  *told = hidden ? 1 : 0;
}

// The estimates met first in eight directions; of them that of the wanted rank.
__global__ void __launch_bounds__(block)
    fill(Cells<const float, 2> from, Cells<const std::uint8_t, 2> occluded, Cells<float, 2> to) {
  int y = 0, x = 0;
  if (!place(from, y, x)) return;
  const float here = *from.at(y, x);
  *to.at(y, x) = here;
  if (here == here) return;
  const int height = from.sizes[0], width = from.sizes[1];
  float met[8];
  int count = 0;
  for (int k = 0; k < 8; ++k) {
    const int direction = k < 4 ? k : k + 1, dx = direction % 3 - 1, dy = direction / 3 - 1;
    int u = x + dx, v = y + dy;
    float value = no_estimate();
    while (u >= 0 && v >= 0 && u < width && v < height && value != value) {
      value = *from.at(v, u);
      u += dx, v += dy;
    }
    met[k] = value;
    count += value == value ? 1 : 0;
  }
  const int wanted = *occluded.at(y, x) != 0 ? min(1, count - 1) : (count - 1) / 2;
  for (int k = 0; k < 8; ++k) {
    int before = 0;
    for (int j = 0; j < 8; ++j) before += met[j] < met[k] || (met[j] == met[k] && j < k) ? 1 : 0;
    if (before == wanted && met[k] == met[k]) *to.at(y, x) = met[k];
  }
}

// The lower median of the estimates met first from x on, one way; NaN where there is none.
__device__ float side_of(Cells<const float, 2> from, int y, int x, int step) {
  const int width = from.sizes[1];
  unsigned met[stereo::row_votes];
  int count = 0;
  for (int u = x + step; u >= 0 && u < width && count < stereo::row_votes; u += step) {
    const float value = *from.at(y, u);
    if (value != value) continue;
    int place = count++;
    for (const unsigned bits = ordered(value);; --place) {
      if (place == 0 || met[place - 1] <= bits) {
        met[place] = bits;
        break;
      }
      met[place] = met[place - 1];
    }
  }
  return count == 0 ? no_estimate() : from_ordered(met[(count - 1) / 2]);
}

__global__ void __launch_bounds__(block) fill_in_row(Cells<const float, 2> from, Cells<float, 2> to) {
  int y = 0, x = 0;
  if (!place(from, y, x)) return;
  float value = *from.at(y, x);
  if (value != value) {
    const float left = side_of(from, y, x, -1), right = side_of(from, y, x, 1);
    value = left != left || right < left ? right : left;
  }
  *to.at(y, x) = value;
}

// A thread has a column: gaps that are left are whole rows.
__global__ void __launch_bounds__(block) fill_blank(Cells<float, 2> map) {
  const int x = static_cast<int>(blockIdx.x) * block + static_cast<int>(threadIdx.x), height = map.sizes[0];
  if (x >= map.sizes[1]) return;
  const auto blank = [&](int y) { return *map.at(y, x) != *map.at(y, x); };
  for (int y = 0, end = 0; y < height; y = end + 1) {
    for (end = y; end < height && blank(end);) ++end;
    if (end - y == height) return;
    for (int v = y; v < end; ++v) {
      const bool upper = y > 0 && (end == height || v - y < end - v);
      *map.at(v, x) = *map.at(upper ? y - 1 : end, x);
    }
  }
}

}  // namespace

void median_filter(DeviceView<const float, 2> from, DeviceView<float, 2> to, int size, Stream stream) {
  const int tiles = static_cast<int>((from.size(1) + tile_columns - 1) / tile_columns), around = size - 1;
  const auto bytes = sizeof(unsigned) * static_cast<std::size_t>((tile_columns + around) * (tile_rows + around));
  launch(filter, blocks((from.size(0) + tile_rows - 1) / tile_rows * tiles, 1), tile, bytes, stream,
         Cells<const float, 2>(from), Cells<float, 2>(to), size, tiles);
}

void remove_lost(DeviceView<float, 2> disparity, DeviceView<float, 2> confidence, DeviceView<std::uint8_t, 2> agreement,
                 Stream stream) {
  launch(lose, blocks(disparity.size(0) * disparity.size(1), block), block, 0, stream, Cells<float, 2>(disparity),
         Cells<float, 2>(confidence), Cells<std::uint8_t, 2>(agreement));
}

void fill_background(DeviceView<const float, 2> from, DeviceView<const std::uint8_t, 2> occluded,
                     DeviceView<float, 2> to, Stream stream) {
  launch(fill, blocks(from.size(0) * from.size(1), block), block, 0, stream, Cells<const float, 2>(from),
         Cells<const std::uint8_t, 2>(occluded), Cells<float, 2>(to));
}

void fill_rows(DeviceView<const float, 2> from, DeviceView<float, 2> to, Stream stream) {
  launch(fill_in_row, blocks(from.size(0) * from.size(1), block), block, 0, stream, Cells<const float, 2>(from),
         Cells<float, 2>(to));
  launch(fill_blank, blocks(from.size(1), block), block, 0, stream, Cells<float, 2>(to));
}

void fill_as(const std::string& fill, DeviceView<const float, 2> from, DeviceView<const std::uint8_t, 2> occluded,
             DeviceView<float, 2> to, Stream stream) {
  fill == "row" ? fill_rows(from, to, stream) : fill_background(from, occluded, to, stream);
}

}  // namespace geomvision::cuda

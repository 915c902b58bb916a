#include <limits>

#include "cuda/launch.cuh"
#include "geomvision/cuda/winners.hpp"

// A block has a tile of pixels, whose windows lie in shared memory as integers in the order of the floats they stand
// for, NaN last.

namespace geomvision::cuda {
namespace {

constexpr int columns = 32, rows = 8, block = columns * rows, most_radius = 7;
constexpr int missing = 0x7fffffff;

__device__ int ordered(float value) {
  const auto bits = static_cast<int>(__float_as_uint(value));
  return value == value ? bits ^ ((bits >> 31) & 0x7fffffff) : missing;
}

__device__ float restored(int bits) { return __uint_as_float(static_cast<unsigned>(bits ^ ((bits >> 31) & missing))); }

__device__ void order(int& a, int& b) {
  const int low = min(a, b);
  b = max(a, b);
  a = low;
}

// Nine in order (Knuth, TAOCP 5.3.4): columns of three, then the rest, as far as the lower median of so many needs.
__device__ int median_of_nine(const int* window, int pitch, int gaps) {
  int a = window[0], b = window[1], c = window[2];
  int d = window[pitch], e = window[pitch + 1], f = window[pitch + 2];
  int g = window[2 * pitch], h = window[2 * pitch + 1], i = window[2 * pitch + 2];
  order(a, b), order(d, e), order(g, h);
  order(b, c), order(e, f), order(h, i);
  order(a, b), order(d, e), order(g, h);
  order(a, d), order(d, g), order(a, d);
  order(b, e), order(e, h), order(b, e);
  order(c, f), order(f, i), order(c, f);
  order(b, d), order(f, h);
  order(c, g), order(e, g), order(c, e);
  order(c, d), order(f, g);
  const int median = gaps < 1 ? e : d;
  return gaps < 3 ? median : (gaps < 5 ? c : (gaps < 7 ? b : a));
}

// The smallest number that so many of the window are not above, bit by bit from the sign down.
__device__ int ranked(const int* window, int pitch, int size, int rank) {
  unsigned found = 0;  // counts up from the smallest integer
  for (unsigned bit = 0x80000000u; bit != 0; bit /= 2) {
    const int limit = static_cast<int>((found | (bit - 1)) ^ 0x80000000u);
    int within = 0;
    for (int v = 0; v < size; ++v) {
      for (int u = 0; u < size; ++u) within += window[v * pitch + u] <= limit ? 1 : 0;
    }
    if (within <= rank) found |= bit;
  }
  return static_cast<int>(found ^ 0x80000000u);
}

__global__ void __launch_bounds__(block) filter(Cells<const float, 2> disparity, int radius, Cells<float, 2> filtered) {
  __shared__ int tile[(rows + 2 * most_radius) * (columns + 2 * most_radius)];
  const int height = disparity.sizes[0], width = disparity.sizes[1], across = (width + columns - 1) / columns;
  const int tile_y = static_cast<int>(blockIdx.x) / across, tile_x = static_cast<int>(blockIdx.x) - tile_y * across;
  const int first_x = tile_x * columns - radius, first_y = tile_y * rows - radius, size = 2 * radius + 1;
  const int wide = columns + 2 * radius, high = rows + 2 * radius;
  for (int i = static_cast<int>(threadIdx.x); i < wide * high; i += block) {
    const int y = first_y + i / wide, x = first_x + i % wide;
    tile[i] = y >= 0 && y < height && x >= 0 && x < width ? ordered(*disparity.at(y, x)) : missing;
  }
  __syncthreads();
  const int dx = static_cast<int>(threadIdx.x) % columns, dy = static_cast<int>(threadIdx.x) / columns;
  const int x = first_x + radius + dx, y = first_y + radius + dy;
  if (x >= width || y >= height) return;
  const int* window = tile + dy * wide + dx;
  if (window[radius * wide + radius] == missing) {
    *filtered.at(y, x) = std::numeric_limits<float>::quiet_NaN();
    return;
  }
  int gaps = 0;
  for (int v = 0; v < size; ++v) {
    for (int u = 0; u < size; ++u) gaps += window[v * wide + u] == missing ? 1 : 0;
  }
  const int median =
      radius == 1 ? median_of_nine(window, wide, gaps) : ranked(window, wide, size, (size * size - gaps - 1) / 2);
  *filtered.at(y, x) = restored(median);
}

}  // namespace

void median(DeviceView<const float, 2> disparity, int size, DeviceView<float, 2> filtered, Stream stream) {
  check(size >= 1 && size <= 2 * most_radius + 1 && size % 2 == 1, "median: size is ", size,
        "; allowed is odd, 1 to 15");
  check(filtered.sizes() == disparity.sizes(), "median: the map is ", disparity.shape(), ", the result ",
        filtered.shape(), "; they must be equal");
  const std::ptrdiff_t down = (disparity.size(0) + rows - 1) / rows;
  const std::ptrdiff_t across = (disparity.size(1) + columns - 1) / columns;
  launch(filter, blocks(down * across, 1), block, 0, stream, Cells<const float, 2>(disparity), size / 2,
         Cells<float, 2>(filtered));
}

}  // namespace geomvision::cuda

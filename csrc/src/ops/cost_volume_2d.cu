#include <limits>

#include "cuda/launch.cuh"
#include "geomvision/cuda/cost_volume_2d.hpp"
#include "ops/check_sizes.hpp"

namespace geomvision::cuda {
namespace {

constexpr int warps = 8;
constexpr int own = 4;             // pixels of a warp
constexpr int tile = warps * own;  // pixels of a block
constexpr int block = warps * 32;
constexpr std::size_t room = 40 << 10;  // bytes for the rows a tile is compared with: as many at a time as they hold
constexpr int met_tile = 128;           // pixels of frame 1 of a block, and its threads
constexpr int met_columns = 31;         // displacements along x at a time; odd, so that no two threads share a bank

// Where a block is: batch, row, first pixel.
struct Site {
  int b, y, x;

  __device__ Site(int height, int tiles, int pixels) {
    x = static_cast<int>(blockIdx.x % static_cast<unsigned>(tiles)) * pixels;
    const unsigned row = blockIdx.x / static_cast<unsigned>(tiles);
    y = static_cast<int>(row % static_cast<unsigned>(height));
    b = static_cast<int>(row / static_cast<unsigned>(height));
  }
};

// Lanes have candidates, which lie beside one another in the volume; where a candidate is is found once for all pixels
// of the warp.
template <typename T, typename Cost>
__global__ void __launch_bounds__(block) compare(Cells<const T, 3> frame0, Cells<const T, 3> frame1, int radius,
                                                 bool squared, Cells<Cost, 4> volume, int tiles, int rows_at_once) {
  Cost* there = shared<Cost>();
  __shared__ Cost here[tile];
  const int height = frame0.sizes[1], width = frame0.sizes[2], side = 2 * radius + 1, pitch = tile + 2 * radius;
  const Site site(height, tiles, tile);
  const auto thread = static_cast<int>(threadIdx.x), warp = thread / 32;
  if (thread < tile && site.x + thread < width)
    here[thread] = static_cast<Cost>(*frame0.at(site.b, site.y, site.x + thread));
  for (int top = 0; top < side; top += rows_at_once) {
    const int rows = min(rows_at_once, side - top);
    __syncthreads();
    for (int i = thread; i < rows * pitch; i += block) {
      const int y = site.y + top + i / pitch - radius, x = site.x + i % pitch - radius;
      const bool inside = y >= 0 && y < height && x >= 0 && x < width;
      there[i] = inside ? static_cast<Cost>(*frame1.at(site.b, y, x)) : std::numeric_limits<Cost>::infinity();
    }
    __syncthreads();
    for (int k = thread % 32; k < rows * side; k += 32) {
      const Cost* met = there + k / side * pitch + k % side;
      for (int i = 0; i < own; ++i) {
        const int pixel = warp + i * warps;
        if (site.x + pixel >= width) break;
        const Cost difference = here[pixel] - met[pixel];
        const Cost size = difference < 0 ? -difference : difference;
        *volume.at(site.b, site.y, site.x + pixel, top * side + k) = squared ? difference * difference : size;
      }
    }
  }
}

// The derivative of a cost in the difference it was made of, times the volume's; 0 where that is infinite or NaN.
template <typename T>
__device__ T slope(T d_cost, T difference, bool squared) {
  const T signed_cost = difference > 0 ? d_cost : (difference < 0 ? -d_cost : T(0));
  const T size = difference < 0 ? -difference : difference;
  return size < std::numeric_limits<T>::infinity() ? (squared ? d_cost * (2 * difference) : signed_cost) : T(0);
}

// Lanes have candidates again, and add theirs up at the end.
template <typename T>
__global__ void __launch_bounds__(block)
    derive(Cells<const T, 4> d_volume, Cells<const T, 3> frame0, Cells<const T, 3> frame1, int radius, bool squared,
           Cells<T, 3> d_frame0, int tiles) {
  const int height = frame0.sizes[1], width = frame0.sizes[2], side = 2 * radius + 1;
  const Site site(height, tiles, tile);
  const int first = site.x + static_cast<int>(threadIdx.x) / 32 * own, lane = static_cast<int>(threadIdx.x) % 32;
  T here[own] = {}, sums[own] = {};
  for (int i = 0; i < own && first + i < width; ++i) here[i] = *frame0.at(site.b, site.y, first + i);
  for (int k = lane; k < side * side; k += 32) {
    const int y = site.y + k / side - radius, x = first + k % side - radius;
    if (y < 0 || y >= height) continue;
    for (int i = 0; i < own; ++i) {
      if (x + i < 0 || x + i >= width || first + i >= width) continue;
      sums[i] += slope(*d_volume.at(site.b, site.y, first + i, k), here[i] - *frame1.at(site.b, y, x + i), squared);
    }
  }
  for (int i = 0; i < own; ++i) {
    for (int by = 16; by > 0; by /= 2) sums[i] += __shfl_xor_sync(0xffffffffu, sums[i], by);
    if (lane == 0 && first + i < width) *d_frame0.at(site.b, site.y, first + i) = sums[i];
  }
}

// A thread has a pixel of frame 1, and gathers from the pixels that met it: their gradients come into shared memory as
// they lie, a row and some displacements at a time.
template <typename T>
__global__ void __launch_bounds__(met_tile)
    derive_met(Cells<const T, 4> d_volume, Cells<const T, 3> frame0, Cells<const T, 3> frame1, int radius, bool squared,
               Cells<T, 3> d_frame1, int tiles) {
  __shared__ T gradient[(met_tile + met_columns - 1) * met_columns], from[met_tile + met_columns - 1];
  const int height = frame0.sizes[1], width = frame0.sizes[2], side = 2 * radius + 1;
  const Site site(height, tiles, met_tile);
  const auto thread = static_cast<int>(threadIdx.x);
  const bool there = site.x + thread < width;
  const T met = there ? *frame1.at(site.b, site.y, site.x + thread) : T(0);
  T sum = 0;
  for (int row = 0; row < side; ++row) {
    const int y = site.y - row + radius;
    if (y < 0 || y >= height) continue;  // all threads of the block
    for (int column = 0; column < side; column += met_columns) {
      const int columns = min(met_columns, side - column), pixels = met_tile + columns - 1;
      const int first = site.x + radius - column - columns + 1;
      __syncthreads();
      for (int i = thread; i < pixels * columns; i += met_tile) {
        const int pixel = i / columns, x = first + pixel;
        if (x < 0 || x >= width) continue;
        gradient[i] = *d_volume.at(site.b, y, x, row * side + column + i % columns);
      }
      for (int i = thread; i < pixels; i += met_tile) {
        if (first + i >= 0 && first + i < width) from[i] = *frame0.at(site.b, y, first + i);
      }
      __syncthreads();
      for (int k = 0; k < columns; ++k) {
        const int pixel = thread + columns - 1 - k, x = first + pixel;
        if (there && x >= 0 && x < width) sum -= slope(gradient[pixel * columns + k], from[pixel] - met, squared);
      }
    }
  }
  if (there) *d_frame1.at(site.b, site.y, site.x + thread) = sum;
}

template <typename T, typename Volume>
void check_frames(DeviceView<const T, 3> frame0, DeviceView<const T, 3> frame1, int radius, const Volume& volume) {
  ops::check_cost_volume_2d(frame0, frame1, radius, volume);
  check(frame0.size(2) <= 1 << 30, "cost_volume_2d: frames are ", frame0.shape(),
        "; allowed are 1073741824 pixels in a row");
}

}  // namespace

template <typename T>
void cost_volume_2d(DeviceView<const T, 3> frame0, DeviceView<const T, 3> frame1, int radius, bool squared,
                    DeviceView<std::conditional_t<std::is_same_v<T, double>, double, float>, 4> volume, Stream stream) {
  using Cost = std::conditional_t<std::is_same_v<T, double>, double, float>;
  check_frames(frame0, frame1, radius, volume);
  if (volume.empty()) return;
  const auto tiles = static_cast<int>(blocks(frame0.size(2), tile));
  const std::size_t row = static_cast<std::size_t>(tile + 2 * radius) * sizeof(Cost);
  const std::size_t rows = std::min(room / row, static_cast<std::size_t>(2 * radius + 1));
  launch(compare<T, Cost>, blocks(frame0.size(0) * frame0.size(1) * tiles, 1), block, rows * row, stream,
         Cells<const T, 3>(frame0), Cells<const T, 3>(frame1), radius, squared, Cells<Cost, 4>(volume), tiles,
         static_cast<int>(rows));
}

template <typename T>
void cost_volume_2d_backward(DeviceView<const T, 4> d_volume, DeviceView<const T, 3> frame0,
                             DeviceView<const T, 3> frame1, int radius, bool squared, DeviceView<T, 3> d_frame0,
                             DeviceView<T, 3> d_frame1, Stream stream) {
  check_frames(frame0, frame1, radius, d_volume);
  check(d_frame0.sizes() == frame0.sizes() && d_frame1.sizes() == frame0.sizes(),
        "cost_volume_2d_backward: frames are ", frame0.shape(), ", gradients ", d_frame0.shape(), " and ",
        d_frame1.shape(), "; they must be equal");
  if (frame0.empty()) return;
  const std::ptrdiff_t rows = frame0.size(0) * frame0.size(1);
  const auto tiles = static_cast<int>(blocks(frame0.size(2), tile));
  const auto met_tiles = static_cast<int>(blocks(frame0.size(2), met_tile));
  const Cells<const T, 4> from(d_volume);
  const Cells<const T, 3> cells0(frame0), cells1(frame1);
  launch(derive<T>, blocks(rows * tiles, 1), block, 0, stream, from, cells0, cells1, radius, squared,
         Cells<T, 3>(d_frame0), tiles);
  launch(derive_met<T>, blocks(rows * met_tiles, 1), met_tile, 0, stream, from, cells0, cells1, radius, squared,
         Cells<T, 3>(d_frame1), met_tiles);
}

#define GEOMVISION_COST_VOLUME_2D(T)                                                         \
  template void cost_volume_2d<T>(DeviceView<const T, 3>, DeviceView<const T, 3>, int, bool, \
                                  DeviceView<std::conditional_t<std::is_same_v<T, double>, double, float>, 4>, Stream)
GEOMVISION_COST_VOLUME_2D(std::uint8_t);
GEOMVISION_COST_VOLUME_2D(std::uint16_t);
GEOMVISION_COST_VOLUME_2D(float);
GEOMVISION_COST_VOLUME_2D(double);
#undef GEOMVISION_COST_VOLUME_2D
template void cost_volume_2d_backward(DeviceView<const float, 4>, DeviceView<const float, 3>,
                                      DeviceView<const float, 3>, int, bool, DeviceView<float, 3>, DeviceView<float, 3>,
                                      Stream);
template void cost_volume_2d_backward(DeviceView<const double, 4>, DeviceView<const double, 3>,
                                      DeviceView<const double, 3>, int, bool, DeviceView<double, 3>,
                                      DeviceView<double, 3>, Stream);

}  // namespace geomvision::cuda

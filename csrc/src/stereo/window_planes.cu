#include <algorithm>

#include "stereo/window_planes.cuh"

namespace geomvision::cuda::windows {
namespace {

constexpr int block = 256, band = 64;  // threads; rows that a thread's running sums go down

__device__ int clamped(int at, int size) { return min(max(at, 0), size - 1); }

template <typename T>
__global__ void __launch_bounds__(block) widen_range(Cells<const T, 2> image, Range* range) {
  unsigned least = 0xffffffffu, largest = 0;
  for (int y = static_cast<int>(blockIdx.x); y < image.sizes[0]; y += static_cast<int>(gridDim.x)) {
    for (int x = static_cast<int>(threadIdx.x); x < image.sizes[1]; x += block) {
      const unsigned order = Ordered<T>::of(*image.at(y, x));
      least = min(least, order);
      largest = max(largest, order);
    }
  }
  for (int by = warpSize / 2; by > 0; by /= 2) {
    least = min(least, __shfl_xor_sync(0xffffffffu, least, by));
    largest = max(largest, __shfl_xor_sync(0xffffffffu, largest, by));
  }
  if (threadIdx.x % warpSize != 0) return;
  atomicMin(&range->least, least);
  atomicMax(&range->largest, largest);
}

template <typename T, typename U>
__global__ void __launch_bounds__(block)
    scale(Cells<const T, 2> image, const Range* range, double most, Cells<U, 2> levels) {
  int y = 0, x = 0;
  if (!pixel_of(image, y, x)) return;
  const double low = Ordered<T>::value(range->least), spread = Ordered<T>::value(range->largest) - low;
  const double steps = spread > 0.0 ? most / spread : 0.0;
  const bool known = Ordered<T>::is_finite(*range);
  const double level = __dadd_rn(__dmul_rn(static_cast<double>(*image.at(y, x)) - low, steps), 0.5);
  *levels.at(y, x) = known ? static_cast<U>(level) : U(0);
}

__global__ void __launch_bounds__(block) filter(Cells<const std::uint8_t, 2> levels, Cells<std::uint8_t, 2> filtered) {
  int y = 0, x = 0;
  if (!pixel_of(levels, y, x)) return;
  const int height = levels.sizes[0], width = levels.sizes[1];
  const int before = clamped(x - 1, width), after = clamped(x + 1, width);
  int gradient = 0;
  for (int dy = -1; dy <= 1; ++dy) {
    const std::uint8_t* row = levels.at(clamped(y + dy, height));
    gradient += (dy == 0 ? 2 : 1) * (row[after] - row[before]);
  }
  *filtered.at(y, x) = static_cast<std::uint8_t>(min(max(gradient, -31), 31) + 31);
}

template <typename T>
__global__ void __launch_bounds__(block)
    sum_row_gradients(Cells<const T, 2> grey, int radius, Cells<std::int32_t, 2> sums) {
  int y = 0, x = 0;
  if (!pixel_of(grey, y, x)) return;
  const T* row = grey.at(y);
  const int width = grey.sizes[1];
  std::int32_t sum = 0;
  for (int dx = -radius; dx <= radius; ++dx) {
    const int at = clamped(x + dx, width);
    const std::int32_t gradient =
        static_cast<std::int32_t>(row[clamped(at + 1, width)]) - static_cast<std::int32_t>(row[clamped(at - 1, width)]);
    sum += gradient < 0 ? -gradient : gradient;
  }
  *sums.at(y, x) = sum;
}

// A thread goes down a band of a column.
template <typename T>
__global__ void __launch_bounds__(block)
    sum_columns(Cells<const T, 2> grey, int radius, Cells<std::int64_t, 2> sums, Cells<std::int64_t, 2> squares) {
  const int height = grey.sizes[0], width = grey.sizes[1], across = (width + block - 1) / block;
  const int piece = static_cast<int>(blockIdx.x) / across;
  const int x = (static_cast<int>(blockIdx.x) - piece * across) * block + static_cast<int>(threadIdx.x);
  if (x >= width) return;
  std::int64_t sum = 0, square = 0;
  const auto take = [&](int y, int sign) {
    const std::int64_t level = *grey.at(clamped(y, height), x);
    sum += sign * level;
    square += sign * level * level;
  };
  for (int y = piece * band - radius; y < piece * band + radius; ++y) take(y, 1);
  for (int y = piece * band; y < min(height, (piece + 1) * band); ++y) {
    take(y + radius, 1);
    *sums.at(y, x) = sum;
    *squares.at(y, x) = square;
    take(y - radius, -1);
  }
}

__global__ void __launch_bounds__(block)
    finish_windows(Cells<const std::int64_t, 2> columns, Cells<const std::int64_t, 2> squares, int radius, bool means,
                   Cells<std::int64_t, 2> sums, Cells<double, 2> scales) {
  int y = 0, x = 0;
  if (!pixel_of(columns, y, x)) return;
  std::int64_t sum = 0, square = 0;
  for (int dx = -radius; dx <= radius; ++dx) {
    const int at = clamped(x + dx, columns.sizes[1]);
    sum += *columns.at(y, at);
    square += *squares.at(y, at);
  }
  const std::int64_t side = 2 * radius + 1, spread = means ? side * side * square - sum * sum : square;
  *sums.at(y, x) = means ? sum : 0;
  *scales.at(y, x) = spread > 0 ? 1.0 / sqrt(static_cast<double>(spread)) : 0.0;
}

template <typename T>
unsigned pixel_blocks(const DeviceView<T, 2>& image) {
  return blocks(image.size(0) * image.size(1), block);
}

}  // namespace

template <typename T>
void find_range(Plane<T> left, Plane<T> right, Range* range, Stream stream) {
  check_call(cudaMemsetAsync(&range->least, 0xff, sizeof(unsigned), stream), "memory cannot be set");
  check_call(cudaMemsetAsync(&range->largest, 0, sizeof(unsigned), stream), "memory cannot be cleared");
  const auto grid = static_cast<unsigned>(std::min<std::ptrdiff_t>(left.size(0), 1024));
  for (const Plane<T>& image : {left, right}) {
    launch(widen_range<T>, grid, block, 0, stream, Cells<const T, 2>(image), range);
  }
}

template <typename T, typename U>
void quantise(Plane<T> image, const Range* range, double most, DeviceView<U, 2> levels, Stream stream) {
  launch(scale<T, U>, pixel_blocks(image), block, 0, stream, Cells<const T, 2>(image), range, most,
         Cells<U, 2>(levels));
}

void xsobel(Plane<std::uint8_t> levels, DeviceView<std::uint8_t, 2> filtered, Stream stream) {
  launch(filter, pixel_blocks(levels), block, 0, stream, Cells<const std::uint8_t, 2>(levels),
         Cells<std::uint8_t, 2>(filtered));
}

template <typename T>
void sum_gradients(Plane<T> grey, int radius, DeviceView<std::int32_t, 2> sums, Stream stream) {
  launch(sum_row_gradients<T>, pixel_blocks(grey), block, 0, stream, Cells<const T, 2>(grey), radius,
         Cells<std::int32_t, 2>(sums));
}

template <typename T>
void sum_windows(Plane<T> grey, int radius, bool means, DeviceView<std::int64_t, 2> sums, DeviceView<double, 2> scales,
                 Stream stream) {
  const std::ptrdiff_t height = grey.size(0), width = grey.size(1);
  const OwnPlane<std::int64_t> columns(height, width, stream), squares(height, width, stream);
  const std::ptrdiff_t across = (width + block - 1) / block, down = (height + band - 1) / band;
  launch(sum_columns<T>, blocks(across * down, 1), block, 0, stream, Cells<const T, 2>(grey), radius,
         Cells<std::int64_t, 2>(columns.view()), Cells<std::int64_t, 2>(squares.view()));
  launch(finish_windows, pixel_blocks(grey), block, 0, stream, Cells<const std::int64_t, 2>(columns.view()),
         Cells<const std::int64_t, 2>(squares.view()), radius, means, Cells<std::int64_t, 2>(sums),
         Cells<double, 2>(scales));
}

#define GEOMVISION_RANGE(T) template void find_range<T>(Plane<T>, Plane<T>, Range*, Stream)
GEOMVISION_RANGE(std::uint8_t);
GEOMVISION_RANGE(std::uint16_t);
GEOMVISION_RANGE(float);
#undef GEOMVISION_RANGE
#define GEOMVISION_QUANTISE(T, U) template void quantise<T, U>(Plane<T>, const Range*, double, DeviceView<U, 2>, Stream)
GEOMVISION_QUANTISE(std::uint16_t, std::uint8_t);
GEOMVISION_QUANTISE(float, std::uint8_t);
GEOMVISION_QUANTISE(float, std::uint16_t);
#undef GEOMVISION_QUANTISE
#define GEOMVISION_SUMS(T)                                                            \
  template void sum_gradients<T>(Plane<T>, int, DeviceView<std::int32_t, 2>, Stream); \
  template void sum_windows<T>(Plane<T>, int, bool, DeviceView<std::int64_t, 2>, DeviceView<double, 2>, Stream)
GEOMVISION_SUMS(std::uint8_t);
GEOMVISION_SUMS(std::uint16_t);
#undef GEOMVISION_SUMS

}  // namespace geomvision::cuda::windows

#include "cuda/launch.cuh"
#include "geomvision/cuda/box.hpp"
#include "ops/none.hpp"

namespace geomvision::cuda {
namespace {

constexpr int lanes = 32;  // candidates of a block, which lie beside one another
constexpr int warps = 8;
constexpr int own = 4;  // pixels of a warp
constexpr int tile = warps * own;
constexpr int columns = 48;  // whose sums are held at a time
constexpr int rows = 8;      // that a block makes one after the other: their windows overlap in the first cache

// Sums down the columns of a window, then of those along its rows, each in the CPU's order.
template <typename T, typename Out>
__global__ void __launch_bounds__(lanes* warps, 3)
    sum_windows(const T* volume, int height, int width, int count, int radius, bool mean, Out* result, int tiles,
                int parts) {
  __shared__ double sums[columns][lanes];
  __shared__ int numbers[columns][lanes];
  const auto lane = static_cast<int>(threadIdx.x), warp = static_cast<int>(threadIdx.y);
  const auto part = static_cast<int>(blockIdx.x % static_cast<unsigned>(parts));
  const auto strip = static_cast<int>(blockIdx.x / static_cast<unsigned>(parts));
  const int k = part / tiles * lanes + lane, x0 = part % tiles * tile, x1 = min(x0 + tile, width);
  const int first = max(x0 - radius, 0), last = min(x1 - 1 + radius, width - 1);
  const std::ptrdiff_t step = static_cast<std::ptrdiff_t>(width) * count;
  for (int y = strip * rows; y < min(strip * rows + rows, height); ++y) {
    const int top = max(y - radius, 0), bottom = min(y + radius, height - 1);
    double sum[own] = {};
    int number[own] = {};
    for (int begin = first; begin <= last; begin += columns) {
      const int end = min(begin + columns, last + 1);
      __syncthreads();
      for (int x = begin + warp; x < end && k < count; x += warps) {
        const T* from = volume + top * step + static_cast<std::ptrdiff_t>(x) * count + k;
        double down = 0;
        int there = 0;
        for (int v = top; v <= bottom; ++v, from += step) {
          const T cost = __ldg(from);
          if (ops::is_none(cost)) continue;
          down += static_cast<double>(cost);
          ++there;
        }
        sums[x - begin][lane] = down;
        numbers[x - begin][lane] = there;
      }
      __syncthreads();
      for (int i = 0; i < own; ++i) {
        const int x = x0 + warp + i * warps;
        for (int at = max(begin, x - radius); at < min(end, x + radius + 1); ++at) {
          sum[i] += sums[at - begin][lane];
          number[i] += numbers[at - begin][lane];
        }
      }
    }
    for (int i = 0; i < own; ++i) {
      const int x = x0 + warp + i * warps;
      if (x >= x1 || k >= count) continue;
      const std::ptrdiff_t at = y * step + static_cast<std::ptrdiff_t>(x) * count + k;
      const double value = mean ? sum[i] / static_cast<double>(number[i]) : sum[i];
      result[at] = ops::is_none(volume[at]) ? std::numeric_limits<Out>::quiet_NaN() : static_cast<Out>(value);
    }
  }
}

}  // namespace

template <typename T>
void box_aggregation(DeviceView<const T, 3> volume, int window, bool mean,
                     DeviceView<std::conditional_t<std::is_same_v<T, double>, double, float>, 3> result,
                     Stream stream) {
  using Out = std::conditional_t<std::is_same_v<T, double>, double, float>;
  check(window >= 1 && window % 2 == 1, "box_aggregation: window is ", window, "; allowed is odd, 1 or more");
  check(volume.sizes() == result.sizes() && volume.is_packed() && result.is_packed(), "box_aggregation: the volume is ",
        volume.shape(), ", the result ", result.shape(), "; they must be equal and without gaps");
  if (volume.empty()) return;
  constexpr std::ptrdiff_t most = (std::ptrdiff_t{1} << 30);
  check(volume.size(0) < most && volume.size(1) < most && volume.size(2) < most, "box_aggregation: the volume is ",
        volume.shape(), "; allowed are sizes below 2^30");
  const auto height = static_cast<int>(volume.size(0)), width = static_cast<int>(volume.size(1));
  const auto count = static_cast<int>(volume.size(2));
  const auto tiles = static_cast<int>(blocks(width, tile));
  const auto parts = static_cast<int>(blocks(blocks(count, lanes) * static_cast<std::ptrdiff_t>(tiles), 1));
  launch(sum_windows<T, Out>, blocks(blocks(height, rows) * static_cast<std::ptrdiff_t>(parts), 1), dim3(lanes, warps),
         0, stream, volume.data(), height, width, count, std::min(window / 2, std::max(width, height)), mean,
         result.data(), tiles, parts);
}

#define GEOMVISION_INSTANTIATE(T, Out) \
  template void box_aggregation<T>(DeviceView<const T, 3>, int, bool, DeviceView<Out, 3>, Stream)
GEOMVISION_INSTANTIATE(std::uint8_t, float);
GEOMVISION_INSTANTIATE(std::uint16_t, float);
GEOMVISION_INSTANTIATE(std::int32_t, float);
GEOMVISION_INSTANTIATE(float, float);
GEOMVISION_INSTANTIATE(double, double);
#undef GEOMVISION_INSTANTIATE

}  // namespace geomvision::cuda

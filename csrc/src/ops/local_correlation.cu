#include <algorithm>
#include <type_traits>

#include "geomvision/cuda/local_correlation.hpp"
#include "ops/local_correlation_derivative.cuh"
#include "ops/local_correlation_forward.cuh"

namespace geomvision::cuda {
namespace {

constexpr int block = 256;
using ops::LocalCorrelationOptions;

// What number the thread has among those of the grid.
__device__ std::int64_t thread_number() { return static_cast<std::int64_t>(blockIdx.x) * block + threadIdx.x; }

// An element of an array with four axes, the last one fastest. Whether there is one comes back.
__device__ bool place(std::int64_t element, const int (&sizes)[4], int (&at)[4]) {
  for (int axis = 3; axis > 0; --axis) {
    at[axis] = static_cast<int>(element % sizes[axis]);
    element /= sizes[axis];
  }
  at[0] = static_cast<int>(element);
  return element < sizes[0];
}

// Any options and type: a thread has an element of the result.
template <typename T>
__global__ void __launch_bounds__(block)
    correlate(LocalCorrelationOptions options, Cells<const T, 4> left, Cells<const T, 4> right, Cells<T, 4> out) {
  int at[4];
  if (!place(thread_number(), out.sizes, at)) return;
  const int side = 2 * options.radius + 1, channels = left.sizes[1];
  const int y = at[2] * options.stride, x = at[3] * options.stride;
  const int other_y = y + (at[1] / side - options.radius) * options.dilation;
  const int other_x = x + (at[1] % side - options.radius) * options.dilation;
  T sum = 0;
  if (other_y >= 0 && other_y < right.sizes[2] && other_x >= 0 && other_x < right.sizes[3]) {
    const T* a = left.at(at[0], 0, y, x);
    const T* b = right.at(at[0], 0, other_y, other_x);
    for (int c = 0; c < channels; ++c, a += left.strides[1], b += right.strides[1]) sum += *a * *b;
  }
  *out.at(at[0], at[1], at[2], at[3]) = channels > 0 ? sum / static_cast<T>(channels) : T(0);
}

template <typename T, bool of_right>
__global__ void __launch_bounds__(block)
    derive(LocalCorrelationOptions options, Cells<const T, 4> d_out, Cells<const T, 4> other, Cells<T, 4> derivative) {
  int at[4];
  if (!place(thread_number(), other.sizes, at)) return;
  const int radius = options.radius, stride = options.stride, sign = of_right ? -1 : 1;
  T sum = 0;
  for (int j = -radius; j <= radius; ++j) {
    const int other_y = at[2] + sign * j * options.dilation, y = of_right ? other_y : at[2];
    if (other_y < 0 || other_y >= other.sizes[2] || y % stride != 0) continue;
    for (int i = -radius; i <= radius; ++i) {
      const int other_x = at[3] + sign * i * options.dilation, x = of_right ? other_x : at[3];
      if (other_x < 0 || other_x >= other.sizes[3] || x % stride != 0) continue;
      const int plane = (j + radius) * (2 * radius + 1) + i + radius;
      sum += *d_out.at(at[0], plane, y / stride, x / stride) * *other.at(at[0], at[1], other_y, other_x);
    }
  }
  *derivative.at(at[0], at[1], at[2], at[3]) = sum / static_cast<T>(other.sizes[1]);
}

template <typename T>
void check_sizes(const LocalCorrelationOptions& options, const DeviceView<const T, 4>& left,
                 const DeviceView<const T, 4>& right, const DeviceView<const T, 4>& out) {
  check_range("local_correlation", "radius", options.radius, 0, 1000);
  check_range("local_correlation", "stride", options.stride, 1, 1000);
  check_range("local_correlation", "dilation", options.dilation, 1, 1000);
  const std::ptrdiff_t side = 2 * options.radius + 1, stride = options.stride;
  const typename DeviceView<T, 4>::Sizes wanted{left.size(0), side * side, (left.size(2) + stride - 1) / stride,
                                                (left.size(3) + stride - 1) / stride};
  check(left.sizes() == right.sizes() && out.sizes() == wanted, "local_correlation: left is ", left.shape(),
        ", right is ", right.shape(), ", the output is ", out.shape(), "; the first two must be equal, and the output ",
        wanted[0], "x", wanted[1], "x", wanted[2], "x", wanted[3]);
}

// Whether all rows begin on 16 bytes and hold whole fours.
template <typename... Views>
bool aligned(const Views&... views) {
  const auto is_aligned = [](const auto& view) {
    return reinterpret_cast<std::uintptr_t>(view.data()) % 16 == 0 && view.stride(0) % 4 == 0 &&
           view.stride(1) % 4 == 0 && view.stride(2) % 4 == 0 && view.size(3) % 4 == 0;
  };
  return (is_aligned(views) && ...);
}

struct Grid {
  local::Tiles tiles;
  std::ptrdiff_t count;
};

template <typename... Views>
Grid grid_of(int wide, int tall, const DeviceView<const float, 4>& image, const Views&... views) {
  const std::ptrdiff_t across = (image.size(3) + wide - 1) / wide;
  const std::ptrdiff_t down = (image.size(2) + tall - 1) / tall;
  return {{static_cast<int>(across), static_cast<int>(down), wide, tall, aligned(image, views...)},
          image.size(0) * across * down};
}

template <int radius>
void correlate_tiles(const DeviceView<const float, 4>& left, const DeviceView<const float, 4>& right,
                     const DeviceView<float, 4>& out, Stream stream) {
  const Grid grid = grid_of(local::Forward<radius>::wide, local::Forward<radius>::tall, left, right, out);
  launch(local::correlate_tiles<radius>, blocks(grid.count, 1), local::forward_threads, local::Forward<radius>::bytes,
         stream, grid.tiles, Cells<const float, 4>(left), Cells<const float, 4>(right), Cells<float, 4>(out));
}

template <int radius, int each, bool of_right>
void derive_tiles(const DeviceView<const float, 4>& d_out, const DeviceView<const float, 4>& other,
                  const DeviceView<float, 4>& derivative, Stream stream) {
  constexpr int channels = each * local::lane_channels;
  const Grid grid = grid_of(local::derive_wide, local::derive_tall, other, derivative);
  const std::ptrdiff_t parts = (other.size(1) + channels - 1) / channels;
  launch(local::derive_tiles<radius, each, of_right>, blocks(grid.count * parts, 1), local::derive_threads,
         local::derive_bytes<radius, each>, stream, grid.tiles, Cells<const float, 4>(d_out),
         Cells<const float, 4>(other), Cells<float, 4>(derivative));
}

// Many channels at a time where there are as many, and the device has the memory.
template <int radius, bool of_right>
void derive_tiles(const DeviceView<const float, 4>& d_out, const DeviceView<const float, 4>& other,
                  const DeviceView<float, 4>& derivative, Stream stream) {
  const auto* kernel = reinterpret_cast<const void*>(&local::derive_tiles<radius, 4, of_right>);
  constexpr auto bytes = static_cast<int>(local::derive_bytes<radius, 4>);
  if (other.size(1) > 2 * local::lane_channels) {
    if (cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes) == cudaSuccess) {
      return derive_tiles<radius, 4, of_right>(d_out, other, derivative, stream);
    }
    cudaGetLastError();  // it is taken back
  }
  derive_tiles<radius, 2, of_right>(d_out, other, derivative, stream);
}

template <typename T>
bool has_tiles(const LocalCorrelationOptions& options, const DeviceView<const T, 4>& left) {
  return std::is_same_v<T, float> && (options.radius == 3 || options.radius == 4) && options.stride == 1 &&
         options.dilation == 1 && left.size(1) > 0;
}

}  // namespace

template <typename T>
void local_correlation(DeviceView<const T, 4> left, DeviceView<const T, 4> right, DeviceView<T, 4> out,
                       ops::LocalCorrelationOptions options, Stream stream) {
  check_sizes<T>(options, left, right, out);
  if (out.empty()) return;
  if constexpr (std::is_same_v<T, float>) {
    if (has_tiles(options, left)) {
      return options.radius == 3 ? correlate_tiles<3>(left, right, out, stream)
                                 : correlate_tiles<4>(left, right, out, stream);
    }
  }
  launch(correlate<T>, blocks(out.size(0) * out.size(1) * out.size(2) * out.size(3), block), block, 0, stream, options,
         Cells<const T, 4>(left), Cells<const T, 4>(right), Cells<T, 4>(out));
}

template <typename T>
void local_correlation_backward(DeviceView<const T, 4> d_out, DeviceView<const T, 4> left, DeviceView<const T, 4> right,
                                DeviceView<T, 4> d_left, DeviceView<T, 4> d_right, ops::LocalCorrelationOptions options,
                                Stream stream) {
  check_sizes<T>(options, left, right, d_out);
  check(d_left.sizes() == left.sizes() && d_right.sizes() == left.sizes(), "local_correlation: left is ", left.shape(),
        ", d_left is ", d_left.shape(), ", d_right is ", d_right.shape(), "; they must be equal");
  if (left.empty()) return;
  if constexpr (std::is_same_v<T, float>) {
    if (has_tiles(options, left)) {
      if (options.radius == 3) {
        derive_tiles<3, false>(d_out, right, d_left, stream);
        derive_tiles<3, true>(d_out, left, d_right, stream);
      } else {
        derive_tiles<4, false>(d_out, right, d_left, stream);
        derive_tiles<4, true>(d_out, left, d_right, stream);
      }
      return;
    }
  }
  const dim3 grid = blocks(left.size(0) * left.size(1) * left.size(2) * left.size(3), block);
  launch(derive<T, false>, grid, block, 0, stream, options, Cells<const T, 4>(d_out), Cells<const T, 4>(right),
         Cells<T, 4>(d_left));
  launch(derive<T, true>, grid, block, 0, stream, options, Cells<const T, 4>(d_out), Cells<const T, 4>(left),
         Cells<T, 4>(d_right));
}

#define GEOMVISION_LOCAL_CORRELATION(T)                                                                            \
  template void local_correlation(DeviceView<const T, 4>, DeviceView<const T, 4>, DeviceView<T, 4>,                \
                                  ops::LocalCorrelationOptions, Stream);                                           \
  template void local_correlation_backward(DeviceView<const T, 4>, DeviceView<const T, 4>, DeviceView<const T, 4>, \
                                           DeviceView<T, 4>, DeviceView<T, 4>, ops::LocalCorrelationOptions, Stream)
GEOMVISION_LOCAL_CORRELATION(float);
GEOMVISION_LOCAL_CORRELATION(double);
#undef GEOMVISION_LOCAL_CORRELATION

}  // namespace geomvision::cuda

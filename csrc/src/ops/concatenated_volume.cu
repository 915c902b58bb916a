#include "cuda/launch.cuh"
#include "geomvision/cuda/cost_volumes.hpp"
#include "ops/cost_volumes.cuh"

namespace geomvision::cuda {
namespace {

constexpr int block = 256;

// A thread has a pixel of a channel and goes through the candidates.
template <typename T>
__global__ void __launch_bounds__(block)
    concatenate(Cells<const T, 4> left, Cells<const T, 4> right, Cells<T, 5> volume, int blocks_of_plane) {
  const int width = volume.sizes[4], channels = left.sizes[1];
  const int plane = static_cast<int>(blockIdx.x) / blocks_of_plane;
  const int b = plane / (2 * channels), c = plane % (2 * channels);
  const unsigned pixel = blockIdx.x % static_cast<unsigned>(blocks_of_plane) * block + threadIdx.x;
  const auto y = static_cast<int>(pixel / static_cast<unsigned>(width));
  const auto x = static_cast<int>(pixel % static_cast<unsigned>(width));
  if (y >= volume.sizes[3]) return;
  const T* from = c < channels ? left.at(b, c, y, x) : right.at(b, c - channels, y, x);
  T* out = volume.at(b, c, 0, y, x);
  for (int d = 0; d < volume.sizes[2]; ++d, out += volume.strides[2]) {
    *out = x < d ? T(0) : c < channels ? *from : *(from - d);
  }
}

template <typename T>
__global__ void __launch_bounds__(block)
    derive_concatenated(Cells<const T, 5> d_volume, Cells<T, 4> d_left, Cells<T, 4> d_right, int blocks_of_plane) {
  const int width = d_volume.sizes[4], channels = d_left.sizes[1];
  const int plane = static_cast<int>(blockIdx.x) / blocks_of_plane;
  const int b = plane / (2 * channels), c = plane % (2 * channels);
  const unsigned pixel = blockIdx.x % static_cast<unsigned>(blocks_of_plane) * block + threadIdx.x;
  const auto y = static_cast<int>(pixel / static_cast<unsigned>(width));
  const auto x = static_cast<int>(pixel % static_cast<unsigned>(width));
  if (y >= d_volume.sizes[3]) return;
  const bool of_left = c < channels;
  const int count = min(d_volume.sizes[2], of_left ? x + 1 : width - x);
  const std::ptrdiff_t step = d_volume.strides[2] + (of_left ? 0 : 1);
  T sum = 0;
  if (count > 0) {
    const T* from = d_volume.at(b, c, 0, y, x);
    for (int d = 0; d < count; ++d) sum += from[d * step];
  }
  *(of_left ? d_left.at(b, c, y, x) : d_right.at(b, c - channels, y, x)) = sum;
}

}  // namespace

template <typename T>
void concatenated_volume(DeviceView<const T, 4> left, DeviceView<const T, 4> right, DeviceView<T, 5> volume,
                         Stream stream) {
  const char* op = "concatenated_volume";
  check_features(op, left, right);
  check_volume(op, left, volume, 2 * left.size(1));
  if (volume.empty()) return;
  const auto of_plane = static_cast<int>(blocks(left.size(2) * left.size(3), block));
  launch(concatenate<T>, blocks(volume.size(0) * volume.size(1) * of_plane, 1), block, 0, stream,
         Cells<const T, 4>(left), Cells<const T, 4>(right), Cells<T, 5>(volume), of_plane);
}

template <typename T>
void concatenated_volume_backward(DeviceView<const T, 5> d_volume, DeviceView<T, 4> d_left, DeviceView<T, 4> d_right,
                                  Stream stream) {
  const char* op = "concatenated_volume_backward";
  const DeviceView<const T, 4> left = d_left;
  check_gradients(op, left, d_left, d_right);
  check_volume(op, left, d_volume, 2 * left.size(1));
  if (left.empty()) return;
  const auto of_plane = static_cast<int>(blocks(left.size(2) * left.size(3), block));
  launch(derive_concatenated<T>, blocks(left.size(0) * 2 * left.size(1) * of_plane, 1), block, 0, stream,
         Cells<const T, 5>(d_volume), Cells<T, 4>(d_left), Cells<T, 4>(d_right), of_plane);
}

#define GEOMVISION_CONCATENATED_VOLUME(T)                                                                      \
  template void concatenated_volume(DeviceView<const T, 4>, DeviceView<const T, 4>, DeviceView<T, 5>, Stream); \
  template void concatenated_volume_backward(DeviceView<const T, 5>, DeviceView<T, 4>, DeviceView<T, 4>, Stream)
GEOMVISION_CONCATENATED_VOLUME(float);
GEOMVISION_CONCATENATED_VOLUME(double);
#undef GEOMVISION_CONCATENATED_VOLUME

}  // namespace geomvision::cuda

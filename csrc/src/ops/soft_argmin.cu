#include "geomvision/cuda/soft_argmin.hpp"
#include "ops/check_sizes.hpp"
#include "ops/soft_argmin.cuh"

// A thread has a pixel: threads beside one another read costs beside one another.

namespace geomvision::cuda {
namespace {

constexpr int block = 128;

template <typename T>
__device__ Softmin<T> softmin(const T* costs, std::ptrdiff_t step, int count) {
  Softmin<T> found;
  int k = 0;
  for (; k + softmin_step <= count; k += softmin_step) {
    T some[softmin_step];
    for (int i = 0; i < softmin_step; ++i) some[i] = costs[(k + i) * step];
    found.take(some, k);
  }
  for (; k < count; ++k) {
    const T one[1] = {costs[k * step]};
    found.take(one, k);
  }
  found.mean /= found.total;
  return found;
}

template <typename T>
__global__ void __launch_bounds__(block)
    average(Cells<const T, 4> costs, Cells<T, 3> disparity, T first, int blocks_of_plane) {
  const PlanePixel at(disparity.sizes[1], disparity.sizes[2], blocks_of_plane);
  if (!at.there) return;
  *disparity.at(at.b, at.y, at.x) =
      first + softmin(costs.at(at.b, 0, at.y, at.x), costs.strides[1], costs.sizes[1]).mean;
}

template <typename T>
__global__ void __launch_bounds__(block)
    derive(Cells<const T, 3> d_disparity, Cells<const T, 4> costs, Cells<T, 4> d_costs, int blocks_of_plane) {
  const PlanePixel at(d_disparity.sizes[1], d_disparity.sizes[2], blocks_of_plane);
  if (!at.there) return;
  const T* from = costs.at(at.b, 0, at.y, at.x);
  T* to = d_costs.at(at.b, 0, at.y, at.x);
  const Softmin<T> found = softmin(from, costs.strides[1], costs.sizes[1]);
  const T scale = *d_disparity.at(at.b, at.y, at.x), shift = found.shift();
  for (int k = 0; k < costs.sizes[1]; ++k) {
    const T share = std::exp(shift - from[k * costs.strides[1]]) / found.total;
    to[k * d_costs.strides[1]] = share * (found.mean - static_cast<T>(k)) * scale;
  }
}

template <typename A, typename B>
void check_sizes(const A& costs, const B& disparity) {
  ops::check_soft_argmin(costs, disparity);
  check(costs.size(2) * costs.size(3) < (std::ptrdiff_t{1} << 31), "soft_argmin: costs are ", costs.shape(),
        "; allowed are below 2^31 pixels");
}

}  // namespace

template <typename T>
void soft_argmin(DeviceView<const T, 4> costs, DeviceView<T, 3> disparity, double first, Stream stream) {
  check_sizes(costs, disparity);
  if (disparity.empty()) return;
  const auto of_plane = static_cast<int>(blocks(costs.size(2) * costs.size(3), block));
  launch(average<T>, blocks(costs.size(0) * of_plane, 1), block, 0, stream, Cells<const T, 4>(costs),
         Cells<T, 3>(disparity), static_cast<T>(first), of_plane);
}

template <typename T>
void soft_argmin_backward(DeviceView<const T, 3> d_disparity, DeviceView<const T, 4> costs, DeviceView<T, 4> d_costs,
                          Stream stream) {
  check_sizes(costs, d_disparity);
  ops::check_slopes("soft_argmin_backward", costs, d_costs);
  if (costs.empty()) return;
  const auto of_plane = static_cast<int>(blocks(costs.size(2) * costs.size(3), block));
  launch(derive<T>, blocks(costs.size(0) * of_plane, 1), block, 0, stream, Cells<const T, 3>(d_disparity),
         Cells<const T, 4>(costs), Cells<T, 4>(d_costs), of_plane);
}

#define GEOMVISION_SOFT_ARGMIN(T)                                                      \
  template void soft_argmin(DeviceView<const T, 4>, DeviceView<T, 3>, double, Stream); \
  template void soft_argmin_backward(DeviceView<const T, 3>, DeviceView<const T, 4>, DeviceView<T, 4>, Stream)
GEOMVISION_SOFT_ARGMIN(float);
GEOMVISION_SOFT_ARGMIN(double);
#undef GEOMVISION_SOFT_ARGMIN

}  // namespace geomvision::cuda

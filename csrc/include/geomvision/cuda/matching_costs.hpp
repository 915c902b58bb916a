#pragma once

#include "geomvision/cuda/device_view.hpp"
#include "geomvision/ops/matching_costs.hpp"

// The matching costs of `ops/matching_costs.hpp` on a GPU: images (height, width), volumes (height, width, disparities)
// without gaps, equal to those of the CPU to the last bit unless said otherwise. Rows do not know of each other: a
// batch is a taller image.
namespace geomvision::cuda {

/// `ops::absolute_differences` on a GPU.
template <typename T>
void absolute_differences(DeviceView<const T, 2> left, DeviceView<const T, 2> right, int first,
                          DeviceView<ops::Difference<T>, 3> volume, Stream stream = nullptr);

/// `ops::squared_differences` on a GPU.
template <typename T>
void squared_differences(DeviceView<const T, 2> left, DeviceView<const T, 2> right, int first,
                         DeviceView<ops::Square<T>, 3> volume, Stream stream = nullptr);

/// `ops::differences_backward` on a GPU, in a fixed order of its own: to 1e-5 of the largest sum of magnitudes (double:
/// 1e-13).
template <typename T>
void differences_backward(DeviceView<const T, 3> d_volume, DeviceView<const T, 2> left, DeviceView<const T, 2> right,
                          int first, bool squared, DeviceView<T, 2> d_left, DeviceView<T, 2> d_right,
                          Stream stream = nullptr);

/// `ops::birchfield_tomasi` on a GPU.
template <typename T>
void birchfield_tomasi(DeviceView<const T, 2> left, DeviceView<const T, 2> right, int first,
                       DeviceView<ops::Real<T>, 3> volume, Stream stream = nullptr);

/// `ops::correlation_costs` on a GPU: of integers equal to the last bit, else to 1e-6 (double: 1e-12). Its rows do know
/// of each other. Windows above 225 take more than the 64 KiB of shared memory that compute capability 7.5 has.
template <typename T>
void correlation_costs(DeviceView<const T, 2> left, DeviceView<const T, 2> right, int first, int window, bool means,
                       DeviceView<ops::Real<T>, 3> volume, Stream stream = nullptr);

}  // namespace geomvision::cuda

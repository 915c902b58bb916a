#pragma once

#include "geomvision/cuda/device_view.hpp"

// `ops/cost_volumes.hpp` on a GPU: the same sizes and results, floats to 1e-5 of the largest. No result depends on the
// order of threads.

namespace geomvision::cuda {

/// `ops::group_wise_volume`, and its derivative.
template <typename T>
void group_wise_volume(DeviceView<const T, 4> left, DeviceView<const T, 4> right, DeviceView<T, 5> volume,
                       Stream stream = nullptr);

template <typename T>
void group_wise_volume_backward(DeviceView<const T, 5> d_volume, DeviceView<const T, 4> left,
                                DeviceView<const T, 4> right, DeviceView<T, 4> d_left, DeviceView<T, 4> d_right,
                                Stream stream = nullptr);

/// `ops::difference_volume`, and its derivative.
template <typename T>
void difference_volume(DeviceView<const T, 4> left, DeviceView<const T, 4> right, DeviceView<T, 4> volume,
                       Stream stream = nullptr);

template <typename T>
void difference_volume_backward(DeviceView<const T, 4> d_volume, DeviceView<const T, 4> left,
                                DeviceView<const T, 4> right, DeviceView<T, 4> d_left, DeviceView<T, 4> d_right,
                                Stream stream = nullptr);

/// `ops::concatenated_volume`, and its derivative.
template <typename T>
void concatenated_volume(DeviceView<const T, 4> left, DeviceView<const T, 4> right, DeviceView<T, 5> volume,
                         Stream stream = nullptr);

template <typename T>
void concatenated_volume_backward(DeviceView<const T, 5> d_volume, DeviceView<T, 4> d_left, DeviceView<T, 4> d_right,
                                  Stream stream = nullptr);

}  // namespace geomvision::cuda

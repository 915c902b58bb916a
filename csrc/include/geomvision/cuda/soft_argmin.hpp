#pragma once

#include "geomvision/cuda/device_view.hpp"

// `ops/soft_argmin.hpp` on a GPU: the same sizes and results; floats to 1e-6 times the number of candidates, where
// costs are of the order of 1. No result depends on the order of threads, and nothing of the size of a volume is held.

namespace geomvision::cuda {

/// `ops::soft_argmin`, and its derivative.
template <typename T>
void soft_argmin(DeviceView<const T, 4> costs, DeviceView<T, 3> disparity, double first = 0.0, Stream stream = nullptr);

template <typename T>
void soft_argmin_backward(DeviceView<const T, 3> d_disparity, DeviceView<const T, 4> costs, DeviceView<T, 4> d_costs,
                          Stream stream = nullptr);

/// `ops::upsampled_soft_argmin`, and its derivative.
template <typename T>
void upsampled_soft_argmin(DeviceView<const T, 4> costs, DeviceView<T, 3> disparity, int disparities,
                           double first = 0.0, Stream stream = nullptr);

template <typename T>
void upsampled_soft_argmin_backward(DeviceView<const T, 3> d_disparity, DeviceView<const T, 4> costs,
                                    DeviceView<T, 4> d_costs, int disparities, Stream stream = nullptr);

}  // namespace geomvision::cuda

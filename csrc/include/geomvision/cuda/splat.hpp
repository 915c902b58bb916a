#pragma once

#include "geomvision/cuda/device_view.hpp"

namespace geomvision::cuda {

/// `ops::splat_sum` on a GPU: the same sizes and results, floats to 1e-5 of the largest pixel times how many land on
/// one. What several pixels add to one is added in no fixed order: results of two calls may differ by rounding. sum
/// must have no gaps.
template <typename T>
void splat_sum(DeviceView<const T, 4> image, DeviceView<const T, 4> flow, DeviceView<T, 4> sum,
               Stream stream = nullptr);

/// Its derivative in image and flow, always the same to the last bit.
template <typename T>
void splat_sum_backward(DeviceView<const T, 4> d_sum, DeviceView<const T, 4> image, DeviceView<const T, 4> flow,
                        DeviceView<T, 4> d_image, DeviceView<T, 4> d_flow, Stream stream = nullptr);

}  // namespace geomvision::cuda

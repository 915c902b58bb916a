#pragma once

#include "geomvision/cuda/device_view.hpp"
#include "geomvision/ops/local_correlation.hpp"

namespace geomvision::cuda {

/// `ops::LocalCorrelation` on a GPU: the same sizes, options and results, floats to 1e-5 of the largest product of two
/// features (their order of summation is another one). Made for float, stride 1, dilation 1 and radius 3 or 4; any
/// other is computed as it is written.
template <typename T>
void local_correlation(DeviceView<const T, 4> left, DeviceView<const T, 4> right, DeviceView<T, 4> out,
                       ops::LocalCorrelationOptions options = {}, Stream stream = nullptr);

/// The derivatives in both inputs of a function whose derivative in `out` is d_out. Each is gathered: results of two
/// calls are equal.
template <typename T>
void local_correlation_backward(DeviceView<const T, 4> d_out, DeviceView<const T, 4> left, DeviceView<const T, 4> right,
                                DeviceView<T, 4> d_left, DeviceView<T, 4> d_right,
                                ops::LocalCorrelationOptions options = {}, Stream stream = nullptr);

}  // namespace geomvision::cuda

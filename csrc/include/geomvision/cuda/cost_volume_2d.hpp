#pragma once

#include <cstdint>
#include <type_traits>

#include "geomvision/cuda/device_view.hpp"

namespace geomvision::cuda {

/// `ops::cost_volume_2d` on a GPU: the same sizes, element types and results, to the last bit.
template <typename T>
void cost_volume_2d(DeviceView<const T, 3> frame0, DeviceView<const T, 3> frame1, int radius, bool squared,
                    DeviceView<std::conditional_t<std::is_same_v<T, double>, double, float>, 4> volume,
                    Stream stream = nullptr);

/// Its derivative, always the same to the last bit; that of the CPU to 1e-5 of the largest, since it is added in
/// another order.
template <typename T>
void cost_volume_2d_backward(DeviceView<const T, 4> d_volume, DeviceView<const T, 3> frame0,
                             DeviceView<const T, 3> frame1, int radius, bool squared, DeviceView<T, 3> d_frame0,
                             DeviceView<T, 3> d_frame1, Stream stream = nullptr);

}  // namespace geomvision::cuda

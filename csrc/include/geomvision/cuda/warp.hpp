#pragma once

#include <cstdint>

#include "geomvision/cuda/device_view.hpp"
#include "geomvision/ops/warp.hpp"

namespace geomvision::cuda {

/// `ops::warp_features` on a GPU: the same sizes, options and results, floats to 1e-5 of the largest pixel.
template <typename T>
void warp_features(DeviceView<const T, 4> image, DeviceView<const T, 4> displacement, DeviceView<T, 4> warped,
                   ops::WarpOptions options = {}, Stream stream = nullptr, DeviceView<std::uint8_t, 3> inside = {});

/// Its derivative. What several pixels add to one is added in no fixed order: results of two calls may differ by
/// rounding. d_image must have no gaps.
template <typename T>
void warp_features_backward(DeviceView<const T, 4> d_warped, DeviceView<const T, 4> image,
                            DeviceView<const T, 4> displacement, DeviceView<T, 4> d_image,
                            DeviceView<T, 4> d_displacement, ops::WarpOptions options = {}, Stream stream = nullptr);

}  // namespace geomvision::cuda

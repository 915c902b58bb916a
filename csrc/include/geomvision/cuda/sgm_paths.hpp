#pragma once

#include <cstdint>

#include "geomvision/cuda/device_view.hpp"
#include "geomvision/ops/sgm_paths.hpp"

namespace geomvision::cuda {

/// `ops::sgm_paths` on a GPU: the same sums, of at most 2048 disparities. Nothing waits, so nothing is refused for what
/// it holds: costs above 255 - p2 count as that, and what NaN in a guide leads to means nothing.
void sgm_paths(DeviceView<const std::uint8_t, 3> costs, DeviceView<std::uint16_t, 3> sums,
               ops::SGMPathsOptions options = {}, Stream stream = nullptr);
template <typename T>
void sgm_paths(DeviceView<const std::uint8_t, 3> costs, DeviceView<const T, 2> guide, DeviceView<std::uint16_t, 3> sums,
               ops::SGMPathsOptions options = {}, Stream stream = nullptr);

}  // namespace geomvision::cuda

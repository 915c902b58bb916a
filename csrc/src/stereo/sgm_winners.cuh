#pragma once

#include <cstdint>

#include "geomvision/stereo/sgm.hpp"
#include "stereo/sgm_paths.cuh"

namespace geomvision::cuda {

/// Winners of both views from sums, with the options' fit, uniqueness and tolerance: disparities of the left view (NaN
/// where the winner is not kept), confidence, and the number of each pixel's `stereo::Agreement`.
void choose_winners(const PathSums& sums, const CostVolume& volume, int first, const stereo::SGMOptions& options,
                    DeviceView<float, 2> disparity, DeviceView<float, 2> confidence,
                    DeviceView<std::uint8_t, 2> agreement, Stream stream);

}  // namespace geomvision::cuda

#pragma once

#include <cstdint>

#include "cuda/launch.cuh"

namespace geomvision::cuda {

/// The left image, so scaled that its mean absolute difference between neighbours is `stereo::SGMGuide::usual_change`;
/// packed, as large as the image.
template <typename T>
void guide_image(DeviceView<const T, 2> image, std::uint16_t* guide, Stream stream);

}  // namespace geomvision::cuda

#pragma once

#include <cstdint>

#include "geomvision/cuda/device_view.hpp"

// The filters of `stereo/postprocess.hpp` on a GPU, with equal results, from one map (height, width) to another. NaN is
// no estimate.
namespace geomvision::cuda {

/// `stereo::MedianFilter` on a GPU.
void median(DeviceView<const float, 2> disparity, int size, DeviceView<float, 2> filtered, Stream stream = nullptr);

/// `stereo::SpeckleFilter` on a GPU.
void speckle(DeviceView<const float, 2> disparity, int size, float range, DeviceView<float, 2> filtered,
             Stream stream = nullptr);

/// `stereo::BackgroundFill` on a GPU.
void fill_gaps(DeviceView<const float, 2> disparity, DeviceView<const std::uint8_t, 2> occluded,
               DeviceView<float, 2> filled, Stream stream = nullptr);

}  // namespace geomvision::cuda

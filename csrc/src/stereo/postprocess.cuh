#pragma once

#include <cstdint>
#include <string>

#include "geomvision/cuda/device_view.hpp"

// The steps of geomvision/stereo/postprocess.hpp on a GPU, with equal results. Maps are not empty.

namespace geomvision::cuda {

/// `stereo::MedianFilter` from one map to another; sizes are odd, 1 to 15.
void median_filter(DeviceView<const float, 2> from, DeviceView<float, 2> to, int size, Stream stream);

/// Occluded and mismatched pixels lose estimate and confidence. Numbers of `stereo::Agreement` become 1 where occluded,
/// else 0.
void remove_lost(DeviceView<float, 2> disparity, DeviceView<float, 2> confidence, DeviceView<std::uint8_t, 2> agreement,
                 Stream stream);

/// `stereo::SpeckleFilter`; what is removed loses its confidence, too, where there is one.
void remove_speckles(DeviceView<float, 2> disparity, DeviceView<float, 2> confidence, int size, float range,
                     Stream stream);

/// `stereo::BackgroundFill` from one map to another.
void fill_background(DeviceView<const float, 2> from, DeviceView<const std::uint8_t, 2> occluded,
                     DeviceView<float, 2> to, Stream stream);

/// `stereo::fill_rows` from one map to another.
void fill_rows(DeviceView<const float, 2> from, DeviceView<float, 2> to, Stream stream);

/// Gaps as `fill` says, "background" or "row".
void fill_as(const std::string& fill, DeviceView<const float, 2> from, DeviceView<const std::uint8_t, 2> occluded,
             DeviceView<float, 2> to, Stream stream);

}  // namespace geomvision::cuda

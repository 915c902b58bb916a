#pragma once

#include <cstdint>

#include "geomvision/cuda/device_view.hpp"
#include "geomvision/flow/track_points.hpp"

namespace geomvision::cuda {

/// `flow::track_points` on a GPU: the same options, the same operations on floats in the same order, and so the same
/// results to the last bit. tracks[i] is that of points[i].
///
/// Frames (height, width) are not looked through, since nothing waits for the GPU: points whose windows come upon NaN
/// or infinity are lost. Throws std::invalid_argument when an option is out of range, the frames are empty or differ in
/// size, or tracks are not as many as points. num_threads is not looked at.
void track_points(DeviceView<const std::uint8_t, 2> frame0, DeviceView<const std::uint8_t, 2> frame1,
                  DeviceView<const flow::Point, 1> points, DeviceView<flow::Track, 1> tracks,
                  const flow::TrackOptions& options = {}, Stream stream = nullptr);
void track_points(DeviceView<const std::uint16_t, 2> frame0, DeviceView<const std::uint16_t, 2> frame1,
                  DeviceView<const flow::Point, 1> points, DeviceView<flow::Track, 1> tracks,
                  const flow::TrackOptions& options = {}, Stream stream = nullptr);
void track_points(DeviceView<const float, 2> frame0, DeviceView<const float, 2> frame1,
                  DeviceView<const flow::Point, 1> points, DeviceView<flow::Track, 1> tracks,
                  const flow::TrackOptions& options = {}, Stream stream = nullptr);

}  // namespace geomvision::cuda

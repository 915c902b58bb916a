#pragma once

#include "geomvision/cuda/device_view.hpp"
#include "geomvision/depth/from_disparity.hpp"

namespace geomvision::cuda {

/// `depth::from_disparity` on a GPU, with equal results; `depth` may be the disparity itself.
void from_disparity(DeviceView<const float, 2> disparity, const depth::RectifiedRig& rig, DeviceView<float, 2> depth,
                    Stream stream = nullptr);

/// Points (height, width, 3) in the left camera's coordinates, metres: (X, Y, Z) with Z as above, X = (x - cx) Z / f
/// and Y = (y - cy) Z / f (Hartley & Zisserman 2004, section 6.1), rounded to float once; all NaN where Z is.
void points_from_disparity(DeviceView<const float, 2> disparity, const depth::RectifiedRig& rig, double cx_px,
                           double cy_px, DeviceView<float, 3> points, Stream stream = nullptr);

}  // namespace geomvision::cuda

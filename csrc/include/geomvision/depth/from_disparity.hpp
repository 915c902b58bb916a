#pragma once

#include "geomvision/image.hpp"

namespace geomvision::depth {

/// What a rectified pair of cameras knows of depth.
struct RectifiedRig {
  double focal_px = 0;    ///< of the rectified images, above 0
  double baseline_m = 0;  ///< distance of the cameras, above 0
  double offset_px = 0;   ///< principal point of the right camera less that of the left: 0 where pairs meet at infinity
};

/// Z = f B / (d + offset), metres (Hartley & Zisserman 2004, section 9.1); NaN where d + offset is not above 0, or
/// where a float cannot hold Z. `depth` may be the disparity itself. Throws std::invalid_argument when the sizes differ
/// or a number of the rig is not allowed.
void from_disparity(ImageView<const float> disparity, const RectifiedRig& rig, ImageView<float> depth,
                    int num_threads = 0);

}  // namespace geomvision::depth

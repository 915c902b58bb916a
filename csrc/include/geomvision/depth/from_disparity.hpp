#pragma once

#include "geomvision/image.hpp"
#include "geomvision/tensor.hpp"

namespace geomvision::depth {

/// What a rectified pair of cameras knows of depth.
struct RectifiedRig {
  double focal_px = 0;    ///< of the rectified images, above 0
  double baseline_m = 0;  ///< distance of the cameras, above 0
  double offset_px = 0;   ///< principal point of the right camera less that of the left: 0 where pairs meet at infinity
};

/// Z = f B / (d + offset), metres (Hartley & Zisserman 2004, section 9.1); NaN where d + offset is not above 0, or
/// where a float cannot hold Z: too far, or so near that it would be 0, as for an infinite disparity. `depth` may be
/// the disparity itself. Throws std::invalid_argument when the sizes differ or a number of the rig is not allowed.
void from_disparity(ImageView<const float> disparity, const RectifiedRig& rig, ImageView<float> depth,
                    int num_threads = 0);

/// Points (height, width, 3) in the left camera's coordinates, metres: (X, Y, Z) with Z as above, X = (x - cx) Z / f
/// and Y = (y - cy) Z / f (Hartley & Zisserman 2004, section 6.1), or Z / focal_y_px where that is not 0; each rounded
/// to float once, all NaN where Z is NaN or a float cannot hold X or Y. Rows of points have no gaps. Throws as
/// above.
void points_from_disparity(ImageView<const float> disparity, const RectifiedRig& rig, double cx_px, double cy_px,
                           TensorView<float, 3> points, int num_threads = 0, double focal_y_px = 0);

}  // namespace geomvision::depth

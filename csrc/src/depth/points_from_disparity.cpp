#include <cmath>
#include <functional>

#include "geomvision/check.hpp"
#include "geomvision/depth/from_disparity.hpp"
#include "geomvision/parallel.hpp"
#include "kernels/point_map.hpp"
#include "ops/streamed.hpp"

namespace geomvision::depth {

void points_from_disparity(ImageView<const float> disparity, const RectifiedRig& rig, double cx_px, double cy_px,
                           TensorView<float, 3> points, int num_threads, double focal_y_px) {
  const char* op = "points_from_disparity";
  const TensorView<float, 3>::Sizes wanted{disparity.height(), disparity.width(), 3};
  check(points.sizes() == wanted && (points.stride(1) == 3 || disparity.width() < 2), op, ": disparity is ",
        disparity.width(), "x", disparity.height(), ", points are ", points.shape(),
        "; they must be (height, width, 3) with rows without gaps");
  check(rig.focal_px > 0 && rig.baseline_m > 0 && std::isfinite(rig.focal_px * rig.baseline_m), op, ": focal_px is ",
        rig.focal_px, ", baseline_m ", rig.baseline_m, "; both must be above 0");
  check(std::isfinite(rig.offset_px + cx_px + cy_px + focal_y_px), op, ": offset_px is ", rig.offset_px,
        ", the principal point (", cx_px, ", ", cy_px, "), focal_y_px ", focal_y_px, "; all must be numbers");
  const PointMapRig numbers{rig.focal_px * rig.baseline_m,
                            rig.offset_px,
                            rig.focal_px,
                            focal_y_px == 0 ? rig.focal_px : focal_y_px,
                            cx_px,
                            cy_px,
                            is_large(points)};
  const auto kernel = GEOMVISION_KERNEL(point_map_row);
  const auto rows = [&](int begin, int end) {
    for (int y = begin; y < end; ++y) kernel(numbers, disparity.row(y), y, disparity.width(), points.at(y));
    finish_streams();
  };
  parallel_for(disparity.height(), num_threads, std::ref(rows), 8);
}

}  // namespace geomvision::depth

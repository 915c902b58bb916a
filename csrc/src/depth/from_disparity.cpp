#include "geomvision/depth/from_disparity.hpp"

#include <cmath>
#include <functional>

#include "depth/depth_of.hpp"
#include "geomvision/check.hpp"
#include "geomvision/parallel.hpp"

namespace geomvision::depth {

void from_disparity(ImageView<const float> disparity, const RectifiedRig& rig, ImageView<float> depth,
                    int num_threads) {
  const char* op = "from_disparity";
  check(depth.width() == disparity.width() && depth.height() == disparity.height(), op, ": disparity is ",
        disparity.width(), "x", disparity.height(), ", depth ", depth.width(), "x", depth.height(),
        "; they must be equal");
  check(rig.focal_px > 0 && rig.baseline_m > 0 && std::isfinite(rig.focal_px * rig.baseline_m), op, ": focal_px is ",
        rig.focal_px, ", baseline_m ", rig.baseline_m, "; both must be above 0");
  check(std::isfinite(rig.offset_px), op, ": offset_px is ", rig.offset_px, "; it must be a number");
  const double scale = rig.focal_px * rig.baseline_m;
  const auto rows = [&](int begin, int end) {
    for (int y = begin; y < end; ++y) {
      for (int x = 0; x < disparity.width(); ++x) {
        depth(x, y) = depth_of(static_cast<double>(disparity(x, y)), scale, rig.offset_px);
      }
    }
  };
  parallel_for(disparity.height(), num_threads, std::ref(rows), 16);
}

}  // namespace geomvision::depth

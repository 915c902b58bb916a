#include <cmath>
#include <limits>

#include "cuda/launch.cuh"
#include "geomvision/cuda/from_disparity.hpp"

namespace geomvision::cuda {
namespace {

constexpr int block = 256;
constexpr float nan = std::numeric_limits<float>::quiet_NaN();

struct Rig {
  double focal, scale, offset, cx, cy;
};

// What a float holds of the depth; NaN where it holds none.
__device__ float depth_of(double disparity, const Rig& rig) {
  const double shifted = disparity + rig.offset;
  const auto metres = static_cast<float>(rig.scale / shifted);
  return shifted > 0 && metres <= std::numeric_limits<float>::max() ? metres : nan;
}

__device__ bool pixel_of(const Cells<const float, 2>& map, int& y, int& x) {
  const auto pixel = static_cast<std::int64_t>(blockIdx.x) * block + threadIdx.x;
  y = static_cast<int>(pixel / map.sizes[1]);
  x = static_cast<int>(pixel - static_cast<std::int64_t>(y) * map.sizes[1]);
  return y < map.sizes[0];
}

__global__ void __launch_bounds__(block) measure(Cells<const float, 2> disparity, Rig rig, Cells<float, 2> depth) {
  int y = 0, x = 0;
  if (!pixel_of(disparity, y, x)) return;
  *depth.at(y, x) = depth_of(static_cast<double>(*disparity.at(y, x)), rig);
}

__global__ void __launch_bounds__(block) place(Cells<const float, 2> disparity, Rig rig, Cells<float, 3> points) {
  int y = 0, x = 0;
  if (!pixel_of(disparity, y, x)) return;
  const float z = depth_of(static_cast<double>(*disparity.at(y, x)), rig);
  const double along = static_cast<double>(z) / rig.focal;
  float* point = points.at(y, x);
  point[0] = static_cast<float>((x - rig.cx) * along);
  point[1] = static_cast<float>((y - rig.cy) * along);
  point[2] = z;
}

Rig checked(const depth::RectifiedRig& rig, double cx, double cy) {
  const char* op = "from_disparity";
  check(rig.focal_px > 0 && rig.baseline_m > 0 && std::isfinite(rig.focal_px * rig.baseline_m), op, ": focal_px is ",
        rig.focal_px, ", baseline_m ", rig.baseline_m, "; both must be above 0");
  check(std::isfinite(rig.offset_px), op, ": offset_px is ", rig.offset_px, "; it must be a number");
  check(std::isfinite(cx) && std::isfinite(cy), op, ": the principal point is (", cx, ", ", cy,
        "); both must be numbers");
  return {rig.focal_px, rig.focal_px * rig.baseline_m, rig.offset_px, cx, cy};
}

}  // namespace

void from_disparity(DeviceView<const float, 2> disparity, const depth::RectifiedRig& rig, DeviceView<float, 2> depth,
                    Stream stream) {
  check(depth.sizes() == disparity.sizes(), "from_disparity: disparity is ", disparity.shape(), ", depth ",
        depth.shape(), "; they must be equal");
  launch(measure, blocks(disparity.size(0) * disparity.size(1), block), block, 0, stream,
         Cells<const float, 2>(disparity), checked(rig, 0, 0), Cells<float, 2>(depth));
}

void points_from_disparity(DeviceView<const float, 2> disparity, const depth::RectifiedRig& rig, double cx_px,
                           double cy_px, DeviceView<float, 3> points, Stream stream) {
  const DeviceView<float, 3>::Sizes wanted{disparity.size(0), disparity.size(1), 3};
  check(points.sizes() == wanted, "points_from_disparity: disparity is ", disparity.shape(), ", points are ",
        points.shape(), "; they must be (height, width, 3)");
  launch(place, blocks(disparity.size(0) * disparity.size(1), block), block, 0, stream,
         Cells<const float, 2>(disparity), checked(rig, cx_px, cy_px), Cells<float, 3>(points));
}

}  // namespace geomvision::cuda

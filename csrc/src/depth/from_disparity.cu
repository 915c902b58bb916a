#include <cmath>
#include <limits>

#include "cuda/launch.cuh"
#include "depth/depth_of.hpp"
#include "geomvision/cuda/from_disparity.hpp"

namespace geomvision::cuda {
namespace {

constexpr int block = 256;
constexpr float nan = std::numeric_limits<float>::quiet_NaN(), largest = std::numeric_limits<float>::max();

struct Rig {
  double focal, scale, offset, cx, cy;
};

__device__ bool pixel_of(const Cells<const float, 2>& map, int& y, int& x) {
  const auto pixel = static_cast<std::int64_t>(blockIdx.x) * block + threadIdx.x;
  y = static_cast<int>(pixel / map.sizes[1]);
  x = static_cast<int>(pixel - static_cast<std::int64_t>(y) * map.sizes[1]);
  return y < map.sizes[0];
}

__global__ void __launch_bounds__(block) measure(Cells<const float, 2> disparity, Rig rig, Cells<float, 2> depth) {
  int y = 0, x = 0;
  if (!pixel_of(disparity, y, x)) return;
  *depth.at(y, x) = depth::depth_of(static_cast<double>(*disparity.at(y, x)), rig.scale, rig.offset);
}

__global__ void __launch_bounds__(block) place(Cells<const float, 2> disparity, Rig rig, Cells<float, 3> points) {
  int y = 0, x = 0;
  if (!pixel_of(disparity, y, x)) return;
  const float z = depth::depth_of(static_cast<double>(*disparity.at(y, x)), rig.scale, rig.offset);
  const double along = static_cast<double>(z) / rig.focal;
  const auto across = static_cast<float>((x - rig.cx) * along), down = static_cast<float>((y - rig.cy) * along);
  const bool fits = z > 0 && fabsf(across) <= largest && fabsf(down) <= largest;
  float* point = points.at(y, x);
  point[0] = fits ? across : nan;
  point[1] = fits ? down : nan;
  point[2] = fits ? z : nan;
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

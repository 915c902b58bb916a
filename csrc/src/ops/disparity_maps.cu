#include "cuda/launch.cuh"
#include "geomvision/cuda/disparity_maps.hpp"
#include "stereo/postprocess.cuh"

namespace geomvision::cuda {
namespace {

template <typename T>
void check_map(const char* op, const DeviceView<const float, 2>& disparity, const DeviceView<T, 2>& map,
               const char* name) {
  check(map.sizes() == disparity.sizes(), op, ": the map is ", disparity.shape(), ", ", name, " ", map.shape(),
        "; they must be equal");
}

}  // namespace

void median(DeviceView<const float, 2> disparity, int size, DeviceView<float, 2> filtered, Stream stream) {
  check(size >= 1 && size <= 15 && size % 2 == 1, "median: size is ", size, "; allowed is odd, 1 to 15");
  check_map("median", disparity, filtered, "the result");
  if (!disparity.empty()) median_filter(disparity, filtered, size, stream);
}

void speckle(DeviceView<const float, 2> disparity, int size, float range, DeviceView<float, 2> filtered,
             Stream stream) {
  check(size >= 0, "speckle: size is ", size, "; allowed is 0 or more pixels");
  check(range >= 0, "speckle: range is ", range, "; allowed is 0 or more pixels");
  check_map("speckle", disparity, filtered, "the result");
  if (disparity.empty()) return;
  median_filter(disparity, filtered, 1, stream);  // of one pixel: the map as it is
  remove_speckles(filtered, {}, size, range, stream);
}

void fill_gaps(DeviceView<const float, 2> disparity, DeviceView<const std::uint8_t, 2> occluded,
               DeviceView<float, 2> filled, Stream stream) {
  check_map("fill_background", disparity, occluded, "occluded");
  check_map("fill_background", disparity, filled, "the result");
  if (!disparity.empty()) fill_background(disparity, occluded, filled, stream);
}

}  // namespace geomvision::cuda

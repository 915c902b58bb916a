#include <limits>

#include "cuda/launch.cuh"
#include "stereo/postprocess.cuh"

// Connected regions by union and find: each pixel's label is a pixel of its region that does not come after it, and the
// first one's its own. Labels only ever fall, so that whoever reads an old one goes a longer way to the same end
// (Playne & Hawick, TPDS 2018).

namespace geomvision::cuda {
namespace {

constexpr int block = 256;
constexpr unsigned whole_warp = 0xffffffffu;

// A warp has 32 pixels of a row; the last ones of a row may be none.
struct Place {
  int x, y, lane, pixel;
  bool inside;

  __device__ explicit Place(const Cells<float, 2>& map) {
    const int parts = (map.sizes[1] + 31) / 32;
    const std::ptrdiff_t warp = static_cast<std::ptrdiff_t>(blockIdx.x) * (block / 32) + threadIdx.x / 32;
    lane = static_cast<int>(threadIdx.x) % 32;
    y = static_cast<int>(warp / parts);
    x = static_cast<int>(warp % parts) * 32 + lane;
    inside = y < map.sizes[0] && x < map.sizes[1];
    pixel = inside ? y * map.sizes[1] + x : 0;
  }
};

// In a warp whose `first` lanes begin runs: the one that the run of a lane begins with.
__device__ int start_of(unsigned first, int lane) {
  return 31 - __clz(static_cast<int>(first & (whole_warp >> (31 - lane))));
}

__device__ bool near(float a, float b, float range) { return fabsf(a - b) <= range; }

__device__ int region_of(const int* labels, int pixel) {
  for (int label = labels[pixel]; label != pixel; label = labels[pixel]) pixel = label;
  return pixel;
}

__device__ void join(int* labels, int one, int other) {
  one = region_of(labels, one);
  other = region_of(labels, other);
  while (one != other) {
    const int later = max(one, other), earlier = min(one, other);
    const int before = atomicMin(labels + later, earlier);
    if (before == later) return;  // the first of its region till now
    one = before;
    other = earlier;
  }
}

__global__ void __launch_bounds__(block) label_runs(Cells<float, 2> disparity, float range, int* labels) {
  const Place at(disparity);
  const float here = at.inside ? *disparity.at(at.y, at.x) : 0.0f;
  const float before = __shfl_up_sync(whole_warp, here, 1);
  const unsigned first = __ballot_sync(whole_warp, at.lane == 0 || !near(here, before, range));
  if (at.inside) labels[at.pixel] = at.pixel - at.lane + start_of(first, at.lane);
}

__global__ void __launch_bounds__(block) join_runs(Cells<float, 2> disparity, float range, int* labels) {
  const Place at(disparity);
  if (!at.inside) return;
  const float here = *disparity.at(at.y, at.x), before = at.x > 0 ? *disparity.at(at.y, at.x - 1) : here;
  const bool joined = at.x > 0 && near(here, before, range);
  if (joined && at.lane == 0) join(labels, at.pixel - 1, at.pixel);
  if (at.y == 0) return;
  const float above = *disparity.at(at.y - 1, at.x);
  if (!near(here, above, range)) return;
  // where the pixels before do so, and belong to the same runs, that is enough
  const float corner = at.x > 0 ? *disparity.at(at.y - 1, at.x - 1) : above;
  if (joined && at.lane > 0 && near(above, corner, range) && near(before, corner, range)) return;
  join(labels, at.pixel - disparity.sizes[1], at.pixel);
}

// The part of a run in a warp is counted at once.
__global__ void __launch_bounds__(block) count_pixels(Cells<float, 2> disparity, int* labels, int* sizes) {
  const Place at(disparity);
  const int region = at.inside ? region_of(labels, at.pixel) : -1;
  const int before = __shfl_up_sync(whole_warp, region, 1);
  const bool first = at.lane == 0 || region != before;
  const unsigned later = __ballot_sync(whole_warp, first) & ~(whole_warp >> (31 - at.lane));
  if (!at.inside) return;
  labels[at.pixel] = region;
  if (!first) return;
  const float here = *disparity.at(at.y, at.x);
  if (here == here) atomicAdd(sizes + region, (later != 0 ? __ffs(static_cast<int>(later)) - 1 : 32) - at.lane);
}

__global__ void __launch_bounds__(block)
    remove_small(Cells<float, 2> disparity, Cells<float, 2> confidence, int size, const int* labels, const int* sizes) {
  const Place at(disparity);
  if (!at.inside || sizes[labels[at.pixel]] >= size) return;
  *disparity.at(at.y, at.x) = __uint_as_float(0x7fc00000u);
  if (confidence.data != nullptr) *confidence.at(at.y, at.x) = 0;
}

}  // namespace

void remove_speckles(DeviceView<float, 2> disparity, DeviceView<float, 2> confidence, int size, float range,
                     Stream stream) {
  if (size <= 1) return;
  const std::ptrdiff_t height = disparity.size(0), width = disparity.size(1);
  check(height * width <= std::numeric_limits<int>::max(), "SpeckleFilter: the map is ", disparity.shape(),
        "; at most ", std::numeric_limits<int>::max(), " pixels in all can be taken");
  const auto pixels = static_cast<std::size_t>(height * width);
  StreamMemory<int> memory(2 * pixels, stream);
  int *labels = memory.data(), *sizes = labels + pixels;
  check_call(cudaMemsetAsync(sizes, 0, pixels * sizeof(int), stream), "memory cannot be cleared");
  const dim3 grid = blocks((width + 31) / 32 * height, block / 32);
  const Cells<float, 2> map(disparity);
  launch(label_runs, grid, block, 0, stream, map, range, labels);
  launch(join_runs, grid, block, 0, stream, map, range, labels);
  launch(count_pixels, grid, block, 0, stream, map, labels, sizes);
  launch(remove_small, grid, block, 0, stream, map, Cells<float, 2>(confidence), size, labels, sizes);
}

}  // namespace geomvision::cuda

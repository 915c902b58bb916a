#include "geomvision/cuda/sgm_paths.hpp"
#include "stereo/lane_groups.cuh"
#include "stereo/sgm_guide.cuh"
#include "stereo/sgm_paths.cuh"

namespace geomvision::cuda {
namespace {

constexpr int block = 256;

// A thread has four candidates.
__global__ void __launch_bounds__(block)
    copy_sums(PathSums from, int pitch, std::ptrdiff_t words, Cells<std::uint16_t, 3> to) {
  const std::ptrdiff_t word = static_cast<std::ptrdiff_t>(blockIdx.x) * block + threadIdx.x;
  if (word >= words) return;
  const int of_pixel = pitch / 4, candidate = static_cast<int>(word % of_pixel) * 4, count = to.sizes[2];
  const std::ptrdiff_t pixel = word / of_pixel;
  std::uint16_t* out = to.at(pixel / to.sizes[1], pixel % to.sizes[1], candidate);
  const uint2 sums = from.at(word);
  const unsigned each[] = {sums.x & 0xffffu, sums.y & 0xffffu, sums.x >> 16, sums.y >> 16};
  for (int j = 0; j < 4 && candidate + j < count; ++j) out[j] = static_cast<std::uint16_t>(each[j]);
}

void aggregate(const DeviceView<const std::uint8_t, 3>& costs, const DeviceView<std::uint16_t, 3>& sums,
               const std::uint16_t* guide, const ops::SGMPathsOptions& options, Stream stream) {
  const Cells<std::uint16_t, 3> to(sums);
  const CostVolume volume{to.sizes[0], to.sizes[1], to.sizes[2], padded_candidates(to.sizes[2])};
  PathMemory memory("SGMPaths", volume, options.paths, stream);
  given_costs(costs, 255 - options.p2, volume, memory.costs(), stream);
  const PathSums found = memory.follow(path_steps(options.paths), {options.p1, options.p2, guide});
  const auto words = static_cast<std::ptrdiff_t>(volume.bytes() / 4);
  launch(copy_sums, blocks(words, block), block, 0, stream, found, volume.pitch, words, to);
}

void check_costs(const DeviceView<const std::uint8_t, 3>& costs, const DeviceView<std::uint16_t, 3>& sums,
                 const ops::SGMPathsOptions& options) {
  options.check();
  check(sums.sizes() == costs.sizes(), "SGMPaths: costs are ", costs.shape(), ", sums are ", sums.shape(),
        "; they must be equal");
  constexpr std::ptrdiff_t most = std::ptrdiff_t{1} << 31;
  check(costs.size(2) <= most_candidates && costs.size(0) * costs.size(1) < most, "SGMPaths: costs are ", costs.shape(),
        "; at most ", most - 1, " pixels with ", most_candidates, " disparities can be taken: cut them into tiles");
}

}  // namespace

void sgm_paths(DeviceView<const std::uint8_t, 3> costs, DeviceView<std::uint16_t, 3> sums, ops::SGMPathsOptions options,
               Stream stream) {
  check_costs(costs, sums, options);
  if (!costs.empty()) aggregate(costs, sums, nullptr, options, stream);
}

template <typename T>
void sgm_paths(DeviceView<const std::uint8_t, 3> costs, DeviceView<const T, 2> guide, DeviceView<std::uint16_t, 3> sums,
               ops::SGMPathsOptions options, Stream stream) {
  check_costs(costs, sums, options);
  check(guide.size(0) == costs.size(0) && guide.size(1) == costs.size(1), "SGMPaths: costs are ", costs.shape(),
        " (height, width, disparities), the guide is ", guide.shape(), "; height and width must be equal");
  if (costs.empty()) return;
  StreamMemory<std::uint16_t> scaled(static_cast<std::size_t>(guide.size(0) * guide.size(1)), stream);
  guide_image<T>(guide, scaled.data(), stream);
  aggregate(costs, sums, scaled.data(), options, stream);
}

#define GEOMVISION_GUIDED(T)                                                                                          \
  template void sgm_paths<T>(DeviceView<const std::uint8_t, 3>, DeviceView<const T, 2>, DeviceView<std::uint16_t, 3>, \
                             ops::SGMPathsOptions, Stream)
GEOMVISION_GUIDED(std::uint8_t);
GEOMVISION_GUIDED(std::uint16_t);
GEOMVISION_GUIDED(float);
#undef GEOMVISION_GUIDED

}  // namespace geomvision::cuda

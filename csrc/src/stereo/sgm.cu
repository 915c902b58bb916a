#include <algorithm>
#include <utility>

#include "geomvision/cuda/sgm.hpp"
#include "stereo/lane_groups.cuh"
#include "stereo/postprocess.cuh"
#include "stereo/sgm_costs.cuh"
#include "stereo/sgm_guide.cuh"
#include "stereo/sgm_paths.cuh"
#include "stereo/sgm_winners.cuh"

namespace geomvision::cuda {
namespace {

template <typename T>
void check_map(const char* name, const DeviceView<T, 2>& map, const DeviceView<float, 2>::Sizes& image) {
  check(map.sizes() == image, "SGM: ", name, " is ", map.shape(), ", the images are ", image[0], "x", image[1],
        " (height, width); they must be equal");
}

}  // namespace

SGM::SGM(stereo::SGMOptions options) : options_(std::move(options)) { options_.check(); }

// `costs(volume, memory)` asks for the matching costs.
template <typename T, typename Costs>
void SGM::match(DeviceView<const T, 2> left, int first, int count, const Costs& costs, Maps maps, Stream stream) const {
  check(count <= most_candidates, "SGM: ", count, " disparities are searched; at most ", most_candidates,
        " can be taken on a GPU");
  check_map("disparity", maps.disparity, left.sizes());
  const auto pixels = static_cast<std::size_t>(left.size(0) * left.size(1));
  check(pixels < std::size_t{1} << 31, "SGM: the images are ", left.shape(), " pixels; at most 2^31 - 1 can be taken");
  const bool weighed = maps.confidence.data() != nullptr, told = maps.occluded.data() != nullptr;
  StreamMemory<float> own_confidence(weighed ? 0 : pixels, stream);
  StreamMemory<std::uint8_t> own_occluded(told ? 0 : pixels, stream);
  if (!weighed) maps.confidence = {own_confidence.data(), left.sizes()};
  if (!told) maps.occluded = {own_occluded.data(), left.sizes()};
  check_map("confidence", maps.confidence, left.sizes());
  check_map("occluded", maps.occluded, left.sizes());
  const CostVolume volume{static_cast<int>(left.size(0)), static_cast<int>(left.size(1)), count,
                          padded_candidates(count)};
  const bool filters = options_.median > 1, fills = options_.fill != "none";
  StreamMemory<float> chosen(filters ? pixels : 0, stream), checked(fills ? pixels : 0, stream);
  const DeviceView<float, 2> judged = fills ? DeviceView<float, 2>(checked.data(), left.sizes()) : maps.disparity;
  const DeviceView<float, 2> found = filters ? DeviceView<float, 2>(chosen.data(), left.sizes()) : judged;
  StreamMemory<std::uint16_t> guide(options_.adaptive_p2 ? pixels : 0, stream);
  if (options_.adaptive_p2) guide_image<T>(left, guide.data(), stream);
  {
    PathMemory paths("SGM", volume, options_.paths, stream);
    costs(volume, paths.costs());
    const PathSums sums = paths.follow(path_steps(options_.paths), {options_.p1, options_.p2, guide.data()});
    choose_winners(sums, volume, first, options_, found, maps.confidence, maps.occluded, stream);
  }
  if (filters) median_filter(found, judged, options_.median, stream);
  remove_lost(judged, maps.confidence, maps.occluded, stream);
  remove_speckles(judged, maps.confidence, options_.speckle_size, options_.speckle_range, stream);
  if (fills) fill_as(options_.fill, judged, maps.occluded, maps.disparity, stream);
}

template <typename T>
void SGM::run(DeviceView<const T, 2> left, DeviceView<const T, 2> right, Maps maps, Stream stream) const {
  check(!left.empty(), "SGM: the images are empty (", left.shape(), " pixels)");
  check(right.sizes() == left.sizes(), "SGM: left is ", left.shape(), ", right is ", right.shape(),
        " (height, width); they must be equal");
  // disparities that no pixel of this width can have are not searched
  const auto width = static_cast<int>(std::min<std::ptrdiff_t>(left.size(1), 1 << 30));
  const int first = std::max(options_.min_disparity, 1 - width);
  const int count = std::min(options_.max_disparity, width) - first;
  check(count > 0, "SGM: no pixel of an image ", width, " pixels wide has a match between min_disparity ",
        options_.min_disparity, " and max_disparity ", options_.max_disparity, " - 1; choose a range nearer to 0");
  const auto costs = [&](const CostVolume& volume, std::uint8_t* memory) {
    census_costs<T>(left, right, options_.census, first, volume, memory, stream);
  };
  match(left, first, count, costs, maps, stream);
}

template <typename T>
void SGM::match_costs(DeviceView<const std::uint8_t, 3> costs, DeviceView<const T, 2> left, Maps maps,
                      Stream stream) const {
  const int count = options_.max_disparity - options_.min_disparity;
  check(!left.empty(), "SGM: the images are empty (", left.shape(), " pixels)");
  check(costs.size(0) == left.size(0) && costs.size(1) == left.size(1) && costs.size(2) == count, "SGM: costs are ",
        costs.shape(), "; allowed is ", left.shape(), "x", count, ": height, width and max_disparity - min_disparity");
  const auto take = [&](const CostVolume& volume, std::uint8_t* memory) {
    given_costs(costs, 255 - options_.p2, volume, memory, stream);
  };
  match(left, options_.min_disparity, count, take, maps, stream);
}

#define GEOMVISION_SGM(T)                                                                                            \
  void SGM::operator()(DeviceView<const T, 2> left, DeviceView<const T, 2> right, DeviceView<float, 2> disparity,    \
                       DeviceView<float, 2> confidence, DeviceView<std::uint8_t, 2> occluded, Stream stream) const { \
    run<T>(left, right, {disparity, confidence, occluded}, stream);                                                  \
  }                                                                                                                  \
  void SGM::operator()(DeviceView<const std::uint8_t, 3> costs, DeviceView<const T, 2> left,                         \
                       DeviceView<float, 2> disparity, DeviceView<float, 2> confidence,                              \
                       DeviceView<std::uint8_t, 2> occluded, Stream stream) const {                                  \
    match_costs<T>(costs, left, {disparity, confidence, occluded}, stream);                                          \
  }                                                                                                                  \
  static_assert(true, "a semicolon follows")
GEOMVISION_SGM(std::uint8_t);
GEOMVISION_SGM(std::uint16_t);
GEOMVISION_SGM(float);
#undef GEOMVISION_SGM

}  // namespace geomvision::cuda

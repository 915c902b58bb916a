#include "device.hpp"
#include "geomvision/cuda/sgm_paths.hpp"
#ifdef GEOMVISION_CUDA_ON_HOST
#include "stereo/sgm_paths.cuh"
#endif

using namespace device;

namespace {

gv::ops::SGMPathsOptions options_of(int paths, int p1, int p2) {
  gv::ops::SGMPathsOptions options;
  options.paths = paths;
  options.p1 = p1;
  options.p2 = p2;
  options.num_threads = 1;
  return options;
}

template <typename T>
void compare(std::ptrdiff_t height, std::ptrdiff_t width, std::ptrdiff_t count, gv::ops::SGMPathsOptions options) {
  CAPTURE(width);
  CAPTURE(count);
  CAPTURE(options.paths);
  const auto pixels = static_cast<std::size_t>(height * width);
  Array<std::uint8_t, 3> costs(
      {height, width, count},
      random_values<std::uint8_t>(pixels * static_cast<std::size_t>(count), 0, 256 - options.p2, 1));
  Array<T, 2> guide({height, width}, random_values<T>(pixels, 0, 50, 2));
  Array<std::uint16_t, 3> sums({height, width, count});
  gv::ops::sgm_paths(costs.here(), sums.here(), options);
  gv::cuda::sgm_paths(costs.there(), sums.there(), options);
  CHECK(sums.fetched() == sums.host);
  const gv::ImageView<const T> image(guide.host.data(), static_cast<int>(width), static_cast<int>(height));
  gv::ops::sgm_paths<T>(costs.here(), image, sums.here(), options);
  gv::cuda::sgm_paths<T>(costs.there(), guide.there(), sums.there(), options);
  CHECK(sums.fetched() == sums.host);
}

}  // namespace

TEST_CASE_TEMPLATE("CUDA: sums of path costs are those of the CPU", T, std::uint8_t, std::uint16_t, float) {
  for (const int paths : {4, 5, 8, 16}) {
    compare<T>(7, 9, 21, options_of(paths, 24, 180));
    compare<T>(1, 3, 1, options_of(paths, 0, 255));
  }
}

TEST_CASE("CUDA: sums of path costs do not depend on the order of threads") {
  each_order([&] { compare<float>(3, 6, 70, options_of(16, 3, 90)); });
}

TEST_CASE("CUDA: sums of path costs of any number of disparities") {
  for (const int count : {64, 65, 128, 130, 300, 700, 2048}) {
    compare<std::uint8_t>(2, 3, count, options_of(count == 300 ? 16 : 8, 10, 100));
  }
  compare<float>(2, 100, 3, options_of(16, 7, 40));
  compare<float>(260, 1, 3, options_of(8, 7, 40));
}

TEST_CASE("CUDA: without penalties each path costs what its last pixel costs") {
  Array<std::uint8_t, 3> costs({4, 6, 5}, random_values<std::uint8_t>(120, 0, 256, 3));
  Array<std::uint16_t, 3> sums({4, 6, 5});
  gv::cuda::sgm_paths(costs.there(), sums.there(), options_of(8, 0, 0));
  const auto found = sums.fetched();
  for (std::size_t i = 0; i < found.size(); ++i) CHECK(found[i] == 8 * costs.host[i]);
}

#ifdef GEOMVISION_CUDA_ON_HOST
TEST_CASE("CUDA: directions one after the other give the same sums in less memory") {
  using namespace gv::cuda;
  const CostVolume volume{6, 11, 40, 48};
  const auto costs = random_values<std::uint8_t>(volume.bytes(), 0, 60, 4);
  std::vector<std::uint16_t> wanted;
  for (const std::size_t volumes : {17, 9, 6, 1}) {
    const std::size_t before = cuda_on_host::held_bytes();
    PathMemory memory("SGM", volume, 16, nullptr, volumes * volume.bytes());
    CHECK(cuda_on_host::held_bytes() - before == std::max(volumes, std::size_t{4}) * volume.bytes());
    std::copy(costs.begin(), costs.end(), memory.costs());
    const PathSums sums = memory.follow(path_steps(16), {5, 50, nullptr});
    std::vector<std::uint16_t> found;
    for (std::size_t word = 0; word < volume.bytes() / 4; ++word) {
      if (word % 12 >= 10) continue;  // no candidates
      const uint2 pairs = sums.at(static_cast<std::ptrdiff_t>(word));
      for (const unsigned pair : {pairs.x, pairs.y}) {
        found.push_back(static_cast<std::uint16_t>(pair));
        found.push_back(static_cast<std::uint16_t>(pair >> 16));
      }
    }
    if (wanted.empty()) wanted = found;
    CHECK(found == wanted);
  }
}
#endif

TEST_CASE("CUDA: sgm_paths says what it cannot do") {
  Array<std::uint8_t, 3> costs({2, 2, 3});
  Array<std::uint16_t, 3> sums({2, 2, 3}), others({2, 3, 3});
  Array<float, 2> guide({2, 3});
  CHECK_THROWS_AS(gv::cuda::sgm_paths(costs.there(), others.there()), std::invalid_argument);
  CHECK_THROWS_AS(gv::cuda::sgm_paths<float>(costs.there(), guide.there(), sums.there()), std::invalid_argument);
  CHECK_THROWS_AS(gv::cuda::sgm_paths(costs.there(), sums.there(), options_of(6, 1, 2)), std::invalid_argument);
#ifdef GEOMVISION_CUDA_ON_HOST
  const std::size_t before = cuda_on_host::memory_bytes;
  cuda_on_host::memory_bytes = cuda_on_host::held_bytes() + 100;
  CHECK_THROWS_WITH_AS(gv::cuda::sgm_paths(costs.there(), sums.there()),
                       "SGMPaths: path costs of 2x2 pixels with 3 disparities need 1 MiB of the device's memory: CUDA: "
                       "1 MB for intermediate results are not free on the device",
                       std::runtime_error);
  cuda_on_host::memory_bytes = before;
#endif
}

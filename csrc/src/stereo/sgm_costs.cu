#include <algorithm>

#include "geomvision/cuda/census.hpp"
#include "ops/hamming.cuh"
#include "stereo/lane_groups.cuh"
#include "stereo/sgm_costs.cuh"

namespace geomvision::cuda {
namespace {

constexpr int block = 256;

// The pixels of a row some of whose candidates lie outside the right image: those left of `first_part`, and those from
// `second_part` on.
struct Border {
  int first, count, width, pitch, bits, first_part, second_part;

  __host__ __device__ int pixels() const { return first_part + width - second_part; }
};

// A warp has a pixel.
__global__ void __launch_bounds__(block) mend(Border border, std::ptrdiff_t all, std::uint8_t* costs) {
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const std::ptrdiff_t index = static_cast<std::ptrdiff_t>(blockIdx.x) * (block / 32) + threadIdx.x / 32;
  if (index >= all) return;  // of a whole warp
  const auto y = static_cast<int>(index / border.pixels()), place = static_cast<int>(index % border.pixels());
  const int x = place < border.first_part ? place : border.second_part + place - border.first_part;
  const int column = x - border.first;  // of candidate 0
  const int begin = min(max(column - border.width + 1, 0), border.count);
  const int end = max(min(column + 1, border.count), begin);  // those inside
  costs += (static_cast<std::ptrdiff_t>(y) * border.width + x) * border.pitch;
  unsigned sum = 0;
  for (int i = begin + lane; i < end; i += 32) sum += costs[i];
  sum = total_of<32>(sum);
  auto neutral = static_cast<unsigned>(border.bits / 3);
  if (begin < end) neutral = min(neutral, sum / static_cast<unsigned>(end - begin));
  for (int i = lane; i < border.count; i += 32) {
    if (i < begin || i >= end) costs[i] = static_cast<std::uint8_t>(neutral);
  }
}

// A thread has four candidates.
__global__ void __launch_bounds__(block)
    take(Cells<const std::uint8_t, 3> given, unsigned most, int pitch, std::ptrdiff_t quads, unsigned* costs) {
  const std::ptrdiff_t index = static_cast<std::ptrdiff_t>(blockIdx.x) * block + threadIdx.x;
  if (index >= quads) return;
  const int of_pixel = pitch / 4, quad = static_cast<int>(index % of_pixel);
  const std::ptrdiff_t pixel = index / of_pixel;
  const auto* from = given.at(pixel / given.sizes[1], pixel % given.sizes[1]);
  unsigned four = 0;
  for (int j = 0; j < 4; ++j) {
    const int candidate = 4 * quad + j;
    four |= (candidate < given.sizes[2] ? min(static_cast<unsigned>(from[candidate]), most) : 255u) << 8 * j;
  }
  costs[index] = four;
}

}  // namespace

template <typename T>
void census_costs(DeviceView<const T, 2> left, DeviceView<const T, 2> right, const std::string& window, int first,
                  const CostVolume& volume, std::uint8_t* costs, Stream stream) {
  const int width = volume.width, radius_x = window == "5x5" ? 2 : (window == "7x7" ? 3 : 4);
  const int radius_y = window == "5x5" ? 2 : 3, bits = (2 * radius_x + 1) * (2 * radius_y + 1) - 1;
  const auto pixels = static_cast<std::size_t>(volume.pixels());
  StreamMemory<std::int64_t> words(2 * pixels, stream);
  const DeviceView<std::int64_t, 2> seen(words.data(), left.sizes()), met(words.data() + pixels, left.sizes());
  census_transform<T>(left, window, seen, stream);
  census_transform<T>(right, window, met, stream);
  distances(Cells<const std::int64_t, 2>(seen), Cells<const std::int64_t, 2>(met), first, volume.count, volume.pitch,
            costs, stream);
  Border border{first, volume.count, width, volume.pitch, bits, 0, 0};
  border.first_part = std::clamp(first + volume.count - 1, 0, width);
  border.second_part = std::clamp(width + first, border.first_part, width);
  const std::ptrdiff_t all = static_cast<std::ptrdiff_t>(border.pixels()) * volume.height;
  launch(mend, blocks(all, block / 32), block, 0, stream, border, all, costs);
}

void given_costs(DeviceView<const std::uint8_t, 3> given, int most, const CostVolume& volume, std::uint8_t* costs,
                 Stream stream) {
  const std::ptrdiff_t quads = volume.pixels() * (volume.pitch / 4);
  launch(take, blocks(quads, block), block, 0, stream, Cells<const std::uint8_t, 3>(given), static_cast<unsigned>(most),
         volume.pitch, quads, reinterpret_cast<unsigned*>(costs));
}

#define GEOMVISION_COSTS(T)                                                                              \
  template void census_costs<T>(DeviceView<const T, 2>, DeviceView<const T, 2>, const std::string&, int, \
                                const CostVolume&, std::uint8_t*, Stream)
GEOMVISION_COSTS(std::uint8_t);
GEOMVISION_COSTS(std::uint16_t);
GEOMVISION_COSTS(float);
#undef GEOMVISION_COSTS

}  // namespace geomvision::cuda

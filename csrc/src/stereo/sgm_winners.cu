#include <algorithm>
#include <cstdlib>

#include "geomvision/stereo/postprocess.hpp"
#include "kernels/sgm_winners.hpp"
#include "stereo/lane_groups.cuh"
#include "stereo/sgm_winners.cuh"

namespace geomvision::cuda {
namespace {

constexpr int block = 128;
constexpr unsigned nothing = ~0u;        // above every key
constexpr int no_winner = -32768;        // of a left pixel
constexpr unsigned no_second = 0xffffu;  // above every sum

using kernels::SGMFit;
using stereo::Agreement;

struct Choice {
  int height, width, first, count, of_pixel;  // words
  int uniqueness, run;                        // pixels that a group goes through
  SGMFit fit;
  Cells<float, 2> disparity, confidence;
  Cells<std::uint8_t, 2> seen;  // by the right view; zeros to begin with
  std::int16_t* left;           // winners
  unsigned* right;              // keys: sum << 16 | index
};

// Sums of a lane's words as keys.
template <int words>
__device__ __forceinline__ void take_sums(const PathSums& sums, std::ptrdiff_t word, unsigned (&keys)[4 * words]) {
  constexpr int at_once = 4;  // directions that are waited for together
  unsigned even[words] = {}, odd[words] = {};
  for (int k = 0; k < words && sums.before != nullptr; ++k) {
    const uint2 before = sums.before[word + k];
    even[k] = before.x, odd[k] = before.y;
  }
  for (int g = 0; g < sums.count; g += at_once) {
    unsigned four[at_once][words];
    for (int j = 0; j < at_once; ++j) {
      for (int k = 0; k < words; ++k) four[j][k] = 0;
      if (g + j < sums.count) load_words(sums.paths[g + j] + word, four[j]);
    }
    for (int j = 0; j < at_once; ++j) {
      for (int k = 0; k < words; ++k) {
        even[k] += four[j][k] & 0x00ff00ffu;
        odd[k] += four[j][k] >> 8 & 0x00ff00ffu;
      }
    }
  }
  for (int k = 0; k < words; ++k) {
    keys[4 * k] = even[k] << 16;
    keys[4 * k + 1] = odd[k] << 16;
    keys[4 * k + 2] = even[k] & 0xffff0000u;
    keys[4 * k + 3] = odd[k] & 0xffff0000u;
  }
}

// What left pixel x offers to the right pixel of its candidate in `place`.
__device__ __forceinline__ void offer(const Choice& to, int y, int x, int place, unsigned key) {
  const int match = x - to.first - place;
  if (key == nothing || match < 0 || match >= to.width) return;
  atomicMin(to.right + static_cast<std::ptrdiff_t>(y) * to.width + match, key);
}

// As the CPU's sgm_estimate: `beside` are the sums before and after the winner.
__device__ void estimate(const Choice& to, int y, int x, unsigned key, unsigned second, unsigned beside) {
  const int least = static_cast<int>(key >> 16), winner = static_cast<int>(key & 0xffffu);
  const int before = static_cast<int>(beside & 0xffffu), after = static_cast<int>(beside >> 16);
  const bool alone = second == no_second;
  const bool kept = alone || 100 * least < (100 - to.uniqueness) * static_cast<int>(second);
  const int divisor = to.fit == SGMFit::parabola ? before - 2 * least + after : max(before, after) - least;
  const bool fitted = to.fit != SGMFit::none && winner > 0 && winner < to.count - 1 && divisor != 0;
  const float offset = fitted ? static_cast<float>(before - after) / static_cast<float>(2 * divisor) : 0.0f;
  const float margin = alone ? 0.0f : static_cast<float>(static_cast<int>(second) - least) / static_cast<float>(second);
  const int found = to.first + winner;
  to.left[static_cast<std::ptrdiff_t>(y) * to.width + x] = static_cast<std::int16_t>(kept ? found : no_winner);
  *to.disparity.at(y, x) = kept ? static_cast<float>(found) + offset : __uint_as_float(0x7fc00000u);
  *to.confidence.at(y, x) = kept ? margin : 0.0f;
  *to.seen.at(y, x) = 0;
}

// A group of lanes goes through some pixels of a row. What they offer to a right pixel meets in one lane: from a left
// pixel to the next one the offers move up by a candidate, and leave after the last.
template <int lanes, int words>
__global__ void __launch_bounds__(block) choose(PathSums sums, Choice to) {
  constexpr int own = 4 * words;
  const int lane = static_cast<int>(threadIdx.x) % lanes, runs = (to.width + to.run - 1) / to.run;
  const std::ptrdiff_t group = static_cast<std::ptrdiff_t>(blockIdx.x) * (block / lanes) + threadIdx.x / lanes;
  const int y = static_cast<int>(group / runs), x0 = static_cast<int>(group % runs) * to.run;
  const std::ptrdiff_t row = static_cast<std::ptrdiff_t>(y) * to.width;
  const bool takes = lane * words < to.of_pixel;
  unsigned offers[own], held = nothing, held_second = no_second, held_beside = 0;
  for (int j = 0; j < own; ++j) offers[j] = nothing;
  for (int i = 0; i < to.run; ++i) {
    const int x = x0 + i;
    const bool inside = y < to.height && x < to.width;
    unsigned keys[own];
    for (int j = 0; j < own; ++j) keys[j] = 0;
    if (inside && takes) take_sums<words>(sums, (row + x) * to.of_pixel + lane * words, keys);
    unsigned least = nothing;
    for (int j = 0; j < own; ++j) {
      const int candidate = lane * own + j;
      keys[j] = inside && candidate < to.count ? keys[j] | static_cast<unsigned>(candidate) : nothing;
      least = min(least, keys[j]);
    }
    const unsigned moved = __shfl_up_sync(whole_warp, offers[own - 1], 1, lanes);
    if (lane == lanes - 1) offer(to, y, x - 1, lanes * own - 1, offers[own - 1]);
    for (int j = own - 1; j > 0; --j) offers[j] = min(offers[j - 1], keys[j]);
    offers[0] = min(lane > 0 ? moved : nothing, keys[0]);
    least = least_of<lanes>(least);
    const int winner = static_cast<int>(least & 0xffffu);
    unsigned second = no_second, beside = 0;
    for (int j = 0; j < own; ++j) {
      const int distance = lane * own + j - winner;
      const unsigned sum = keys[j] >> 16;
      if (distance < -1 || distance > 1) second = min(second, sum);
      if (distance == -1) beside += sum;
      if (distance == 1 && keys[j] != nothing) beside += sum << 16;
    }
    second = least_of<lanes>(second);
    beside = total_of<lanes>(beside);
    if (i % lanes == lane) held = least, held_second = second, held_beside = beside;
    if (i % lanes == lanes - 1 && held != nothing) {
      estimate(to, y, x - (lanes - 1) + lane, held, held_second, held_beside);
    }
  }
  for (int j = 0; j < own; ++j) offer(to, y, x0 + to.run - 1, lane * own + j, offers[j]);
}

// A thread has a right pixel: whom it points at is seen.
__global__ void __launch_bounds__(block) point(Choice from, std::ptrdiff_t pixels) {
  const std::ptrdiff_t pixel = static_cast<std::ptrdiff_t>(blockIdx.x) * block + threadIdx.x;
  if (pixel >= pixels || from.right[pixel] == nothing) return;
  const int y = static_cast<int>(pixel / from.width), x = static_cast<int>(pixel % from.width);
  const int partner = x + from.first + static_cast<int>(from.right[pixel] & 0xffffu);
  if (partner >= 0 && partner < from.width) *from.seen.at(y, partner) = 1;
}

// A thread has a left pixel, see stereo::left_right_check. A negative tolerance tolerates everything.
__global__ void __launch_bounds__(block) weigh(Choice from, int tolerance, std::ptrdiff_t pixels) {
  const std::ptrdiff_t pixel = static_cast<std::ptrdiff_t>(blockIdx.x) * block + threadIdx.x;
  if (pixel >= pixels) return;
  const int y = static_cast<int>(pixel / from.width), x = static_cast<int>(pixel % from.width);
  const std::ptrdiff_t row = pixel - x;
  const int winner = from.left[pixel], match = x - winner;
  std::uint8_t* told = from.seen.at(y, x);
  float* confidence = from.confidence.at(y, x);
  const bool seen = *told != 0;
  Agreement agreement = Agreement::agrees;
  if (winner == no_winner) {
    agreement = seen ? Agreement::unknown : Agreement::occluded;
  } else {
    bool failed = true;
    float weight = 0;
    if (match >= 0 && match < from.width) {
      const unsigned key = from.right[row + match];
      const int answer = from.first + static_cast<int>(key & 0xffffu), rival = match + answer;
      const int distance = abs(winner - answer);
      const bool taken = key != nothing && rival >= 0 && rival < from.width && from.left[row + rival] == answer;
      failed = taken && distance > tolerance;
      weight = key != nothing ? *confidence / static_cast<float>(1 + distance) : 0.0f;
    }
    *confidence = weight;
    if (failed) agreement = seen ? Agreement::mismatched : Agreement::occluded;
  }
  *told = tolerance < 0 ? 0 : static_cast<std::uint8_t>(agreement);
}

}  // namespace

void choose_winners(const PathSums& sums, const CostVolume& volume, int first, const stereo::SGMOptions& options,
                    DeviceView<float, 2> disparity, DeviceView<float, 2> confidence,
                    DeviceView<std::uint8_t, 2> agreement, Stream stream) {
  const std::ptrdiff_t pixels = volume.pixels();
  StreamMemory<std::int16_t> left(static_cast<std::size_t>(pixels), stream);
  StreamMemory<unsigned> right(static_cast<std::size_t>(pixels), stream);
  check_call(cudaMemsetAsync(right.data(), 0xff, static_cast<std::size_t>(pixels) * sizeof(unsigned), stream),
             "memory cannot be set");
  Choice to{};
  to.height = volume.height;
  to.width = volume.width;
  to.first = first;
  to.count = volume.count;
  to.of_pixel = volume.pitch / 4;
  to.uniqueness = options.uniqueness;
  // long runs offer seldom, but small images must keep all multiprocessors busy
  to.run = static_cast<int>(std::clamp<std::ptrdiff_t>(pixels / 8192 / 32, 1, 4)) * 32;
  to.fit = options.subpixel == "none" ? SGMFit::none
                                      : (options.subpixel == "parabola" ? SGMFit::parabola : SGMFit::equiangular);
  to.disparity = Cells<float, 2>(disparity);
  to.confidence = Cells<float, 2>(confidence);
  to.seen = Cells<std::uint8_t, 2>(agreement);
  to.left = left.data();
  to.right = right.data();
  const std::ptrdiff_t groups = static_cast<std::ptrdiff_t>((volume.width + to.run - 1) / to.run) * volume.height;
  with_group(volume.count, [&](auto lanes, auto words) {
    launch(choose<lanes(), words()>, blocks(groups, block / lanes()), block, 0, stream, sums, to);
  });
  launch(point, blocks(pixels, block), block, 0, stream, to, pixels);
  launch(weigh, blocks(pixels, block), block, 0, stream, to, options.left_right, pixels);
}

}  // namespace geomvision::cuda

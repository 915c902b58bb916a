#include <algorithm>
#include <cstdlib>

#include "kernels/sgm_guide.hpp"
#include "stereo/lane_groups.cuh"
#include "stereo/sgm_guide.hpp"
#include "stereo/sgm_paths.cuh"

// Path costs of all directions in one launch: a group of lanes follows a line of pixels, and has the path costs of the
// pixel before in registers (as libSGM does: Hernandez-Juarez et al., ICCS 2016). A word of four costs becomes two of
// 16-bit pairs, of the even and of the odd candidates: half of the neighbours then lie in the same lane and half.

namespace geomvision::cuda {
namespace {

constexpr int block = 128;
constexpr unsigned far_pair = 0x7fff7fffu;  // above all path costs, with room for a penalty

struct Lines {
  int dx, dy;
  unsigned end;  // the number of lines up to those of this direction
  unsigned* to;
};

struct Paths {
  const unsigned* costs;
  const std::uint16_t* guide;
  int height, width, pitch, p1, p2, directions;
  std::uint8_t jumps[256];
  Lines lines[most_paths];
};

// Where line `index` of a direction begins, and its pixels: lines begin in the first |dy| rows, and in the first |dx|
// columns of the others.
__host__ __device__ inline int begin_line(int dx, int dy, int width, int height, unsigned index, int& x, int& y) {
  const int across = dx < 0 ? -dx : dx, down = dy < 0 ? -dy : dy;
  const int rows = min(down, height), columns = min(across, width), line = static_cast<int>(index);
  const bool at_row = line < rows * width;
  const int rest = line - rows * width;
  y = at_row ? line / width : rows + rest / max(columns, 1);
  x = at_row ? line % width : rest % max(columns, 1);
  const int steps_x = across > 0 ? (width - 1 - x) / across : width + height;
  const int steps_y = down > 0 ? (height - 1 - y) / down : width + height;
  if (dx < 0) x = width - 1 - x;
  if (dy < 0) y = height - 1 - y;
  return min(steps_x, steps_y) + 1;
}

// One step (Hirschmueller 2008, eq. 13). `even` and `odd` are path costs less their smallest; those of the pixel come
// back in `costs`.
template <int lanes, int words>
__device__ __forceinline__ void advance(unsigned p1, unsigned jump, unsigned (&even)[words], unsigned (&odd)[words],
                                        unsigned (&costs)[words]) {
  const int lane = static_cast<int>(threadIdx.x) % lanes;
  unsigned below = __shfl_up_sync(whole_warp, odd[words - 1], 1, lanes);
  unsigned above = __shfl_down_sync(whole_warp, even[0], 1, lanes);
  if (lane == 0) below = far_pair;
  if (lane == lanes - 1) above = far_pair;
  unsigned least = far_pair;
  for (int k = 0; k < words; ++k) {
    const unsigned even_here = even[k], odd_here = odd[k],
                   next = k + 1 < words ? even[k + 1 < words ? k + 1 : 0] : above;
    const unsigned near_even = __vminu2(__byte_perm(below, odd_here, 0x5432), odd_here);
    const unsigned near_odd = __vminu2(even_here, __byte_perm(even_here, next, 0x5432));
    even[k] = (costs[k] & 0x00ff00ffu) + __vminu2(__vminu2(even_here, near_even + p1), jump);
    odd[k] = (costs[k] >> 8 & 0x00ff00ffu) + __vminu2(__vminu2(odd_here, near_odd + p1), jump);
    least = __vminu2(least, __vminu2(even[k], odd[k]));
    below = odd_here;
  }
  const unsigned smallest = least_of<lanes>(min(least & 0xffffu, least >> 16));
  for (int k = 0; k < words; ++k) {
    costs[k] = even[k] | odd[k] << 8;  // candidates that are none may pass a byte, and are last
    even[k] -= smallest * 0x10001u;
    odd[k] -= smallest * 0x10001u;
  }
}

// Nothing in the loop but the last store depends on where a line ends: lanes without candidates and lines that have
// come to their end read on where they are.
template <int lanes, int words, bool guided>
__global__ void __launch_bounds__(block) follow_lines(Paths paths) {
  __shared__ std::uint8_t jumps[256];
  for (int i = static_cast<int>(threadIdx.x); i < 256; i += block) jumps[i] = paths.jumps[i];
  __syncthreads();
  const unsigned group = blockIdx.x * (block / lanes) + threadIdx.x / lanes;
  const int lane = static_cast<int>(threadIdx.x) % lanes, of_pixel = paths.pitch / 4;
  int g = 0;
  while (g + 1 < paths.directions && group >= paths.lines[g].end) ++g;
  const Lines lines = paths.lines[g];
  int x = 0, y = 0, pixels = 0;
  if (group < lines.end) {
    const unsigned first = g > 0 ? paths.lines[g - 1].end : 0;
    pixels = begin_line(lines.dx, lines.dy, paths.width, paths.height, group - first, x, y);
  }
  const int longest = lanes < 32 ? max(pixels, __shfl_xor_sync(whole_warp, pixels, 16)) : pixels;
  const std::ptrdiff_t start = static_cast<std::ptrdiff_t>(y) * paths.width + x;
  const std::ptrdiff_t step = static_cast<std::ptrdiff_t>(lines.dy) * paths.width + lines.dx;
  const bool takes = lane * words < of_pixel;
  const std::ptrdiff_t place = start * of_pixel + (takes ? lane * words : 0), stride = step * of_pixel;
  const unsigned* from = paths.costs + place;
  unsigned* to = lines.to + place;
  const std::uint16_t* guide = guided ? paths.guide + start : nullptr;
  unsigned even[words], odd[words], costs[words], next[words];
  for (int k = 0; k < words; ++k) even[k] = odd[k] = 0;
  load_words(from, next);
  const auto p1 = static_cast<unsigned>(paths.p1) * 0x10001u;
  int guide_here = guided ? *guide : 0, guide_before = guide_here;
  for (int i = 0; i < longest; ++i) {
    for (int k = 0; k < words; ++k) costs[k] = takes ? next[k] : ~0u;
    const int change = min(abs(guide_here - guide_before), 255);
    const unsigned jump = guided ? jumps[change] : static_cast<unsigned>(paths.p2);
    const bool goes_on = i + 1 < pixels;
    from += goes_on ? stride : 0;
    load_words(from, next);
    if constexpr (guided) {
      guide += goes_on ? step : 0;
      guide_before = guide_here;
      guide_here = *guide;
    }
    advance<lanes, words>(p1, jump * 0x10001u, even, odd, costs);
    if (i < pixels && takes) store_words(to, costs);
    to += stride;
  }
}

// Sums of some directions; a thread has four candidates.
__global__ void __launch_bounds__(256) add_paths(PathSums sums, std::ptrdiff_t words, uint2* to) {
  const std::ptrdiff_t word = static_cast<std::ptrdiff_t>(blockIdx.x) * 256 + threadIdx.x;
  if (word < words) to[word] = sums.at(word);
}

unsigned lines_of(PathStep step, int width, int height) {
  const int across = std::min(std::abs(step.dx), width), down = std::min(std::abs(step.dy), height);
  return static_cast<unsigned>(down * width + (height - down) * across);
}

}  // namespace

std::vector<PathStep> path_steps(int paths) {
  std::vector<PathStep> steps{{1, 0}, {-1, 0}, {0, 1}};
  if (paths != 5) steps.push_back({0, -1});
  if (paths >= 5) steps.insert(steps.end(), {{1, 1}, {-1, 1}});
  if (paths >= 8) steps.insert(steps.end(), {{1, -1}, {-1, -1}});
  if (paths == 16) {
    for (const int dx : {-2, -1, 1, 2}) {
      for (const int side : {-1, 1}) steps.push_back({dx, side * (3 - std::abs(dx))});
    }
  }
  return steps;
}

// In volumes of path costs: the costs, and all directions, or some of them and sums of twice the size.
std::size_t PathMemory::volumes(const CostVolume& volume, int paths, std::size_t most, int& at_once) {
  const std::size_t held = most / std::max(volume.bytes(), std::size_t{1});
  const auto all = static_cast<std::size_t>(paths);
  at_once = held >= all + 1 ? paths : static_cast<int>(std::clamp(held, std::size_t{4}, all + 2) - 3);
  return static_cast<std::size_t>(at_once) + (at_once == paths ? 1 : 3);
}

PathMemory::PathMemory(const char* owner, const CostVolume& volume, int paths, Stream stream, std::size_t most) try
    : volume_(volume), stream_(stream), memory_(volumes(volume, paths, most, at_once_) * volume.bytes(), stream) {
} catch (const std::runtime_error& error) {
  int at_once = 0;
  const std::size_t bytes = volumes(volume, paths, most, at_once) * volume.bytes();
  throw std::runtime_error(std::string(owner) + ": path costs of " + std::to_string(volume.width) + "x" +
                           std::to_string(volume.height) + " pixels with " + std::to_string(volume.count) +
                           " disparities need " + std::to_string((bytes + (1 << 20) - 1) >> 20) +
                           " MiB of the device's memory: " + error.what());
}

PathSums PathMemory::follow(const std::vector<PathStep>& steps, const PathPenalties& penalties) {
  const std::ptrdiff_t words = static_cast<std::ptrdiff_t>(volume_.bytes() / 4);
  auto* memory = reinterpret_cast<unsigned*>(memory_.data());
  auto* summed = reinterpret_cast<uint2*>(memory + words * (at_once_ + 1));
  const kernels::SGMJumps jumps(penalties.p1, penalties.p2, stereo::SGMGuide::usual_change);
  Paths paths{memory, penalties.guide, volume_.height, volume_.width, volume_.pitch, penalties.p1, penalties.p2, 0, {},
              {}};
  std::copy_n(jumps.of_change, 256, paths.jumps);
  PathSums sums{};
  for (std::size_t done = 0; done < steps.size(); done += static_cast<std::size_t>(at_once_)) {
    if (done > 0) {
      launch(add_paths, blocks(words, 256), 256, 0, stream_, sums, words, summed);
      sums.before = summed;
    }
    sums.count = paths.directions = static_cast<int>(std::min<std::size_t>(at_once_, steps.size() - done));
    unsigned lines = 0;
    for (int g = 0; g < sums.count; ++g) {
      const PathStep step = steps[done + static_cast<std::size_t>(g)];
      lines += lines_of(step, volume_.width, volume_.height);
      unsigned* to = memory + words * (g + 1);
      paths.lines[g] = {step.dx, step.dy, lines, to};
      sums.paths[g] = to;
    }
    with_group(volume_.count, [&](auto lanes, auto in_lane) {
      const dim3 grid = blocks(lines, block / lanes());
      if (penalties.guide != nullptr) {
        launch(follow_lines<lanes(), in_lane(), true>, grid, block, 0, stream_, paths);
      } else {
        launch(follow_lines<lanes(), in_lane(), false>, grid, block, 0, stream_, paths);
      }
    });
  }
  return sums;
}

}  // namespace geomvision::cuda

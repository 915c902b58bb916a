#pragma once

#include <cstdint>
#include <vector>

#include "stereo/sgm_costs.cuh"

namespace geomvision::cuda {

/// Penalties along paths. Without a guide p2 is the same everywhere.
struct PathPenalties {
  int p1, p2;
  const std::uint16_t* guide;
};

/// Where a path goes in one step.
struct PathStep {
  int dx, dy;
};

/// 4, 5, 8 or 16 of them.
std::vector<PathStep> path_steps(int paths);

constexpr int most_paths = 16;

/// Path costs of some directions, volumes like that of the costs, and what has been summed before: of each word of
/// four candidates the sums of the even ones, then of the odd ones, 16 bits each. Null: nothing.
struct PathSums {
  const unsigned* paths[most_paths];
  int count;
  const uint2* before;

  /// The sums of a word's even and odd candidates.
  __device__ uint2 at(std::ptrdiff_t word) const {
    uint2 sums = before != nullptr ? before[word] : make_uint2(0, 0);
    for (int g = 0; g < count; ++g) {
      const unsigned four = paths[g][word];
      sums.x += four & 0x00ff00ffu;
      sums.y += four >> 8 & 0x00ff00ffu;
    }
    return sums;
  }
};

/// Memory for path costs of `paths` directions: all of them at once where they and the costs take at most
/// `path_bytes`, else so many at a time, and sums of those before.
constexpr std::size_t path_bytes = std::size_t{4} << 30;
class PathMemory {
 public:
  /// Throws std::runtime_error, saying how much is needed, where the device does not have it.
  PathMemory(const char* owner, const CostVolume& volume, int paths, Stream stream, std::size_t most = path_bytes);
  std::uint8_t* costs() const { return memory_.data(); }

  /// Follow the paths through the costs: their sums, which stay here.
  PathSums follow(const std::vector<PathStep>& steps, const PathPenalties& penalties);

 private:
  static std::size_t volumes(const CostVolume& volume, int paths, std::size_t most, int& at_once);

  CostVolume volume_;
  Stream stream_;
  int at_once_ = 0;
  StreamMemory<std::uint8_t> memory_;
};

}  // namespace geomvision::cuda

#pragma once

#include "stereo/window_search.cuh"

// What the costs of a strip's row say: warps look at those of a pixel, threads at those of a right pixel, which lie on
// a diagonal.
namespace geomvision::cuda::windows {

constexpr int strip = 32;  // pixels

template <typename T>
__device__ T smallest_of_warp(T value) {
  for (int by = warpSize / 2; by > 0; by /= 2) value = min(value, __shfl_xor_sync(0xffffffffu, value, by));
  return value;
}

__device__ inline unsigned smallest_of_warp(unsigned value) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  return __reduce_min_sync(0xffffffffu, value);
#else
  for (int by = warpSize / 2; by > 0; by /= 2) value = min(value, __shfl_xor_sync(0xffffffffu, value, by));
  return value;
#endif
}

/// The costs of a strip's row as they are kept, pixel by pixel: two of 16 bits, so many threads apart, or one.
template <int together>
struct Kept {
  using Key = unsigned;
  static constexpr int bits = 16;
  static constexpr unsigned none = 65535;
  unsigned* words;
  int threads;

  __device__ unsigned cost(int pixel, int k) const {
    const bool far = k >= threads;
    return words[pixel * threads + (far ? k - threads : k)] >> (far ? 16 : 0) & 0xffffu;
  }
};

template <>
struct Kept<1> {
  using Key = unsigned long long;
  static constexpr int bits = 32;
  static constexpr unsigned none = static_cast<unsigned>(no_cost);
  unsigned* words;
  int threads;

  __device__ unsigned cost(int pixel, int k) const { return words[pixel * threads + k]; }
};

template <int together>
class Strip {
 public:
  using Costs = Kept<together>;
  using Key = typename Costs::Key;

  /// The strip from pixel x0 on, and candidates from `base` on.
  __device__ Strip(const Costs& kept, const Search& search, const Found& found, int x0, int base)
      : kept_(kept), search_(search), found_(found), x0_(x0), base_(base), candidates_(together * kept.threads) {}

  /// A pixel's winner, by a warp. Each lane knows its two smallest costs: where the smallest is beside the winner the
  /// second stands for it, as a lane's candidates lie further apart than that.
  __device__ void look_left(int y, int pixel) const {
    const int lane = static_cast<int>(threadIdx.x) % warpSize;
    Key least = key(Costs::none, 0);
    unsigned other = Costs::none;
    for (int k = lane; k < candidates_; k += warpSize) {
      const unsigned cost = kept_.cost(pixel, k);
      const Key here = key(cost, k);
      const bool better = here < least;
      other = min(other, better ? cost_of(least) : cost);
      least = better ? here : least;
    }
    const Key best = smallest_of_warp(least);
    const int winner = place_of(best), place = place_of(least);
    const bool beside = place >= winner - 1 && place <= winner + 1;
    const unsigned second = smallest_of_warp(beside ? other : cost_of(least));
    const std::int64_t at =
        (static_cast<std::int64_t>(base_ / found_.chunk) * search_.height + y) * search_.width + x0_ + pixel;
    if (lane == 0) {
      found_.place[at] = winner;
      found_.least[at] = given(cost_of(best));
      found_.second[at] = given(second);
      found_.before[at] = winner > 0 ? given(kept_.cost(pixel, winner - 1)) : no_cost;
      found_.after[at] = winner + 1 < candidates_ ? given(kept_.cost(pixel, winner + 1)) : no_cost;
    }
    if (found_.chunks == 1) return;
    const unsigned but_first = smallest_of_warp(place == 0 ? other : cost_of(least));
    const unsigned but_last = smallest_of_warp(place == candidates_ - 1 ? other : cost_of(least));
    if (lane != 0) return;
    found_.first[at] = given(kept_.cost(pixel, 0));
    found_.last[at] = given(kept_.cost(pixel, candidates_ - 1));
    found_.without_first[at] = given(but_first);
    found_.without_last[at] = given(but_last);
  }

  /// Offer the costs to right pixels: the i-th of those that any candidate meets.
  __device__ void look_right(int y, int i) const {
    const int to = x0_ - search_.first - base_ - (candidates_ - 1) + i;
    if (to < 0 || to >= search_.width) return;
    Key best = key(Costs::none, 0);
    const int end = min(strip - 1, i);
    for (int pixel = max(0, i - (candidates_ - 1)); pixel <= end; ++pixel) {
      const int k = pixel + candidates_ - 1 - i;
      best = min(best, key(kept_.cost(pixel, k), k));
    }
    if (cost_of(best) == Costs::none) return;
    const auto offered =
        static_cast<unsigned long long>(cost_of(best)) << 32 | static_cast<unsigned>(base_ + place_of(best));
    atomicMin(found_.right + static_cast<std::int64_t>(y) * search_.width + to, offered);
  }

 private:
  __device__ static Key key(unsigned cost, int k) {
    return static_cast<Key>(cost) << Costs::bits | static_cast<unsigned>(k);
  }
  __device__ static unsigned cost_of(Key key) { return static_cast<unsigned>(key >> Costs::bits); }
  __device__ static int place_of(Key key) { return static_cast<int>(key & ((Key(1) << Costs::bits) - 1)); }
  __device__ static std::int32_t given(unsigned cost) {
    return cost == Costs::none ? no_cost : static_cast<std::int32_t>(cost);
  }

  const Costs kept_;
  const Search& search_;
  const Found& found_;
  const int x0_, base_, candidates_;
};

}  // namespace geomvision::cuda::windows

#pragma once

#include "stereo/window_search.cuh"

// A block goes down a strip of pixels with a chunk of candidates. A thread has a candidate, or two, and goes along each
// row: the sums of the strip's columns, in shared memory, take in the row that enters the windows and give back the one
// that leaves them; a window is a running sum of them. Then warps look at the costs of a pixel, and threads at those of
// a right pixel, which lie on a diagonal.
namespace geomvision::cuda::windows {

constexpr int strip = 32, most_threads = 256;

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

/// `Costs` has terms of left and right pixels, Left and Right, in sums of Sum; `together` candidates at once, of which
/// the second lies as many right pixels further on as the block has threads.
template <typename Costs>
__global__ void __launch_bounds__(most_threads) sweep(Costs costs, Search search, int rows, Found found) {
  using Left = typename Costs::Left;
  using Right = typename Costs::Right;
  using Sum = typename Costs::Sum;
  constexpr int together = Costs::together;
  const int threads = static_cast<int>(blockDim.x), t = static_cast<int>(threadIdx.x);
  const int width = search.width, height = search.height, radius = search.radius;
  const int columns = strip + 2 * radius, span = columns + threads - 1;
  const int strips = (width + strip - 1) / strip, pieces = (height + rows - 1) / rows;
  const int block = static_cast<int>(blockIdx.x), piece = block / strips % pieces;
  const int x0 = block % strips * strip, y0 = piece * rows, base = block / strips / pieces * found.chunk;
  Sum* sums = shared<Sum>();
  auto* words = reinterpret_cast<unsigned*>(sums + columns * threads);
  auto* right_in = reinterpret_cast<Right*>(words + strip * threads);
  Right* right_out = right_in + span;
  auto* left_in = reinterpret_cast<Left*>(right_out + span);
  Left* left_out = left_in + columns;
  const Strip<together> found_here({words, threads}, search, found, x0, base);
  costs.begin();

  const auto stage = [&](int y, Left* left, Right* right) {
    const int row = min(max(y, 0), height - 1), leftmost = x0 - radius - (threads - 1) - (search.first + base);
    for (int i = t; i < columns; i += threads) left[i] = costs.left(row, min(max(x0 - radius + i, 0), width - 1));
    for (int i = t; i < span; i += threads) right[i] = costs.right(row, leftmost + i, threads);
  };
  const int met = threads - 1 - t;  // what the thread's candidate of column i has: right[i + met]
  for (int i = 0; i < columns; ++i) sums[i * threads + t] = 0;
  for (int y = y0 - radius; y < y0 + radius; ++y) {
    stage(y, left_in, right_in);
    __syncthreads();
    for (int i = 0; i < columns; ++i) sums[i * threads + t] += Costs::term(left_in[i], right_in[i + met]);
    __syncthreads();
  }
  for (int y = y0; y < min(height, y0 + rows); ++y) {
    const bool leaves = y > y0;
    stage(y + radius, left_in, right_in);
    if (leaves) stage(y - radius - 1, left_out, right_out);
    __syncthreads();
    const auto move = [&](int i) {
      Sum sum = sums[i * threads + t] + Costs::term(left_in[i], right_in[i + met]);
      if (leaves) sum -= Costs::term(left_out[i], right_out[i + met]);
      sums[i * threads + t] = sum;
      return sum;
    };
    Sum window = 0;
    for (int i = 0; i < 2 * radius; ++i) window += move(i);
    for (int pixel = 0; pixel < strip; ++pixel) {
      window += move(pixel + 2 * radius);
      const int x = x0 + pixel, k = base + t, to = x - search.first - k;
      const auto is_candidate = [&](int place, int column) {
        return x < width && place < search.count && column >= 0 && column < width;
      };
      const bool there = is_candidate(k, to);
      if constexpr (together == 2) {
        const unsigned none = (there ? 0u : 0xffffu) | (is_candidate(k + threads, to - threads) ? 0u : 0xffff0000u);
        words[pixel * threads + t] = window | none;
      } else {
        words[pixel * threads + t] = static_cast<unsigned>(there ? costs.cost(window, y, x, to) : no_cost);
      }
      window -= sums[pixel * threads + t];
    }
    __syncthreads();
    for (int pixel = t / warpSize; pixel < strip && x0 + pixel < width; pixel += threads / warpSize) {
      found_here.look_left(y, pixel);
    }
    for (int i = t; i < together * threads + strip - 1; i += threads) found_here.look_right(y, i);
  }
}

}  // namespace geomvision::cuda::windows

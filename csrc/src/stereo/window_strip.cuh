#pragma once

#include "stereo/window_search.cuh"

// What the costs of a strip's row say. They lie in shared memory, pixel by pixel, so that neither threads that have a
// pixel each nor such that have a diagonal each, which is what right pixels are, ask the same bank.
namespace geomvision::cuda::windows {

constexpr int strip = 32, most_threads = 256;  // pixels of a strip; one candidate or two each

/// Two costs of 16 bits in a word, the second's candidate as much further on as there are threads.
struct TwoCosts {
  using Key = unsigned;
  static constexpr int bits = 16;
  static constexpr unsigned none = 65535;

  __device__ static Key key(unsigned word, int place) { return word << 16 | static_cast<unsigned>(place); }
  __device__ static Key second_key(unsigned word, int place) {
    return (word & 0xffff0000u) | static_cast<unsigned>(place);
  }
  __device__ static unsigned cost(unsigned word, bool second) { return second ? word >> 16 : word & 0xffffu; }
  __device__ static unsigned without(unsigned word, bool second) { return word | (second ? 0xffff0000u : 0xffffu); }
  __device__ static unsigned smaller(unsigned a, unsigned b) { return __vminu2(a, b); }
  __device__ static unsigned least(unsigned word) { return min(word & 0xffffu, word >> 16); }
};

/// One cost in a word.
struct OneCost {
  using Key = unsigned long long;
  static constexpr int bits = 32;
  static constexpr unsigned none = static_cast<unsigned>(no_cost);

  __device__ static Key key(unsigned word, int place) {
    return static_cast<Key>(word) << 32 | static_cast<unsigned>(place);
  }
  __device__ static Key second_key(unsigned, int) { return static_cast<Key>(none) << 32; }
  __device__ static unsigned cost(unsigned word, bool) { return word; }
  __device__ static unsigned without(unsigned, bool) { return none; }
  __device__ static unsigned smaller(unsigned a, unsigned b) { return min(a, b); }
  __device__ static unsigned least(unsigned word) { return word; }
};

/// Words from one pixel to the next.
__host__ __device__ constexpr int pitch_of(int threads) { return threads + 1; }

template <int together>
class Strip {
 public:
  using Costs = std::conditional_t<together == 2, TwoCosts, OneCost>;
  using Key = typename Costs::Key;

  /// The strip from pixel x0 on, and candidates from `base` on.
  __device__ Strip(unsigned* words, int threads, const Search& search, const Found& found, int x0, int base)
      : words_(words), threads_(threads), search_(search), found_(found), x0_(x0), base_(base) {}

  /// The winners of the strip's pixels. A thread has a part of a pixel's words; those of the winner and its neighbours
  /// are taken out once the winner is known, then the least of the others is the second.
  __device__ void look_left(int y) const {
    __shared__ Key bests[most_threads / strip][strip];
    __shared__ unsigned rivals[most_threads / strip][strip];
    const int t = static_cast<int>(threadIdx.x), pixel = t % strip, part = t / strip, parts = threads_ / strip;
    unsigned* own = at(pixel, part * strip);
    Key best = nothing();
    for (int i = 0; i < strip; ++i) {
      const int place = part * strip + i;
      best = min(best, Costs::key(own[i], place));
      if (together == 2) best = min(best, Costs::second_key(own[i], place + threads_));
    }
    bests[part][pixel] = best;
    __syncthreads();
    for (int i = 0; i < parts; ++i) best = min(best, bests[i][pixel]);
    const int winner = place_of(best), last = together * threads_ - 1;
    const std::int32_t before = winner > 0 ? cost(pixel, winner - 1) : no_cost;
    const std::int32_t after = winner < last ? cost(pixel, winner + 1) : no_cost;
    const std::int32_t at_first = cost(pixel, 0), at_last = cost(pixel, last);
    __syncthreads();
    for (int k = max(0, winner - 1); k <= min(last, winner + 1); ++k) {
      const bool second = k >= threads_;
      const int i = (second ? k - threads_ : k) - part * strip;
      if (i >= 0 && i < strip) own[i] = Costs::without(own[i], second);
    }
    unsigned rival = ~0u;
    for (int i = 0; i < strip; ++i) rival = Costs::smaller(rival, own[i]);
    rivals[part][pixel] = Costs::least(rival);
    __syncthreads();
    if (part > 0 || x0_ + pixel >= search_.width) return;
    unsigned least_rival = Costs::none;
    for (int i = 0; i < parts; ++i) least_rival = min(least_rival, rivals[i][pixel]);
    const std::int64_t row = static_cast<std::int64_t>(base_ / found_.chunk) * search_.height + y;
    const std::int64_t to = row * search_.width + x0_ + pixel;
    const std::int32_t least = given(cost_of(best)), second = given(least_rival);
    found_.place[to] = winner;
    found_.least[to] = least;
    found_.second[to] = second;
    found_.before[to] = before;
    found_.after[to] = after;
    if (found_.chunks == 1) return;
    found_.first[to] = at_first;
    found_.last[to] = at_last;
    found_.without_first[to] = winner == 0 ? min(second, after) : least;
    found_.without_last[to] = winner == last ? min(second, before) : least;
  }

  /// Offer the costs to right pixels, a diagonal each thread.
  __device__ void look_right(int y) const {
    for (int i = static_cast<int>(threadIdx.x); i < threads_ + strip - 1; i += threads_) {
      Key best = nothing(), second = nothing();
      const int end = min(strip - 1, i);
      for (int pixel = max(0, i - (threads_ - 1)); pixel <= end; ++pixel) {
        const int place = pixel + threads_ - 1 - i;
        const unsigned word = *at(pixel, place);
        best = min(best, Costs::key(word, place));
        if (together == 2) second = min(second, Costs::second_key(word, place + threads_));
      }
      const int to = x0_ - search_.first - base_ - (threads_ - 1) + i;
      offer(y, to, best);
      if (together == 2) offer(y, to - threads_, second);
    }
  }

 private:
  __device__ unsigned* at(int pixel, int word) const { return words_ + pixel * pitch_of(threads_) + word; }
  __device__ std::int32_t cost(int pixel, int k) const {
    const bool second = k >= threads_;
    return given(Costs::cost(*at(pixel, second ? k - threads_ : k), second));
  }
  __device__ void offer(int y, int to, Key key) const {
    if (cost_of(key) == Costs::none || to < 0 || to >= search_.width) return;
    const auto place = static_cast<unsigned>(base_ + place_of(key));
    atomicMin(found_.right + static_cast<std::int64_t>(y) * search_.width + to,
              static_cast<unsigned long long>(cost_of(key)) << 32 | place);
  }
  __device__ static Key nothing() { return static_cast<Key>(Costs::none) << Costs::bits; }
  __device__ static unsigned cost_of(Key key) { return static_cast<unsigned>(key >> Costs::bits); }
  __device__ static int place_of(Key key) { return static_cast<int>(key & ((Key(1) << Costs::bits) - 1)); }
  __device__ static std::int32_t given(unsigned cost) {
    return cost == Costs::none ? no_cost : static_cast<std::int32_t>(cost);
  }

  unsigned* const words_;
  const int threads_;
  const Search& search_;
  const Found& found_;
  const int x0_, base_;
};

}  // namespace geomvision::cuda::windows

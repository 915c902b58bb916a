#pragma once

#include "stereo/window_strip.cuh"

// A block goes down a strip of pixels with a chunk of candidates. A thread has a candidate, or two, and goes along each
// row: the sums of the strip's columns, in shared memory, take in the row that enters the windows and give back the one
// that leaves them; a window is a running sum of them.
namespace geomvision::cuda::windows {

constexpr int most_threads = 256;

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

#pragma once

#include "stereo/window_strip.cuh"

// A block goes down a strip of pixels with a chunk of candidates. A thread has a candidate, or two, and goes along each
// row: the sums of the strip's columns, in shared memory, take in the row that enters the windows and give back the one
// that leaves them; a window is a running sum of them.
namespace geomvision::cuda::windows {

/// `Costs` has terms of left and right pixels, Left and Right, in sums of Sum; `together` candidates at once, of which
/// the second lies as many right pixels further on as the block has threads.
template <typename Costs>
__global__ void __launch_bounds__(most_threads, 3) sweep(Costs costs, Search search, int rows, Found found) {
  using Left = typename Costs::Left;
  using Right = typename Costs::Right;
  using Sum = typename Costs::Sum;
  constexpr int together = Costs::together, ahead = 4;
  const int threads = static_cast<int>(blockDim.x), t = static_cast<int>(threadIdx.x), pitch = pitch_of(threads);
  const int width = search.width, height = search.height, radius = search.radius;
  const int columns = strip + 2 * radius, span = columns + threads - 1;
  const int strips = (width + strip - 1) / strip, pieces = (height + rows - 1) / rows;
  const int block = static_cast<int>(blockIdx.x), piece = block / strips % pieces;
  const int x0 = block % strips * strip, y0 = piece * rows, base = block / strips / pieces * found.chunk;
  Sum* sums = shared<Sum>();
  auto* right_in = reinterpret_cast<Right*>(sums + columns * threads);
  Right* right_out = right_in + span;
  auto* left_in = reinterpret_cast<Left*>(right_out + span);
  Left* left_out = left_in + columns;
  auto* words = reinterpret_cast<unsigned*>(left_out + columns);
  const Strip<together> costs_of_row(words, threads, search, found, x0, base);
  costs.begin();

  const auto stage = [&](int y, Left* left, Right* right) {
    const int row = min(max(y, 0), height - 1), leftmost = x0 - radius - (threads - 1) - (search.first + base);
    const auto *seen = costs.left_plane.at(row), *there = costs.right_plane.at(row);
    const auto near = [width](int x) { return min(max(x, 0), width - 1); };
    for (int i = t; i < columns; i += threads) left[i] = Costs::left(seen[near(x0 - radius + i)]);
    for (int i = t; i < span; i += threads) {
      right[i] = Costs::right(there[near(leftmost + i)], there[near(leftmost + i - threads)]);
    }
  };
  const int met = threads - 1 - t;  // column i meets right[i + met]
  // The sums of some columns from i on; what is read does not wait for what is written.
  const auto move = [&](int i, bool enters, bool leaves, auto& moved) {
    constexpr int some = static_cast<int>(sizeof(moved) / sizeof(Sum));
    Left left[some];
    Right right[some];
    for (int j = 0; j < some; ++j) {
      moved[j] = enters ? sums[(i + j) * threads + t] : 0;
      left[j] = left_in[i + j];
      right[j] = right_in[i + j + met];
    }
    for (int j = 0; j < some; ++j) moved[j] += Costs::term(left[j], right[j]);
    if (leaves) {
      for (int j = 0; j < some; ++j) {
        left[j] = left_out[i + j];
        right[j] = right_out[i + j + met];
      }
      for (int j = 0; j < some; ++j) moved[j] -= Costs::term(left[j], right[j]);
    }
    for (int j = 0; j < some; ++j) sums[(i + j) * threads + t] = moved[j];
  };
  for (int y = y0 - radius; y < y0 + radius; ++y) {
    stage(y, left_in, right_in);
    __syncthreads();
    for (int i = 0; i < columns; i += 2) {
      Sum moved[2];
      move(i, y > y0 - radius, false, moved);
    }
    __syncthreads();
  }

  // Whether all of the strip's candidates are some.
  const int nearest = x0 - search.first - base, farthest = nearest - (together * threads - 1);
  const bool inside =
      base + together * threads <= search.count && farthest >= 0 && nearest + strip <= width && x0 + strip <= width;
  for (int y = y0; y < min(height, y0 + rows); ++y) {
    const bool enters = radius > 0 || y > y0, leaves = y > y0;
    stage(y + radius, left_in, right_in);
    if (leaves) stage(y - radius - 1, left_out, right_out);
    __syncthreads();
    Sum window = 0;
    for (int i = 0; i < 2 * radius; i += 2) {
      Sum moved[2];
      move(i, enters, leaves, moved);
      window += moved[0] + moved[1];
    }
    for (int pixel = 0; pixel < strip; pixel += ahead) {
      Sum moved[ahead], left_behind[ahead];
      move(pixel + 2 * radius, enters, leaves, moved);
      for (int j = 0; j < ahead; ++j) left_behind[j] = sums[(pixel + j) * threads + t];
      for (int j = 0; j < ahead; ++j) {
        window += moved[j];
        const int x = x0 + pixel + j, k = base + t, to = x - search.first - k;
        const auto is_candidate = [&](int place, int column) {
          return inside || (x < width && place < search.count && column >= 0 && column < width);
        };
        const bool there = is_candidate(k, to);
        if constexpr (together == 2) {
          const unsigned none = (there ? 0u : 0xffffu) | (is_candidate(k + threads, to - threads) ? 0u : 0xffff0000u);
          words[(pixel + j) * pitch + t] = window | none;
        } else {
          words[(pixel + j) * pitch + t] = static_cast<unsigned>(there ? costs.cost(window, y, x, to) : no_cost);
        }
        window -= left_behind[j];
      }
    }
    __syncthreads();
    costs_of_row.look_right(y);
    costs_of_row.look_left(y);
  }
}

}  // namespace geomvision::cuda::windows

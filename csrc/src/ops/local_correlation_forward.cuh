#pragma once

#include "ops/local_correlation_tiles.cuh"

namespace geomvision::cuda::local {

// Channels come in groups, of which the next ones are on their way while one is multiplied. The threads of a run of
// columns go through the rows, and the displacements of each: 8 of them read right rows that begin in banks of their
// own, and often one left row, which is sent to all at once. Blocks are small, so that small images have enough of
// them.
constexpr int group = 4, stages = 3, forward_threads = 128;
template <int radius>
struct Forward {
  static constexpr int side = 2 * radius + 1, wide = 16, met_wide = wide + 2 * halo;
  static constexpr int run_threads = forward_threads / (wide / run);
  static constexpr int tall = run_threads / side < 8 ? run_threads / side : 8, met_tall = tall + 2 * halo;
  static constexpr int left_pitch = wide + 4, right_pitch = met_wide + 4;
  static constexpr int left_size = tall * left_pitch, right_size = met_tall * right_pitch;
  static constexpr int stage_size = group * (left_size + right_size);
  static constexpr std::size_t bytes = stages * stage_size * sizeof(float);
  static constexpr int left_fours = tall * wide / 4, fours = left_fours + met_tall * met_wide / 4;
  static_assert(fours <= forward_threads && right_pitch % 8 == 4);
};

template <int radius>
__global__ void __launch_bounds__(forward_threads, 4)
    correlate_tiles(Tiles tiles, Cells<const float, 4> left, Cells<const float, 4> right, Cells<float, 4> out) {
  using Plan = Forward<radius>;
  constexpr int side = Plan::side, left_fours = Plan::left_fours, wide = Plan::wide, met_wide = Plan::met_wide;
  constexpr int left_pitch = Plan::left_pitch, right_pitch = Plan::right_pitch;
  float* memory = shared<float>();
  const int thread = static_cast<int>(threadIdx.x);
  int b = 0, y0 = 0, x0 = 0;
  tiles.place(static_cast<int>(blockIdx.x), b, y0, x0);

  // The last threads of a run may have no pixels, and work on the first ones.
  const bool idle = thread % Plan::run_threads >= side * Plan::tall;
  const int x = thread / Plan::run_threads * run, row_number = idle ? 0 : thread % Plan::run_threads;
  const int j = row_number % side, y = row_number / side;

  const bool of_left = thread < left_fours;
  const int at = of_left ? thread : thread - left_fours;
  const int row = of_left ? at / (wide / 4) : at / (met_wide / 4);
  const int column = 4 * (of_left ? at % (wide / 4) : at % (met_wide / 4));
  const Four mine =
      of_left ? Four(left, b, y0 + row, x0 + column) : Four(right, b, y0 + row - halo, x0 + column - halo);
  const int place = of_left ? row * left_pitch + column : group * Plan::left_size + row * right_pitch + column;
  const int step = of_left ? Plan::left_size : Plan::right_size;
  const auto bring = [&](int g) {
    float* to = memory + g % stages * Plan::stage_size + place;
    if (thread < Plan::fours) mine.bring<group>(to, step, g * group, tiles.aligned);
  };

  float sums[side][run] = {};
  const int groups = (left.sizes[1] + group - 1) / group;
  for (int g = 0; g < stages - 1; ++g) {
    if (g < groups) bring(g);
    end_copy_group();
  }
  for (int g = 0; g < groups; ++g) {
    wait_for_copies<stages - 2>();
    __syncthreads();
    if (g + stages - 1 < groups) bring(g + stages - 1);
    end_copy_group();
    const float* lefts = memory + g % stages * Plan::stage_size + y * left_pitch + x;
    const float* rights =
        memory + g % stages * Plan::stage_size + group * Plan::left_size + (y + j + halo - radius) * right_pitch + x;
    for (int c = 0; c < group; ++c) {
      float a[run], met[met_run];
      load(a, lefts + c * Plan::left_size);
      load(met, rights + c * Plan::right_size);
      for (int i = 0; i < side; ++i) {
        for (int p = 0; p < run; ++p) sums[i][p] += a[p] * met[p + i + halo - radius];
      }
    }
  }
  if (idle || y0 + y >= out.sizes[2]) return;
  const float scale = 1 / static_cast<float>(left.sizes[1]);
  for (int i = 0; i < side; ++i) {
    store(sums[i], scale,
          out.data + b * out.strides[0] + (j * side + i) * out.strides[1] + (y0 + y) * out.strides[2] + x0 + x,
          out.sizes[3] - x0 - x, tiles.aligned);
  }
}

}  // namespace geomvision::cuda::local

#pragma once

#include "ops/local_correlation_tiles.cuh"

namespace geomvision::cuda::local {

// The derivative in one image, from that in the products and the other image. A warp has a row of pixels, a thread 8
// of them and `each` channels. The weights of the row's products come row by row of displacements, for the warp alone.
constexpr int derive_wide = 32, derive_tall = 8, derive_met_wide = derive_wide + 2 * halo,
              met_tall = derive_tall + 2 * halo;
constexpr int derive_threads = 32 * derive_tall, met_plane = met_tall * derive_met_wide + 4;
constexpr int lane_channels = 8;  // lanes with other channels of the same pixels
template <int radius>
constexpr int row_weights = (2 * radius + 1) * derive_wide;
template <int radius, int each>
constexpr std::size_t derive_bytes =
    (each * lane_channels * met_plane + 2 * derive_tall * row_weights<radius>)*sizeof(float);

template <int radius, int each, bool of_right>
__global__ void __launch_bounds__(derive_threads, 2)
    derive_tiles(Tiles tiles, Cells<const float, 4> d_out, Cells<const float, 4> other, Cells<float, 4> derivative) {
  constexpr int side = 2 * radius + 1, channels = each * lane_channels;
  float* met = shared<float>();
  const int thread = static_cast<int>(threadIdx.x), lane = thread % 32, y = thread / 32;
  float* weights = met + channels * met_plane + y * 2 * row_weights<radius>;
  const int height = other.sizes[2], width = other.sizes[3];
  const int parts = (other.sizes[1] + channels - 1) / channels;
  const int first = static_cast<int>(blockIdx.x) % parts * channels;
  int b = 0, y0 = 0, x0 = 0;
  tiles.place(static_cast<int>(blockIdx.x) / parts, b, y0, x0);

  constexpr int fours = met_tall * derive_met_wide / 4;
  if (thread < fours) {
    const int row = thread / (derive_met_wide / 4), column = thread % (derive_met_wide / 4) * 4;
    const Four mine(other, b, y0 + row - halo, x0 + column - halo);
    float* to = met + row * derive_met_wide + column;
    mine.bring<channels>(to, met_plane, first, tiles.aligned);
  }
  // A right pixel was met from the opposite side: by the left pixel that lies where it would look itself.
  const int reach = of_right ? radius : 0, first_x = x0 + lane - reach;
  const std::ptrdiff_t next = of_right ? 1 - d_out.strides[1] : d_out.strides[1];
  const float* row = d_out.data + b * d_out.strides[0] + (of_right ? side * side - 1 : 0) * d_out.strides[1] +
                     (y0 + y - reach) * d_out.strides[2] + first_x;
  const auto bring = [&](int j) {
    float* to = weights + j % 2 * row_weights<radius> + lane;
    const int at_y = of_right ? y0 + y - reach + j : y0 + y;
    const bool row_there = at_y >= 0 && at_y < height;
    const float* from = row;
    for (int i = 0; i < side; ++i, from += next) {
      const int at_x = of_right ? first_x + i : first_x;
      if (row_there && at_x >= 0 && at_x < width) {
        copy_async<1>(to + i * derive_wide, from);
      } else {
        to[i * derive_wide] = 0;
      }
    }
    row += of_right ? d_out.strides[2] - side * d_out.strides[1] : side * d_out.strides[1];
  };

  const int x = lane / lane_channels * run, channel = lane % lane_channels;
  float sums[each][run] = {};
  bring(0);
  end_copy_group();
  for (int j = 0; j < side; ++j) {
    if (j + 1 < side) bring(j + 1);
    end_copy_group();
    wait_for_copies<1>();
    if (j == 0) {
      __syncthreads();
    } else {
      __syncwarp();
    }
    float values[each][met_run];
    for (int k = 0; k < each; ++k) {
      load(values[k], met + (channel + k * lane_channels) * met_plane + (y + j + halo - radius) * derive_met_wide + x);
    }
    for (int i = 0; i < side; ++i) {
      float shares[run];
      load(shares, weights + j % 2 * row_weights<radius> + i * derive_wide + x);
      for (int k = 0; k < each; ++k) {
        for (int p = 0; p < run; ++p) sums[k][p] += shares[p] * values[k][p + i + halo - radius];
      }
    }
    __syncwarp();
  }
  if (y0 + y >= height) return;
  const float scale = 1 / static_cast<float>(other.sizes[1]);
  for (int k = 0; k < each; ++k) {
    const int c = first + channel + k * lane_channels;
    if (c >= other.sizes[1]) break;
    store(sums[k], scale,
          derivative.data + b * derivative.strides[0] + c * derivative.strides[1] + (y0 + y) * derivative.strides[2] +
              x0 + x,
          width - x0 - x, tiles.aligned);
  }
}

}  // namespace geomvision::cuda::local

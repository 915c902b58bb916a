#pragma once

#include "cuda/async_copy.cuh"
#include "cuda/launch.cuh"

// Local correlation of float features with stride 1 and dilation 1, radius 3 or 4. A block has a tile of pixels. What
// they meet, 4 pixels more on each side whatever the radius, lies in shared memory; a thread has 8 pixels of a row, and
// with the 16 that they meet in a row it takes all displacements in x: 72 products of 24 numbers, or more.

namespace geomvision::cuda::local {

constexpr int halo = 4, run = 8, met_run = run + 2 * halo;

struct Tiles {
  int across, down, wide, tall;
  bool aligned;  // fours of pixels begin on 16 bytes and end within the image

  __device__ void place(int index, int& b, int& y, int& x) const {
    x = index % across * wide;
    y = index / across % down * tall;
    b = index / across / down;
  }
};

__device__ __forceinline__ void load_four(float* to, const float* from) {
  const float4 four = *reinterpret_cast<const float4*>(from);
  to[0] = four.x;
  to[1] = four.y;
  to[2] = four.z;
  to[3] = four.w;
}

template <int count>
__device__ __forceinline__ void load(float (&to)[count], const float* from) {
  for (int k = 0; k < count; k += 4) load_four(to + k, from + k);
}

// Four pixels beside one another, of which some may lie outside: those are 0.
struct Four {
  const float* from;  // of the first channel
  std::ptrdiff_t step;
  int channels;
  unsigned there;

  __device__ Four(const Cells<const float, 4>& image, int b, int y, int x)
      : from(image.data + b * image.strides[0] + y * image.strides[2] + x),
        step(image.strides[1]),
        channels(image.sizes[1]),
        there(0) {
    if (y < 0 || y >= image.sizes[2]) return;
    for (int k = 0; k < 4; ++k) there |= (x + k >= 0 && x + k < image.sizes[3] ? 1u : 0u) << k;
  }

  // Of `count` channels, `apart` elements from one to the next.
  template <int count>
  __device__ __forceinline__ void bring(float* to, int apart, int first, bool aligned) const {
    const float* four = from + first * step;
    if (aligned && there == 15 && first + count <= channels) {
      for (int c = 0; c < count; ++c, four += step) copy_async<4>(to + c * apart, four);
      return;
    }
    for (int c = 0; c < count; ++c, four += step) {
      for (int k = 0; k < 4; ++k) {
        if (first + c < channels && (there >> k & 1) != 0) {
          copy_async<1>(to + c * apart + k, four + k);
        } else {
          to[c * apart + k] = 0;
        }
      }
    }
  }
};

__device__ __forceinline__ void store(const float (&values)[run], float scale, float* to, int columns, bool aligned) {
  if (aligned) {
    for (int p = 0; p < run; p += 4) {
      if (p < columns) {
        *reinterpret_cast<float4*>(to + p) =
            make_float4(scale * values[p], scale * values[p + 1], scale * values[p + 2], scale * values[p + 3]);
      }
    }
  } else {
    for (int p = 0; p < run; ++p) {
      if (p < columns) to[p] = scale * values[p];
    }
  }
}

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

// The derivative in one image, from that in the products and the other image. A warp has a row of pixels, a thread 8
// of them and `each` channels. The weights of the row's products come row by row of displacements, for the warp alone.
constexpr int wide = 32, derive_tall = 8, met_wide = wide + 2 * halo, met_tall = derive_tall + 2 * halo;
constexpr int derive_threads = 32 * derive_tall, met_plane = met_tall * met_wide + 4;
constexpr int lane_channels = 8;  // lanes with other channels of the same pixels
template <int radius>
constexpr int row_weights = (2 * radius + 1) * wide;
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

  constexpr int fours = met_tall * met_wide / 4;
  if (thread < fours) {
    const int row = thread / (met_wide / 4), column = thread % (met_wide / 4) * 4;
    const Four mine(other, b, y0 + row - halo, x0 + column - halo);
    float* to = met + row * met_wide + column;
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
        copy_async<1>(to + i * wide, from);
      } else {
        to[i * wide] = 0;
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
      load(values[k], met + (channel + k * lane_channels) * met_plane + (y + j + halo - radius) * met_wide + x);
    }
    for (int i = 0; i < side; ++i) {
      float shares[run];
      load(shares, weights + j % 2 * row_weights<radius> + i * wide + x);
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

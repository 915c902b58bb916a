#pragma once

#include "ops/correlation_windows.cuh"

// Lookups. A warp has 4 pixels beside one another, whose windows overlap where the coordinates are smooth: it takes
// the products of all 4 with each position of the box around their windows, a position's features read once for the 4
// of them, the lanes at channels beside one another. Where the box is larger than the windows together, it takes one
// window after the other.

namespace geomvision::cuda::windows {

constexpr int lookup_threads = 256, lane_channels = 128;  // of the lanes of a warp, four each

// Sums over the lanes of 32 values: lane k has the sum of value k in the end.
template <int half = 16>
__device__ __forceinline__ void fold(float (&values)[32], int lane) {
  const bool upper = (lane & half) != 0;
  for (int k = 0; k < half; ++k) {
    const float given = upper ? values[k] : values[k + half];
    const float kept = upper ? values[k + half] : values[k];
    values[k] = kept + __shfl_xor_sync(0xffffffffu, given, half);
  }
  if constexpr (half > 1) fold<half / 2>(values, lane);
}

// Elements of shared memory for 32 pixels: from the features of one to those of the next, and the same of products.
template <bool rows, int chunks>
__host__ __device__ int feature_pitch(const Lookup<float, rows>& lookup) {
  constexpr int pass = chunks * lane_channels;
  return (lookup.step + pass - 1) / pass * pass + 4;
}
template <bool rows>
__host__ __device__ int product_pitch(const Lookup<float, rows>& lookup) {
  const int n = 2 * lookup.radius + 2;
  return (rows ? n : n * n) | 1;
}

// The products of the warp's pixels, added to `products`.
template <bool rows, int chunks>
struct Quad {
  const Lookup<float, rows>& lookup;
  const float* packed;  // of the level
  int width, lane, first_channel;
  Window<float> window;  // of pixel lane % 4
  float* products;       // of that pixel
  float4 pixels[chunks][4];

  __device__ __forceinline__ void load(const float* features, int pitch, const int (&numbers)[4]) {
    for (int k = 0; k < chunks; ++k) {
      for (int p = 0; p < 4; ++p) {
        const int channel = first_channel + k * lane_channels + 4 * lane;
        pixels[k][p] = *reinterpret_cast<const float4*>(features + numbers[p] * pitch + channel);
      }
    }
  }

  __device__ __forceinline__ void multiply(const Box& box, bool mine) const {
    constexpr int together = 4;  // positions on their way at a time
    const int wide = box.right - box.left, count = static_cast<int>(box.area());
    int x = box.left;
    const float* at =
        packed + (static_cast<std::ptrdiff_t>(box.top) * width + x) * lookup.step + first_channel + 4 * lane;
    const std::ptrdiff_t next_row = static_cast<std::ptrdiff_t>(width - wide) * lookup.step;
    for (int first = 0; first < count; first += 8) {
      float sums[32] = {};
      for (int begin = 0; begin < 8; begin += together) {
        float4 met[together][chunks];
        for (int n = 0; n < together; ++n) {
          for (int k = 0; k < chunks; ++k) {
            const bool there = first_channel + k * lane_channels + 4 * lane < lookup.step;
            met[n][k] = there ? *reinterpret_cast<const float4*>(at + k * lane_channels) : make_float4(0, 0, 0, 0);
          }
          if (first + begin + n + 1 < count) {  // else the last one again: its sums are not looked at
            at += lookup.step;
            if (++x == box.right) {
              x = box.left;
              at += next_row;
            }
          }
        }
        for (int n = 0; n < together; ++n) {
          for (int p = 0; p < 4; ++p) {
            float& sum = sums[(begin + n) * 4 + p];
            for (int k = 0; k < chunks; ++k) {
              sum += met[n][k].x * pixels[k][p].x;
              sum += met[n][k].y * pixels[k][p].y;
              sum += met[n][k].z * pixels[k][p].z;
              sum += met[n][k].w * pixels[k][p].w;
            }
          }
        }
      }
      fold(sums, lane);
      const int number = first + lane / 4;
      const int i = box.left + number % wide - window.x, j = box.top + number / wide - window.y;
      if (mine && number < count && window.seen && i >= 0 && i < lookup.positions_x() && j >= 0 &&
          j < lookup.positions_y()) {
        products[j * lookup.positions_x() + i] += sums[0];
      }
    }
  }
};

}  // namespace geomvision::cuda::windows

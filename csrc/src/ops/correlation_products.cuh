#pragma once

#include "ops/correlation_quads.cuh"

// The kernels of lookups.

namespace geomvision::cuda::windows {

/// `out` is the samples, or the derivative in the coordinates of a function whose derivative in them is d_out.
template <bool rows, int chunks, bool of_coordinates>
__global__ void __launch_bounds__(lookup_threads, 2)
    look_up(Lookup<float, rows> lookup, Cells<const float, 4> d_out, Cells<float, 4> out) {
  constexpr int tile = Lookup<float, rows>::tile_pixels, wide = Lookup<float, rows>::wide, warps = lookup_threads / 32;
  const int thread = static_cast<int>(threadIdx.x), lane = thread % 32, warp = thread / 32;
  int b = 0, y0 = 0, x0 = 0;
  lookup.place(blockIdx.x, b, y0, x0);
  const int pitch = feature_pitch<rows, chunks>(lookup), products_of = product_pitch<rows>(lookup);
  float* features = shared<float>();
  float* products = features + tile * pitch;

  const int own = thread % tile, own_y = y0 + own / wide, own_x = x0 + own % wide;
  const bool has_own = lookup.has(own_y, own_x);
  for (int c = thread / tile; c < pitch; c += warps) {
    const bool there = has_own && c < lookup.channels;
    features[own * pitch + c] = there ? lookup.scale * *lookup.features0.at(b, c, own_y, own_x) : 0.0f;
  }
  const auto number = [&](int p) { return rows ? warp * 4 + p : (warp / 4 * 2 + p / 2) * wide + warp % 4 * 2 + p % 2; };
  const int numbers[4] = {number(0), number(1), number(2), number(3)}, mine = number(lane % 4);
  __syncthreads();

  float d_x = 0, d_y = 0;
  for (int level = 0; level < lookup.levels.count; ++level) {
    const Window<float> window = lookup.window(b, y0 + mine / wide, x0 + mine % wide, level);
    for (int p = 0; p < 4; ++p) {
      for (int k = lane; k < products_of; k += 32) products[numbers[p] * products_of + k] = 0;
    }
    const Box box = lookup.box(window, level);
    Box all;
    long long apart = 0;
    for (int p = 0; p < 4; ++p) {
      Box other;
      other.left = __shfl_sync(0xffffffffu, box.left, p);
      other.top = __shfl_sync(0xffffffffu, box.top, p);
      other.right = __shfl_sync(0xffffffffu, box.right, p);
      other.bottom = __shfl_sync(0xffffffffu, box.bottom, p);
      all.join(other);
      apart += other.area();
    }
    Quad<rows, chunks> quad{lookup,
                            lookup.packed + lookup.first(b, y0, level),
                            lookup.levels.widths[level],
                            lane,
                            0,
                            window,
                            products + mine * products_of,
                            {}};
    for (; quad.first_channel < lookup.step; quad.first_channel += chunks * lane_channels) {
      quad.load(features, pitch, numbers);
      __syncwarp();
      const bool joint = all.area() <= apart;
      for (int p = 0; p < (joint ? 1 : 4); ++p) {
        Box now = all;
        if (!joint) {
          now.left = __shfl_sync(0xffffffffu, box.left, p);
          now.top = __shfl_sync(0xffffffffu, box.top, p);
          now.right = __shfl_sync(0xffffffffu, box.right, p);
          now.bottom = __shfl_sync(0xffffffffu, box.bottom, p);
        }
        quad.multiply(now, joint || p == lane % 4);
      }
    }
    __syncthreads();
    const Window<float> seen = lookup.window(b, own_y, own_x, level);
    const float* from = products + own * products_of;
    const int side = 2 * lookup.radius + 1, samples = lookup.samples(), next = rows ? 0 : lookup.positions_x();
    float along_x = 0, along_y = 0;
    for (int s = thread / tile; s < samples && has_own; s += warps) {
      const float* at = rows ? from + s : from + s % side * next + s / side;
      const Corners<float, rows> corners{at[0], at[1], at[next], at[next + 1]};
      if (of_coordinates) {
        const float share = *d_out.at(b, level * samples + s, own_y, own_x);
        along_x += share * corners.slope_x(seen.fy);
        along_y += share * corners.slope_y(seen.fx);
      } else {
        *out.at(b, level * samples + s, own_y, own_x) = corners.sample(seen.fx, seen.fy);
      }
    }
    d_x += along_x / static_cast<float>(1 << level);
    d_y += along_y / static_cast<float>(1 << level);
    __syncthreads();
  }
  if (!of_coordinates) return;
  float* sums = features;
  sums[2 * thread] = d_x;
  sums[2 * thread + 1] = d_y;
  __syncthreads();
  if (warp > 0 || !has_own) return;
  for (int k = 1; k < warps; ++k) {
    d_x += sums[2 * (thread + k * tile)];
    d_y += sums[2 * (thread + k * tile) + 1];
  }
  *out.at(b, 0, own_y, own_x) = d_x;
  if (!rows) *out.at(b, 1, own_y, own_x) = d_y;
}

/// Any radius and type: a thread has a sample, or with of_coordinates a pixel; products are taken when they are needed.
template <typename T, bool rows, bool of_coordinates>
__global__ void __launch_bounds__(lookup_threads)
    look_up_any(Lookup<T, rows> lookup, Cells<const T, 4> d_out, Cells<T, 4> out) {
  const int width = lookup.features0.sizes[3], height = lookup.features0.sizes[2];
  const int samples = lookup.samples(), side = 2 * lookup.radius + 1, planes = samples * lookup.levels.count;
  std::int64_t index = static_cast<std::int64_t>(blockIdx.x) * lookup_threads + threadIdx.x;
  const int x = static_cast<int>(index % width), y = static_cast<int>(index / width % height);
  index /= static_cast<std::int64_t>(width) * height;
  const int first = of_coordinates ? 0 : static_cast<int>(index % planes), last = of_coordinates ? planes : first + 1;
  const int b = static_cast<int>(of_coordinates ? index : index / planes);
  if (b >= lookup.features0.sizes[0]) return;
  T d_x = 0, d_y = 0;
  for (int plane = first; plane < last; ++plane) {
    const int level = plane / samples, s = plane % samples, i = rows ? s : s / side, j = rows ? 0 : s % side;
    const Window<T> window = lookup.window(b, y, x, level);
    const Box box = lookup.box(window, level);
    const T* pixel = lookup.features0.at(b, 0, y, x);
    const T* packed = lookup.packed + lookup.first(b, y, level);
    const auto product = [&](int at_x, int at_y) {
      T sum = 0;
      if (at_x < box.left || at_x >= box.right || at_y < box.top || at_y >= box.bottom) return sum;
      const T* met = packed + (static_cast<std::ptrdiff_t>(at_y) * lookup.levels.widths[level] + at_x) * lookup.step;
      for (int c = 0; c < lookup.channels; ++c) sum += pixel[c * lookup.features0.strides[1]] * met[c];
      return lookup.scale * sum;
    };
    Corners<T, rows> corners{product(window.x + i, window.y + j), product(window.x + i + 1, window.y + j), 0, 0};
    if (!rows) {
      corners.c = product(window.x + i, window.y + j + 1);
      corners.d = product(window.x + i + 1, window.y + j + 1);
    }
    if (of_coordinates) {
      const T share = *d_out.at(b, plane, y, x) / static_cast<T>(1 << level);
      d_x += share * corners.slope_x(window.fy);
      d_y += share * corners.slope_y(window.fx);
    } else {
      *out.at(b, plane, y, x) = corners.sample(window.fx, window.fy);
    }
  }
  if (!of_coordinates) return;
  *out.at(b, 0, y, x) = d_x;
  if (!rows) *out.at(b, 1, y, x) = d_y;
}

}  // namespace geomvision::cuda::windows

#pragma once

#include "ops/correlation_windows.cuh"

// Derivatives in the features. A block has a tile of pixels, a thread a channel of all of them: it meets each position
// of the box around their windows once, for both derivatives. Where the box is larger than half of the windows
// together, it takes one window after the other.

namespace geomvision::cuda::windows {

constexpr int most_derive_threads = 256, segment = 32;  // positions of a row whose shares lie in shared memory

template <typename T>
constexpr std::size_t derive_bytes = segment * 32 * sizeof(T);

__device__ __forceinline__ void load_four(float (&to)[4], const float* from) {
  const float4 four = *reinterpret_cast<const float4*>(from);
  to[0] = four.x;
  to[1] = four.y;
  to[2] = four.z;
  to[3] = four.w;
}
__device__ __forceinline__ void load_four(double (&to)[4], const double* from) {
  for (int k = 0; k < 4; ++k) to[k] = from[k];
}

// Both derivatives of a channel, from `count` positions beside one another and pixels first ... first + pixels - 1.
template <int first, int pixels, typename T>
__device__ __forceinline__ void meet(const T* shares, int count, const T* met, T* d_met, int step,
                                     const T (&values)[32], T (&d_values)[32]) {
  T value = *met;
  for (int k = 0; k < count; ++k, shares += 32, d_met += step) {
    met += k + 1 < count ? step : 0;
    const T next = *met;  // on its way meanwhile
    T sum = 0;
    for (int p = first; p < first + pixels; p += 4) {
      T four[4];
      load_four(four, shares + p);
      for (int n = 0; n < 4; ++n) {
        d_values[p + n] += four[n] * value;
        sum += four[n] * values[p + n];
      }
    }
    if (sum != 0) atomicAdd(d_met, sum);
    value = next;
  }
}

template <typename T, bool rows>
__global__ void __launch_bounds__(most_derive_threads)
    derive(Lookup<T, rows> lookup, Cells<const T, 4> d_out, T* d_packed, Cells<T, 4> d_features0) {
  using Pixels = Lookup<T, rows>;
  constexpr int tile = Pixels::tile_pixels, wide = Pixels::wide;
  static_assert(tile == 32);
  const int thread = static_cast<int>(threadIdx.x), threads = static_cast<int>(blockDim.x);
  const int parts = (lookup.step + threads - 1) / threads;
  const int c = static_cast<int>(blockIdx.x) % parts * threads + thread;
  int b = 0, y0 = 0, x0 = 0;
  lookup.place(static_cast<int>(blockIdx.x) / parts, b, y0, x0);
  T* shares = shared<T>();
  __shared__ Window<T> windows[tile];

  const bool real = c < lookup.channels;
  T values[tile], d_values[tile];
  for (int p = 0; p < tile; ++p) {
    const int y = y0 + p / wide, x = x0 + p % wide;
    values[p] = real && lookup.has(y, x) ? lookup.scale * *lookup.features0.at(b, c, y, x) : T(0);
    d_values[p] = 0;
  }
  const int side = 2 * lookup.radius + 1, samples = lookup.samples();
  for (int level = 0; level < lookup.levels.count; ++level) {
    __syncthreads();
    if (thread < tile) windows[thread] = lookup.window(b, y0 + thread / wide, x0 + thread % wide, level);
    __syncthreads();
    Box all;
    long long apart = 0;
    for (int p = 0; p < tile; ++p) {
      const Box box = lookup.box(windows[p], level);
      all.join(box);
      apart += box.area();
    }
    const bool joint = 2 * all.area() <= apart;
    const std::ptrdiff_t begin = lookup.first(b, y0, level);
    for (int q = 0; q < (joint ? 1 : tile); ++q) {
      const Box box = joint ? all : lookup.box(windows[q], level);
      if (box.area() == 0) continue;
      for (int y = box.top; y < box.bottom; ++y) {
        for (int left = box.left; left < box.right; left += segment) {
          const int count = min(segment, box.right - left);
          __syncthreads();
          for (int k = thread; k < count * tile; k += threads) {
            const int p = k % tile;
            const Window<T>& window = windows[p];
            const int i = left + k / tile - window.x, j = y - window.y;
            const bool mine = window.seen && (joint || p == q) && i >= 0 && i < lookup.positions_x() && j >= 0 &&
                              j < lookup.positions_y();
            const T* gradient = d_out.at(b, level * samples, y0 + p / wide, x0 + p % wide);
            const auto sample = [&](int at_i, int at_j) {
              const bool there = at_i >= 0 && at_i < side && at_j >= 0 && at_j < (rows ? 1 : side);
              return there ? gradient[(rows ? at_i : at_i * side + at_j) * d_out.strides[1]] : T(0);
            };
            shares[k] = mine ? spread<T, rows>(window.fx, window.fy, i, j, sample) : T(0);
          }
          __syncthreads();
          if (c >= lookup.step) continue;
          const std::ptrdiff_t at =
              begin + (static_cast<std::ptrdiff_t>(y) * lookup.levels.widths[level] + left) * lookup.step + c;
          const T* met = lookup.packed + at;
          T* d_met = d_packed + at;
          const int eight = joint ? 4 : q / 8;  // 8 pixels at least: registers have no index
          if (eight == 4) meet<0, 32>(shares, count, met, d_met, lookup.step, values, d_values);
          if (eight == 0) meet<0, 8>(shares, count, met, d_met, lookup.step, values, d_values);
          if (eight == 1) meet<8, 8>(shares, count, met, d_met, lookup.step, values, d_values);
          if (eight == 2) meet<16, 8>(shares, count, met, d_met, lookup.step, values, d_values);
          if (eight == 3) meet<24, 8>(shares, count, met, d_met, lookup.step, values, d_values);
        }
      }
    }
  }
  if (!real) return;
  for (int p = 0; p < tile; ++p) {
    const int y = y0 + p / wide, x = x0 + p % wide;
    if (lookup.has(y, x)) *d_features0.at(b, c, y, x) = lookup.scale * d_values[p];
  }
}

/// d_packed must be zeros.
template <typename T, bool rows>
void start_derivatives(const Lookup<T, rows>& lookup, const Cells<const T, 4>& d_out, T* d_packed,
                       const Cells<T, 4>& d_features0, Stream stream) {
  if (lookup.step == 0) return;
  const int threads = min(most_derive_threads, (lookup.step + 31) / 32 * 32);
  const std::ptrdiff_t parts = (lookup.step + threads - 1) / threads;
  launch(derive<T, rows>, blocks(lookup.tiles() * parts, 1), static_cast<unsigned>(threads), derive_bytes<T>, stream,
         lookup, d_out, d_packed, d_features0);
}

}  // namespace geomvision::cuda::windows

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

}  // namespace geomvision::cuda::local

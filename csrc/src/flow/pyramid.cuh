#pragma once

#include <cstddef>

#include "cuda/launch.cuh"

// Image pyramids in a GPU's memory: the operations of kernels/flow_pyramid.cpp on floats, in their order. Planes are
// without gaps, one after the other.

namespace geomvision::cuda {

struct Size {
  int width = 0, height = 0;

  __host__ __device__ std::ptrdiff_t pixels() const { return static_cast<std::ptrdiff_t>(width) * height; }
  Size half() const { return {(width + 1) / 2, (height + 1) / 2}; }
};

/// Grey levels of a frame. T: uint8, uint16 or float.
template <typename T>
void to_grey_levels(const DeviceView<const T, 2>& frame, float* grey, Stream stream);

/// `count` planes to half their size: see flow/shrink.hpp.
void shrink(const float* large, Size size, int count, float* small, Stream stream);

/// Derivatives of `count` planes by (1 -8 0 8 -1)/12, the border repeated.
void differentiate(const float* planes, Size size, int count, float* gx, float* gy, Stream stream);

/// That of five values of a line.
__device__ inline float derivative(float before2, float before1, float after1, float after2) {
  return (8.0f * (after1 - before1) - (after2 - before2)) * (1.0f / 12);
}

/// Which pixel a thread has, of blocks of so many threads in x.
struct PixelOf {
  int x, y;

  __device__ explicit PixelOf(Size size) {
    const unsigned pixel = blockIdx.x * blockDim.x + threadIdx.x;
    x = static_cast<int>(pixel % static_cast<unsigned>(size.width));
    y = static_cast<int>(pixel / static_cast<unsigned>(size.width));
  }
};

}  // namespace geomvision::cuda

#pragma once

#include <cuda_runtime.h>

// Samples between products, and what their derivatives mean for these.

namespace geomvision::cuda::windows {

/// A sample between four products, or between two along rows; and how it changes with x and y.
template <typename T, bool rows>
struct Corners {
  T a, b, c, d;  // at (0, 0), (1, 0), (0, 1), (1, 1)

  __device__ T sample(T fx, T fy) const {
    const T top = a + fx * (b - a);
    return rows ? top : top + fy * (c + fx * (d - c) - top);
  }
  __device__ T slope_x(T fy) const { return rows ? b - a : b - a + fy * (d - c - (b - a)); }
  __device__ T slope_y(T fx) const { return rows ? T(0) : c - a + fx * (d - b - (c - a)); }
};

/// What a product's derivative is, from those of the samples (i, j) beside it: sample(i, j) is 0 outside.
template <typename T, bool rows, typename Sample>
__device__ T spread(T fx, T fy, int i, int j, const Sample& sample) {
  const T here = (1 - fx) * sample(i, j) + fx * sample(i - 1, j);
  if (rows) return here;
  return (1 - fy) * here + fy * ((1 - fx) * sample(i, j - 1) + fx * sample(i - 1, j - 1));
}

}  // namespace geomvision::cuda::windows

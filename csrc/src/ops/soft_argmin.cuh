#pragma once

#include <cmath>
#include <limits>

#include "cuda/launch.cuh"

namespace geomvision::cuda {

/// Smallest cost, sum of weights and weighted sum of candidates of a pixel, in one pass: what was summed up is scaled
/// anew where a smaller cost comes (Milakov & Gimelshein, Online normalizer calculation for softmax, 2018).
template <typename T>
struct Softmin {
  static constexpr T none = std::numeric_limits<T>::infinity();

  T least = none, total = 0, mean = 0;

  /// What to subtract costs from: where all are infinite, so is the least.
  __device__ T shift() const { return least < none ? least : T(0); }

  /// Candidates from `first` on. Infinite costs weigh nothing.
  template <int count>
  __device__ void take(const T (&costs)[count], int first) {
    T lowest = least;
    for (int i = 0; i < count; ++i) lowest = costs[i] < lowest ? costs[i] : lowest;
    if (lowest < least) {
      const T scale = std::exp(lowest - least);
      total *= scale;
      mean *= scale;
      least = lowest;
    }
    const T from = shift();
    for (int i = 0; i < count; ++i) {
      const T weight = std::exp(from - costs[i]);
      total += weight;
      mean += weight * static_cast<T>(first + i);
    }
  }
};

constexpr int softmin_step = 8;  // costs that are on their way together

/// Which pixel of the plane a thread has.
struct PlanePixel {
  int b, y, x;
  bool there;

  __device__ PlanePixel(int height, int width, int blocks_of_plane) {
    const unsigned pixel = blockIdx.x % static_cast<unsigned>(blocks_of_plane) * blockDim.x + threadIdx.x;
    b = static_cast<int>(blockIdx.x / static_cast<unsigned>(blocks_of_plane));
    y = static_cast<int>(pixel / static_cast<unsigned>(width));
    x = static_cast<int>(pixel % static_cast<unsigned>(width));
    there = y < height;
  }
};

}  // namespace geomvision::cuda

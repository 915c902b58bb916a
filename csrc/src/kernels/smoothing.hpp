#pragma once

#include <cstddef>
#include <cstdint>

#include "dispatch.hpp"

namespace geomvision {

// Lines side by side, `steps` long: values[s * stride + lane]; weights[s * lanes + lane] between steps s and s + 1.
// `other` is a second right-hand side, or null; `shares` is scratch as large as the weights, or the weights themselves.
template <typename T>
struct SmoothedLines {
  T* values;
  std::ptrdiff_t stride;
  T* other;
  std::ptrdiff_t other_stride;
  const T* weights;
  T* shares;
  int steps, lanes;
  T lambda;
};

}  // namespace geomvision

// Solve u[s] + lambda * (w[s - 1] * (u[s] - u[s - 1]) + w[s] * (u[s] - u[s + 1])) = f[s] along every line, in place.
// The weights are lost.
GEOMVISION_DECLARE_KERNEL(void, smooth_lines_f32, (const SmoothedLines<float>& lines));
GEOMVISION_DECLARE_KERNEL(void, smooth_lines_f64, (const SmoothedLines<double>& lines));

// to[x * to_stride + y] = from[y * from_stride + x], y < rows, x < columns.
GEOMVISION_DECLARE_KERNEL(void, transpose_f32,
                          (const float* from, std::ptrdiff_t from_stride, int rows, int columns, float* to,
                           std::ptrdiff_t to_stride));
GEOMVISION_DECLARE_KERNEL(void, transpose_f64,
                          (const double* from, std::ptrdiff_t from_stride, int rows, int columns, double* to,
                           std::ptrdiff_t to_stride));

// weights[i] = exp(-scale * |a[i] - b[i]|), the Euclidean distance of pixels of `channels` channels; to 2e-7.
GEOMVISION_DECLARE_KERNEL(void, edge_weights_u8,
                          (const std::uint8_t* a, const std::uint8_t* b, int count, int channels, float scale,
                           float* weights));
GEOMVISION_DECLARE_KERNEL(void, edge_weights_u16,
                          (const std::uint16_t* a, const std::uint16_t* b, int count, int channels, float scale,
                           float* weights));
GEOMVISION_DECLARE_KERNEL(void, edge_weights_f32,
                          (const float* a, const float* b, int count, int channels, float scale, float* weights));

#pragma once

#include <cstddef>
#include <cstdint>

#include "dispatch.hpp"

// Solve u[s] + lambda * (w[s - 1] * (u[s] - u[s - 1]) + w[s] * (u[s] - u[s + 1])) = f[s] along `steps`, in place, for
// `lanes` lines side by side: values[s * stride + lane], weights[s * weight_stride + lane] between steps s and s + 1.
// `other` is a second right-hand side, or null. `shares` holds steps * lanes elements of scratch. At most 64 lanes.
GEOMVISION_DECLARE_KERNEL(void, smooth_lines_f32,
                          (float* values, std::ptrdiff_t stride, float* other, std::ptrdiff_t other_stride,
                           const float* weights, std::ptrdiff_t weight_stride, int steps, int lanes, float lambda,
                           float* shares));
GEOMVISION_DECLARE_KERNEL(void, smooth_lines_f64,
                          (double* values, std::ptrdiff_t stride, double* other, std::ptrdiff_t other_stride,
                           const double* weights, std::ptrdiff_t weight_stride, int steps, int lanes, double lambda,
                           double* shares));

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

#pragma once

#include <cstddef>

#include "dispatch.hpp"

// Correlations of one pixel with windows of features that lie channels last: position k has its `channels` values at
// row + k * step. `channels` is a multiple of 16.

// out[k] = sum over channels of pixel[c] * row[k * step + c].
GEOMVISION_DECLARE_KERNEL(void, correlate_window,
                          (const float* pixel, const float* row, std::ptrdiff_t step, int count, int channels,
                           float* out));

// sums[c] += sum over k of weights[k] * row[k * step + c].
GEOMVISION_DECLARE_KERNEL(void, gather_window,
                          (const float* weights, const float* row, std::ptrdiff_t step, int count, int channels,
                           float* sums));

// row[k * step + c] += weights[k] * pixel[c].
GEOMVISION_DECLARE_KERNEL(void, scatter_window,
                          (const float* weights, const float* pixel, int count, int channels, float* row,
                           std::ptrdiff_t step));

// to[x * to_step + y] = from[y * from_step + x] * scale, for `rows` rows of `columns` elements. Streamed: it goes past
// the caches, where `to` begins on a cache line and to_step is a multiple of 16.
GEOMVISION_DECLARE_KERNEL(void, transpose,
                          (const float* from, std::ptrdiff_t from_step, int rows, int columns, float scale, float* to,
                           std::ptrdiff_t to_step, bool streamed));

// Bilinear samples `fx`, `fy` beyond the positions of a window, and how their derivatives reach the positions; see
// window_loops.hpp.
GEOMVISION_DECLARE_KERNEL(void, blend_window,
                          (const float* window, int side, int rows, int pitch, float fx, float fy, float* out));
GEOMVISION_DECLARE_KERNEL(void, blend_pairs, (const float* pairs, int side, float fx, float* out));
GEOMVISION_DECLARE_KERNEL(void, spread_window,
                          (const float* d_out, int side, int rows, int pitch, float fx, float fy, float* d_window));

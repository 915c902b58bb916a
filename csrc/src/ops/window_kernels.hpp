#pragma once

#include <cstddef>

#include "kernels/window_loops.hpp"
#include "kernels/windows.hpp"

namespace geomvision::ops {

/// The loops over windows for T: kernels for float, their plain form for double. See kernels/windows.hpp.
template <typename T>
struct WindowKernels;

template <>
struct WindowKernels<float> {
  decltype(&kernels::baseline::correlate_window) correlate = GEOMVISION_KERNEL(correlate_window);
  decltype(&kernels::baseline::gather_window) gather = GEOMVISION_KERNEL(gather_window);
  decltype(&kernels::baseline::scatter_window) scatter = GEOMVISION_KERNEL(scatter_window);
  decltype(&kernels::baseline::transpose) transpose = GEOMVISION_KERNEL(transpose);
  decltype(&kernels::baseline::blend_window) blend = GEOMVISION_KERNEL(blend_window);
  decltype(&kernels::baseline::blend_pairs) blend_pairs = GEOMVISION_KERNEL(blend_pairs);
  decltype(&kernels::baseline::spread_window) spread = GEOMVISION_KERNEL(spread_window);
};

template <>
struct WindowKernels<double> {
  static void correlate(const double* pixel, const double* row, std::ptrdiff_t step, int count, int channels,
                        double* out) {
    for (int k = 0; k < count; ++k) {
      out[k] = 0;
      for (int c = 0; c < channels; ++c) out[k] += pixel[c] * row[k * step + c];
    }
  }

  static void gather(const double* weights, const double* row, std::ptrdiff_t step, int count, int channels,
                     double* sums) {
    for (int k = 0; k < count; ++k) {
      for (int c = 0; c < channels; ++c) sums[c] += weights[k] * row[k * step + c];
    }
  }

  static void scatter(const double* weights, const double* pixel, int count, int channels, double* row,
                      std::ptrdiff_t step) {
    for (int k = 0; k < count; ++k) {
      for (int c = 0; c < channels; ++c) row[k * step + c] += weights[k] * pixel[c];
    }
  }

  static void transpose(const double* from, std::ptrdiff_t from_step, int rows, int columns, double scale, double* to,
                        std::ptrdiff_t to_step, bool) {
    for (int y = 0; y < rows; ++y) {
      for (int x = 0; x < columns; ++x) to[x * to_step + y] = from[y * from_step + x] * scale;
    }
  }

  static constexpr auto blend = &::blend<double>;
  static constexpr auto blend_pairs = &blend_pair_means<double>;
  static constexpr auto spread = &spread_samples<double>;
};

}  // namespace geomvision::ops

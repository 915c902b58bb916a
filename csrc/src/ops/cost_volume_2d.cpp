#include "geomvision/ops/cost_volume_2d.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <vector>

#include "geomvision/check.hpp"
#include "geomvision/parallel.hpp"
#include "kernels/cost_volume_2d.hpp"
#include "ops/check_sizes.hpp"

namespace geomvision::ops {
namespace {

auto kernel_for(float) { return GEOMVISION_KERNEL(displacement_costs_f32); }
auto kernel_for(double) { return GEOMVISION_KERNEL(displacement_costs_f64); }
auto slopes_for(float) { return GEOMVISION_KERNEL(displacement_slopes_f32); }
auto slopes_for(double) { return GEOMVISION_KERNEL(displacement_slopes_f64); }
auto met_slopes_for(float) { return GEOMVISION_KERNEL(met_slopes_f32); }
auto met_slopes_for(double) { return GEOMVISION_KERNEL(met_slopes_f64); }

template <typename T, typename Volume>
void check_frames(TensorView<const T, 3> frame0, TensorView<const T, 3> frame1, int radius, const Volume& volume) {
  check_cost_volume_2d(frame0, frame1, radius, volume);
  check(frame0.size(2) <= 1 << 30 && frame0.size(0) * frame0.size(1) <= std::numeric_limits<int>::max(),
        "cost_volume_2d: frames are ", frame0.shape(), "; allowed are 2147483647 rows of 1073741824 pixels");
}

// The rows of frame 1 that row y is compared with, `pitch` apart, `radius` pixels of infinity around each.
template <typename T, typename Cost>
void pack_rows(const TensorView<const T, 3>& frame1, std::ptrdiff_t b, std::ptrdiff_t y, std::ptrdiff_t radius,
               Cost* there) {
  const std::ptrdiff_t height = frame1.size(1), width = frame1.size(2), pitch = width + 2 * radius;
  std::fill_n(there, (2 * radius + 1) * pitch, std::numeric_limits<Cost>::infinity());
  for (std::ptrdiff_t dy = std::max(-radius, -y); dy <= std::min(radius, height - 1 - y); ++dy) {
    std::copy_n(frame1.at(b, y + dy), width, there + (dy + radius) * pitch + radius);
  }
}

}  // namespace

template <typename T>
void cost_volume_2d(TensorView<const T, 3> frame0, TensorView<const T, 3> frame1, int radius, bool squared,
                    TensorView<std::conditional_t<std::is_same_v<T, double>, double, float>, 4> volume,
                    int num_threads) {
  using Cost = std::conditional_t<std::is_same_v<T, double>, double, float>;
  check_frames(frame0, frame1, radius, volume);
  if (volume.empty()) return;
  const std::ptrdiff_t height = frame0.size(1), width = frame0.size(2), side = 2 * radius + 1;
  const std::ptrdiff_t pitch = width + 2 * radius;
  const auto kernel = kernel_for(Cost{});
  const auto rows = [&](int begin, int end) {
    // The row, then the rows it is compared with, which go on for `radius` pixels of infinity beyond the frame.
    thread_local std::vector<Cost> memory;
    const auto needed = static_cast<std::size_t>(width + side * pitch);
    if (memory.size() < needed) memory.resize(needed);
    Cost *here = memory.data(), *there = here + width;
    for (int i = begin; i < end; ++i) {
      const std::ptrdiff_t b = i / height, y = i % height;
      std::copy_n(frame0.at(b, y), width, here);
      pack_rows(frame1, b, y, radius, there);
      kernel(here, there, pitch, static_cast<int>(width), static_cast<int>(side), squared, volume.stride(2),
             volume.at(b, y));
    }
  };
  parallel_for(static_cast<int>(frame0.size(0) * height), num_threads, std::ref(rows));
}

template <typename T>
void cost_volume_2d_backward(TensorView<const T, 4> d_volume, TensorView<const T, 3> frame0,
                             TensorView<const T, 3> frame1, int radius, bool squared, TensorView<T, 3> d_frame0,
                             TensorView<T, 3> d_frame1, int num_threads) {
  check_frames(frame0, frame1, radius, d_volume);
  check(d_frame0.sizes() == frame0.sizes() && d_frame1.sizes() == frame0.sizes(),
        "cost_volume_2d_backward: frames are ", frame0.shape(), ", gradients ", d_frame0.shape(), " and ",
        d_frame1.shape(), "; they must be equal");
  if (frame0.empty()) return;
  const std::ptrdiff_t height = frame0.size(1), width = frame0.size(2), side = 2 * radius + 1;
  const std::ptrdiff_t pitch = width + 2 * radius;
  const auto slopes = slopes_for(T{});
  const auto met_slopes = met_slopes_for(T{});
  const auto rows = [&](int begin, int end) {
    // Sums of a pixel, the gradient of a row of frame 1 with its rim, the rows that a row is compared with.
    thread_local std::vector<T> memory;
    const auto needed = static_cast<std::size_t>(side + pitch + side * pitch);
    if (memory.size() < needed) memory.resize(needed);
    T *sums = memory.data(), *d_there = sums + side, *there = d_there + pitch;
    for (int i = begin; i < end; ++i) {
      const std::ptrdiff_t b = i / height, y = i % height;
      pack_rows(frame1, b, y, radius, there);
      slopes(d_volume.at(b, y), frame0.at(b, y), there, pitch, static_cast<int>(width), static_cast<int>(side), squared,
             d_volume.stride(2), sums, d_frame0.at(b, y));
      std::fill_n(d_there, pitch, T(0));
      for (std::ptrdiff_t from = std::max<std::ptrdiff_t>(0, y - radius);
           from <= std::min<std::ptrdiff_t>(height - 1, y + radius); ++from) {
        met_slopes(d_volume.at(b, from, 0, (y - from + radius) * side), frame0.at(b, from), there + radius * pitch,
                   static_cast<int>(width), static_cast<int>(side), squared, d_volume.stride(2), d_there);
      }
      std::copy_n(d_there + radius, width, d_frame1.at(b, y));
    }
  };
  parallel_for(static_cast<int>(frame0.size(0) * height), num_threads, std::ref(rows));
}

#define GEOMVISION_COST_VOLUME_2D(T)                                                         \
  template void cost_volume_2d<T>(TensorView<const T, 3>, TensorView<const T, 3>, int, bool, \
                                  TensorView<std::conditional_t<std::is_same_v<T, double>, double, float>, 4>, int)
GEOMVISION_COST_VOLUME_2D(std::uint8_t);
GEOMVISION_COST_VOLUME_2D(std::uint16_t);
GEOMVISION_COST_VOLUME_2D(float);
GEOMVISION_COST_VOLUME_2D(double);
#undef GEOMVISION_COST_VOLUME_2D
template void cost_volume_2d_backward(TensorView<const float, 4>, TensorView<const float, 3>,
                                      TensorView<const float, 3>, int, bool, TensorView<float, 3>, TensorView<float, 3>,
                                      int);
template void cost_volume_2d_backward(TensorView<const double, 4>, TensorView<const double, 3>,
                                      TensorView<const double, 3>, int, bool, TensorView<double, 3>,
                                      TensorView<double, 3>, int);

}  // namespace geomvision::ops

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "geomvision/ops/soft_argmin.hpp"
#include "geomvision/parallel.hpp"
#include "kernels/soft_argmin.hpp"
#include "ops/check_sizes.hpp"
#include "ops/place.hpp"

namespace geomvision::ops {
namespace {

constexpr int kBand = 8;  // rows of the costs whose gradient one task makes

// One pixel of the result, for every size and type: each upsampled cost is made when it is asked for.
template <typename T>
struct Pixel {
  const TensorView<const T, 4>& costs;
  int b, disparities;
  Place<T> y, x;
  T least = std::numeric_limits<T>::infinity(), total = 0, mean = 0;

  Pixel(const TensorView<const T, 4>& volume, int batch, int count, const Place<T>& row, const Place<T>& column)
      : costs(volume), b(batch), disparities(count), y(row), x(column) {
    for (int d = 0; d < disparities; ++d) least = std::min(least, cost(d));
    for (int d = 0; d < disparities; ++d) {
      total += weight(d);
      mean += weight(d) * static_cast<T>(d);
    }
    mean /= total;
  }

  T given(int k) const {
    const T* top = costs.at(b, k, y.low);
    const T* bottom = costs.at(b, k, y.high);
    const T low = top[x.low] * (1 - y.weight) + bottom[x.low] * y.weight;
    const T high = top[x.high] * (1 - y.weight) + bottom[x.high] * y.weight;
    return low * (1 - x.weight) + high * x.weight;
  }

  Place<T> place(int d) const { return {d, disparities, costs.size(1)}; }

  T cost(int d) const {
    const Place<T> k = place(d);
    return given(k.low) * (1 - k.weight) + given(k.high) * k.weight;
  }

  T weight(int d) const { return std::exp(least - cost(d)); }
};

// The fast form of a row, where there is one: the kernel's `factor`, or 0.
template <typename T>
int kernel_factor(const TensorView<const T, 4>& costs, int disparities, std::ptrdiff_t width) {
  if (!std::is_same_v<T, float> || costs.size(1) > kUpsampledCandidates || width < 2 * costs.size(3)) return 0;
  const int factor = static_cast<int>(disparities / costs.size(1));
  return factor * costs.size(1) == disparities && (factor == 2 || factor == 4 || factor == 8) ? factor : 0;
}

UpsampledRow kernel_row(const TensorView<const float, 4>& costs, int b, const Place<float>& y, int factor,
                        std::ptrdiff_t width) {
  return {costs.at(b, 0, y.low),
          costs.at(b, 0, y.high),
          costs.stride(1),
          y.weight,
          static_cast<int>(costs.size(1)),
          static_cast<int>(costs.size(3)),
          factor,
          static_cast<int>(width),
          static_cast<double>(costs.size(3)) / static_cast<double>(width)};
}

template <typename T>
void forward(TensorView<const T, 4> costs, TensorView<T, 3> disparity, int disparities, double first, int num_threads) {
  check_upsampled_soft_argmin(costs, disparity, disparities);
  if (disparity.empty()) return;
  const int height = static_cast<int>(disparity.size(1)), width = static_cast<int>(disparity.size(2));
  const int factor = kernel_factor(costs, disparities, width);
  parallel_for(static_cast<int>(costs.size(0)) * height, num_threads, [&](int begin, int end) {
    for (int i = begin; i < end; ++i) {
      const int b = i / height, row = i % height;
      const Place<T> y(row, height, costs.size(2));
      if constexpr (std::is_same_v<T, float>) {
        if (factor > 0) {
          GEOMVISION_KERNEL(upsampled_soft_argmin_row)
          (kernel_row(costs, b, y, factor, width), static_cast<float>(first), disparity.at(b, row));
          continue;
        }
      }
      for (int x = 0; x < width; ++x) {
        const Pixel<T> pixel(costs, b, disparities, y, Place<T>(x, width, costs.size(3)));
        *disparity.at(b, row, x) = static_cast<T>(first) + pixel.mean;
      }
    }
  });
}

// Add to the given rows y.low and y.high, as far as they lie in the band, what one upsampled row gives them.
template <typename T>
void backward_row(const TensorView<const T, 3>& d_disparity, const TensorView<const T, 4>& costs,
                  const TensorView<T, 4>& d_costs, int disparities, int b, int row, const Place<T>& y, bool low,
                  bool high) {
  const int width = static_cast<int>(d_disparity.size(2));
  for (int column = 0; column < width; ++column) {
    const Place<T> x(column, width, costs.size(3));
    const Pixel<T> pixel(costs, b, disparities, y, x);
    const T scale = *d_disparity.at(b, row, column) / pixel.total;
    for (int d = 0; d < disparities; ++d) {
      const T slope = pixel.weight(d) * (pixel.mean - static_cast<T>(d)) * scale;
      const Place<T> k = pixel.place(d);
      for (const bool next : {false, true}) {
        const T share = slope * (next ? k.weight : 1 - k.weight);
        for (const bool bottom : {false, true}) {
          if (!(bottom ? high : low)) continue;
          T* to = d_costs.at(b, next ? k.high : k.low, bottom ? y.high : y.low);
          const T part = share * (bottom ? y.weight : 1 - y.weight);
          to[x.low] += part * (1 - x.weight);
          to[x.high] += part * x.weight;
        }
      }
    }
  }
}

template <typename T>
void backward(TensorView<const T, 3> d_disparity, TensorView<const T, 4> costs, TensorView<T, 4> d_costs,
              int disparities, int num_threads) {
  check_upsampled_soft_argmin(costs, d_disparity, disparities);
  check_slopes("upsampled_soft_argmin_backward", costs, d_costs);
  const int height = static_cast<int>(costs.size(2)), wide_height = static_cast<int>(d_disparity.size(1));
  const int bands = (height + kBand - 1) / kBand, factor = kernel_factor(costs, disparities, d_disparity.size(2));
  parallel_for(static_cast<int>(costs.size(0)) * bands, num_threads, [&](int begin, int end) {
    for (int i = begin; i < end; ++i) {
      const int b = i / bands, first = i % bands * kBand, last = std::min(first + kBand, height) - 1;
      for (int k = 0; k < costs.size(1); ++k) {
        for (int y = first; y <= last; ++y) std::fill_n(d_costs.at(b, k, y), costs.size(3), T(0));
      }
      if (d_disparity.empty()) continue;
      for (int row = 0; row < wide_height; ++row) {
        const Place<T> y(row, wide_height, height);
        const bool low = y.low >= first && y.low <= last, high = y.high >= first && y.high <= last;
        if (!low && !high) continue;
        if constexpr (std::is_same_v<T, float>) {
          if (factor > 0) {
            GEOMVISION_KERNEL(upsampled_soft_argmin_backward_row)
            (kernel_row(costs, b, y, factor, d_disparity.size(2)), d_disparity.at(b, row),
             low ? d_costs.at(b, 0, y.low) : nullptr, high ? d_costs.at(b, 0, y.high) : nullptr, d_costs.stride(1));
            continue;
          }
        }
        backward_row(d_disparity, costs, d_costs, disparities, b, row, y, low, high);
      }
    }
  });
}

}  // namespace

void upsampled_soft_argmin(TensorView<const float, 4> costs, TensorView<float, 3> disparity, int disparities,
                           double first, int num_threads) {
  forward(costs, disparity, disparities, first, num_threads);
}

void upsampled_soft_argmin(TensorView<const double, 4> costs, TensorView<double, 3> disparity, int disparities,
                           double first, int num_threads) {
  forward(costs, disparity, disparities, first, num_threads);
}

void upsampled_soft_argmin_backward(TensorView<const float, 3> d_disparity, TensorView<const float, 4> costs,
                                    TensorView<float, 4> d_costs, int disparities, int num_threads) {
  backward(d_disparity, costs, d_costs, disparities, num_threads);
}

void upsampled_soft_argmin_backward(TensorView<const double, 3> d_disparity, TensorView<const double, 4> costs,
                                    TensorView<double, 4> d_costs, int disparities, int num_threads) {
  backward(d_disparity, costs, d_costs, disparities, num_threads);
}

}  // namespace geomvision::ops

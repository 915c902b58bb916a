#include "geomvision/ops/soft_argmin.hpp"

#include <algorithm>
#include <cmath>

#include "geomvision/parallel.hpp"
#include "kernels/soft_argmin.hpp"
#include "ops/check_sizes.hpp"

namespace geomvision::ops {
namespace {

template <typename Visit>
void for_rows(const TensorView<const float, 4>& costs, int num_threads, const Visit& visit) {
  if (costs.empty()) return;
  const int height = static_cast<int>(costs.size(2));
  parallel_for(static_cast<int>(costs.size(0)) * height, num_threads, [&](int begin, int end) {
    for (int i = begin; i < end; ++i) {
      const int b = i / height, y = i % height;
      visit(b, y,
            CostRow{costs.at(b, 0, y), costs.stride(1), static_cast<int>(costs.size(1)),
                    static_cast<int>(costs.size(3))});
    }
  });
}

// Smallest cost, sum of weights and mean candidate of one pixel.
template <typename T>
struct Softmin {
  T least, total = 0, mean = 0;

  Softmin(const T* costs, std::ptrdiff_t step, std::ptrdiff_t count) : least(costs[0]) {
    for (std::ptrdiff_t k = 1; k < count; ++k) least = std::min(least, costs[k * step]);
    for (std::ptrdiff_t k = 0; k < count; ++k) {
      const T weight = std::exp(least - costs[k * step]);
      total += weight;
      mean += weight * static_cast<T>(k);
    }
    mean /= total;
  }
};

template <typename T>
void forward(TensorView<const T, 4> costs, TensorView<T, 3> disparity, double first, int num_threads) {
  check_soft_argmin(costs, disparity);
  const int height = static_cast<int>(costs.size(2));
  parallel_for(static_cast<int>(costs.size(0)) * height, num_threads, [&](int begin, int end) {
    for (int row = begin; row < end; ++row) {
      const int b = row / height, y = row % height;
      for (int x = 0; x < costs.size(3); ++x) {
        const Softmin<T> pixel(costs.at(b, 0, y, x), costs.stride(1), costs.size(1));
        *disparity.at(b, y, x) = static_cast<T>(first) + pixel.mean;
      }
    }
  });
}

template <typename T>
void backward(TensorView<const T, 3> d_disparity, TensorView<const T, 4> costs, TensorView<T, 4> d_costs,
              int num_threads) {
  check_soft_argmin(costs, d_disparity);
  check_slopes("soft_argmin_backward", costs, d_costs);
  const int height = static_cast<int>(costs.size(2));
  parallel_for(static_cast<int>(costs.size(0)) * height, num_threads, [&](int begin, int end) {
    for (int row = begin; row < end; ++row) {
      const int b = row / height, y = row % height;
      for (int x = 0; x < costs.size(3); ++x) {
        const Softmin<T> pixel(costs.at(b, 0, y, x), costs.stride(1), costs.size(1));
        for (int k = 0; k < costs.size(1); ++k) {
          const T share = std::exp(pixel.least - *costs.at(b, k, y, x)) / pixel.total;
          *d_costs.at(b, k, y, x) = share * (pixel.mean - static_cast<T>(k)) * *d_disparity.at(b, y, x);
        }
      }
    }
  });
}

}  // namespace

void soft_argmin(TensorView<const float, 4> costs, TensorView<float, 3> disparity, double first, int num_threads) {
  check_soft_argmin(costs, disparity);
  for_rows(costs, num_threads, [&](int b, int y, const CostRow& row) {
    GEOMVISION_KERNEL(soft_argmin_row)(row, static_cast<float>(first), disparity.at(b, y));
  });
}

void soft_argmin(TensorView<const double, 4> costs, TensorView<double, 3> disparity, double first, int num_threads) {
  forward(costs, disparity, first, num_threads);
}

void soft_argmin_backward(TensorView<const float, 3> d_disparity, TensorView<const float, 4> costs,
                          TensorView<float, 4> d_costs, int num_threads) {
  check_soft_argmin(costs, d_disparity);
  check_slopes("soft_argmin_backward", costs, d_costs);
  for_rows(costs, num_threads, [&](int b, int y, const CostRow& row) {
    GEOMVISION_KERNEL(soft_argmin_backward_row)(row, d_disparity.at(b, y), d_costs.at(b, 0, y), d_costs.stride(1));
  });
}

void soft_argmin_backward(TensorView<const double, 3> d_disparity, TensorView<const double, 4> costs,
                          TensorView<double, 4> d_costs, int num_threads) {
  backward(d_disparity, costs, d_costs, num_threads);
}

}  // namespace geomvision::ops

#include "geomvision/ops/local_correlation.hpp"

#include <algorithm>
#include <functional>
#include <type_traits>

#include "each_run.hpp"
#include "geomvision/check.hpp"
#include "ops/local_correlation_tiles.hpp"

namespace geomvision::ops {
namespace {

template <typename T>
void check_sizes(const LocalCorrelationOptions& options, const TensorView<const T, 4>& left,
                 const TensorView<const T, 4>& right, const TensorView<const T, 4>& out) {
  check(left.sizes() == right.sizes(), "LocalCorrelation: left is ", left.shape(), ", right is ", right.shape(),
        "; they must be equal");
  const std::ptrdiff_t side = 2 * options.radius + 1, stride = options.stride;
  const typename TensorView<T, 4>::Sizes expected{left.size(0), side * side, (left.size(2) + stride - 1) / stride,
                                                  (left.size(3) + stride - 1) / stride};
  check(out.sizes() == expected, "LocalCorrelation: the output is ", out.shape(), "; it must be ",
        TensorView<T, 4>(nullptr, {0, expected[1], expected[2], expected[3]}).shape(), " with ", expected[0], " for 0");
}

template <typename T>
void fill(const TensorView<T, 4>& out, int num_threads) {
  const auto fill_planes = [&](int begin, int end) {
    for (std::ptrdiff_t plane = begin; plane < end; ++plane) {
      for (std::ptrdiff_t y = 0; y < out.size(2); ++y) {
        std::fill_n(out.at(plane / out.size(1), plane % out.size(1), y), out.size(3), T(0));
      }
    }
  };
  parallel_for(static_cast<int>(out.size(0) * out.size(1)), num_threads, std::ref(fill_planes));
}

// Every pair of a left pixel and the right one it is compared with, row by row of the output: visit(plane, oy, ox, y,
// x, right y, right x).
template <typename Visit>
void each_pair(const LocalCorrelationOptions& options, std::ptrdiff_t height, std::ptrdiff_t width,
               const Visit& visit) {
  const std::ptrdiff_t radius = options.radius, stride = options.stride, dilation = options.dilation;
  for (std::ptrdiff_t j = -radius, plane = 0; j <= radius; ++j) {
    for (std::ptrdiff_t i = -radius; i <= radius; ++i, ++plane) {
      for (std::ptrdiff_t y = 0; y < height; y += stride) {
        const std::ptrdiff_t other_y = y + j * dilation;
        if (other_y < 0 || other_y >= height) continue;
        for (std::ptrdiff_t x = 0; x < width; x += stride) {
          const std::ptrdiff_t other_x = x + i * dilation;
          if (other_x >= 0 && other_x < width) visit(plane, y / stride, x / stride, y, x, other_y, other_x);
        }
      }
    }
  }
}

// In double precision the sums are taken as they are written.
void correlate(const LocalCorrelationOptions& options, const TensorView<const double, 4>& left,
               const TensorView<const double, 4>& right, const TensorView<double, 4>& out, int num_threads) {
  fill(out, num_threads);
  const std::ptrdiff_t channels = left.size(1);
  const auto correlate_images = [&](int begin, int end) {
    for (int b = begin; b < end; ++b) {
      for (std::ptrdiff_t c = 0; c < channels; ++c) {
        each_pair(options, left.size(2), left.size(3),
                  [&](auto plane, auto oy, auto ox, auto y, auto x, auto other_y, auto other_x) {
                    *out.at(b, plane, oy, ox) +=
                        *left.at(b, c, y, x) * *right.at(b, c, other_y, other_x) / static_cast<double>(channels);
                  });
      }
    }
  };
  parallel_for(static_cast<int>(left.size(0)), num_threads, std::ref(correlate_images));
}

void differentiate(const LocalCorrelationOptions& options, const TensorView<const double, 4>& d_out,
                   const TensorView<const double, 4>& left, const TensorView<const double, 4>& right,
                   const TensorView<double, 4>& d_left, const TensorView<double, 4>& d_right, int num_threads) {
  fill(d_left, num_threads);
  fill(d_right, num_threads);
  const std::ptrdiff_t channels = left.size(1);
  const auto differentiate_channels = [&](int begin, int end) {
    for (int k = begin; k < end; ++k) {
      const std::ptrdiff_t b = k / channels, c = k % channels;
      each_pair(options, left.size(2), left.size(3),
                [&](auto plane, auto oy, auto ox, auto y, auto x, auto other_y, auto other_x) {
                  const double share = *d_out.at(b, plane, oy, ox) / static_cast<double>(channels);
                  *d_left.at(b, c, y, x) += share * *right.at(b, c, other_y, other_x);
                  *d_right.at(b, c, other_y, other_x) += share * *left.at(b, c, y, x);
                });
    }
  };
  parallel_for(static_cast<int>(left.size(0) * channels), num_threads, std::ref(differentiate_channels));
}

}  // namespace

template <typename T>
struct LocalCorrelation<T>::Scratch {
  std::vector<CorrelationWorker> workers;
  Runs runs;
  std::vector<std::ptrdiff_t> offsets;
};

template <typename T>
LocalCorrelation<T>::LocalCorrelation(const LocalCorrelationOptions& options)
    : options_(options), scratch_(std::make_unique<Scratch>()) {
  check_range("LocalCorrelation", "radius", options.radius, 0, 1000);
  check_range("LocalCorrelation", "stride", options.stride, 1, 1000);
  check_range("LocalCorrelation", "dilation", options.dilation, 1, 1000);
}

template <typename T>
LocalCorrelation<T>::LocalCorrelation(LocalCorrelation&&) noexcept = default;
template <typename T>
LocalCorrelation<T>& LocalCorrelation<T>::operator=(LocalCorrelation&&) noexcept = default;
template <typename T>
LocalCorrelation<T>::~LocalCorrelation() = default;

template <typename T>
void LocalCorrelation<T>::operator()(TensorView<const T, 4> left, TensorView<const T, 4> right, TensorView<T, 4> out,
                                     int num_threads) {
  check_sizes<T>(options_, left, right, out);
  if (out.empty()) return;
  if constexpr (std::is_same_v<T, float>) {
    if (left.size(1) == 0) return fill(out, num_threads);
    const CorrelationPlan plan(options_, left, false, resolve_threads(num_threads), scratch_->offsets);
    if (plan.reach_x < plan.radius || plan.reach_y < plan.radius) fill(out, num_threads);
    const auto task = [&](int index, CorrelationWorker& worker, bool goes_on) {
      CorrelationStrip(plan, worker, index, goes_on).forward(left, right, out);
    };
    each_run(plan.tasks(left.size(0)), resolve_threads(num_threads), scratch_->runs, scratch_->workers, task);
  } else {
    correlate(options_, left, right, out, num_threads);
  }
}

template <typename T>
void LocalCorrelation<T>::backward(TensorView<const T, 4> d_out, TensorView<const T, 4> left,
                                   TensorView<const T, 4> right, TensorView<T, 4> d_left, TensorView<T, 4> d_right,
                                   int num_threads) {
  check_sizes<T>(options_, left, right, d_out);
  check(d_left.sizes() == left.sizes() && d_right.sizes() == left.sizes(), "LocalCorrelation: left is ", left.shape(),
        ", d_left is ", d_left.shape(), ", d_right is ", d_right.shape(), "; they must be equal");
  if (left.empty()) return;
  if constexpr (std::is_same_v<T, float>) {
    const CorrelationPlan plan(options_, left, true, resolve_threads(num_threads), scratch_->offsets);
    const int tasks = plan.tasks(left.size(0));
    const auto task = [&](int index, CorrelationWorker& worker, bool goes_on) {
      const bool mirrored = index >= tasks;
      CorrelationStrip(plan, worker, index % tasks, goes_on)
          .derivative(d_out, mirrored ? left : right, mirrored, options_.stride, mirrored ? d_right : d_left);
    };
    each_run(2 * tasks, resolve_threads(num_threads), scratch_->runs, scratch_->workers, task);
  } else {
    differentiate(options_, d_out, left, right, d_left, d_right, num_threads);
  }
}

template class LocalCorrelation<float>;
template class LocalCorrelation<double>;

}  // namespace geomvision::ops

#include "geomvision/ops/fast_global_smoothing.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <functional>
#include <limits>

#include "geomvision/check.hpp"
#include "kernels/smoothing.hpp"
#include "ops/pieces.hpp"

namespace geomvision::ops {
namespace {

constexpr int rows_at_once = 32;
constexpr int columns_at_once = 64;
constexpr double least_weight = 1e-25;

int pieces(int count, int size) { return (count + size - 1) / size; }

void solve(float* values, std::ptrdiff_t stride, float* other, std::ptrdiff_t other_stride, const float* weights,
           std::ptrdiff_t weight_stride, int steps, int lanes, float lambda, float* shares) {
  GEOMVISION_KERNEL(smooth_lines_f32)
  (values, stride, other, other_stride, weights, weight_stride, steps, lanes, lambda, shares);
}

void solve(double* values, std::ptrdiff_t stride, double* other, std::ptrdiff_t other_stride, const double* weights,
           std::ptrdiff_t weight_stride, int steps, int lanes, double lambda, double* shares) {
  GEOMVISION_KERNEL(smooth_lines_f64)
  (values, stride, other, other_stride, weights, weight_stride, steps, lanes, lambda, shares);
}

void transpose(const float* from, std::ptrdiff_t from_stride, int rows, int columns, float* to, std::ptrdiff_t stride) {
  GEOMVISION_KERNEL(transpose_f32)(from, from_stride, rows, columns, to, stride);
}

void transpose(const double* from, std::ptrdiff_t from_stride, int rows, int columns, double* to,
               std::ptrdiff_t stride) {
  GEOMVISION_KERNEL(transpose_f64)(from, from_stride, rows, columns, to, stride);
}

void edge_weights(const std::uint8_t* a, const std::uint8_t* b, int count, int channels, double scale, float* weights) {
  GEOMVISION_KERNEL(edge_weights_u8)(a, b, count, channels, static_cast<float>(scale), weights);
}

void edge_weights(const std::uint16_t* a, const std::uint16_t* b, int count, int channels, double scale,
                  float* weights) {
  GEOMVISION_KERNEL(edge_weights_u16)(a, b, count, channels, static_cast<float>(scale), weights);
}

void edge_weights(const float* a, const float* b, int count, int channels, double scale, float* weights) {
  GEOMVISION_KERNEL(edge_weights_f32)(a, b, count, channels, static_cast<float>(scale), weights);
}

void edge_weights(const double* a, const double* b, int count, int channels, double scale, double* weights) {
  for (int i = 0; i < count; ++i) {
    double sum = 0;
    for (int c = 0; c < channels; ++c)
      sum += (a[i * channels + c] - b[i * channels + c]) * (a[i * channels + c] - b[i * channels + c]);
    weights[i] = std::isnan(sum) ? 0.0 : std::exp(-scale * std::sqrt(sum));
  }
}

}  // namespace

template <typename T>
template <typename Guide>
void FastGlobalSmoother<T>::operator()(ImageView<const T> map, TensorView<const Guide, 3> guide,
                                       ImageView<const T> confidence, ImageView<T> result, const Options& options) {
  const char* name = "FastGlobalSmoother";
  check(options.lambda >= 0 && options.lambda <= 1e12, name, ": lambda is ", options.lambda, "; allowed is 0 to 1e12");
  check(options.sigma > 0 && std::isfinite(options.sigma), name, ": sigma is ", options.sigma, "; it must be above 0");
  check_range(name, "iterations", options.iterations, 1, 10);
  check(guide.size(0) == map.height() && guide.size(1) == map.width() && (guide.size(2) > 0 || map.empty()), name,
        ": the guide is ", guide.shape(), ", the map ", map.height(), "x", map.width(),
        "; the guide must be height x width x channels of the map");
  check(result.width() == map.width() && result.height() == map.height(), name, ": the result is ", result.width(), "x",
        result.height(), ", the map ", map.width(), "x", map.height(), "; they must be equal");
  check(confidence.empty() || (confidence.width() == map.width() && confidence.height() == map.height()), name,
        ": confidence is ", confidence.width(), "x", confidence.height(), ", the map ", map.width(), "x", map.height(),
        "; they must be equal");
  check(guide.stride(1) == guide.size(2) || guide.empty(), name, ": the guide's pixels must lie side by side");
  if (map.empty()) return;
  width_ = map.width(), height_ = map.height();
  start(map, confidence, result, options.num_threads);
  weigh(guide, options.sigma, options.num_threads);
  const double whole = std::pow(4.0, options.iterations) - 1;
  for (int t = 1; t <= options.iterations; ++t) {
    const T lambda = static_cast<T>(1.5 * std::pow(4.0, options.iterations - t) / whole * options.lambda);
    smooth_rows(result, lambda, options.num_threads);
    smooth_columns(result, lambda, t == options.iterations, options.num_threads);
  }
}

template <typename T>
void FastGlobalSmoother<T>::start(ImageView<const T> map, ImageView<const T> confidence, ImageView<T> result,
                                  int num_threads) {
  const std::size_t area = static_cast<std::size_t>(width_) * height_;
  std::atomic<bool> has_gaps{false}, is_wrong{false};
  const auto find_gaps = [&](int begin, int end) {
    for (int y = begin; y < end; ++y) {
      const T* row = map.row(y);
      bool gap = false, wrong = false;
      for (int x = 0; x < width_; ++x) gap |= !(std::fabs(row[x]) <= std::numeric_limits<T>::max());
      if (gap) has_gaps = true;
      if (confidence.empty()) continue;
      for (int x = 0; x < width_; ++x) wrong |= !(confidence(x, y) >= 0 && confidence(x, y) <= 1e6f);
      if (wrong) is_wrong = true;
    }
  };
  parallel_for(height_, num_threads, std::ref(find_gaps));
  check(!is_wrong, "FastGlobalSmoother: confidence must be between 0 and 1e6 everywhere");
  weighted_ = has_gaps || !confidence.empty();
  if (weighted_ && weight_.size() < area) weight_.resize(area);
  const auto fill = [&](int begin, int end) {
    for (int y = begin; y < end; ++y) {
      const T *from = map.row(y), *trust = confidence.empty() ? nullptr : confidence.row(y);
      T* to = result.row(y);
      if (!weighted_) {
        if (to != from) std::copy_n(from, width_, to);
        continue;
      }
      T* weight = weight_.data() + static_cast<std::size_t>(y) * width_;
      for (int x = 0; x < width_; ++x) {
        const bool known = std::fabs(from[x]) <= std::numeric_limits<T>::max();
        weight[x] = known ? (trust == nullptr ? T(1) : trust[x]) : T(0);
        to[x] = known ? from[x] * weight[x] : T(0);
      }
    }
  };
  parallel_for(height_, num_threads, std::ref(fill));
}

template <typename T>
template <typename Guide>
void FastGlobalSmoother<T>::weigh(TensorView<const Guide, 3> guide, double sigma, int num_threads) {
  const int groups = pieces(height_, rows_at_once), channels = static_cast<int>(guide.size(2));
  const std::size_t rows = static_cast<std::size_t>(groups) * rows_at_once;
  if (along_x_.size() < rows * width_) along_x_.resize(rows * width_), along_y_.resize(rows * width_);
  const auto body = [&](int group, T* scratch) {
    const int first = group * rows_at_once, count = std::min(rows_at_once, height_ - first);
    for (int i = 0; i < count; ++i) {
      const Guide* row = guide.at(first + i);
      T* weights = scratch + static_cast<std::ptrdiff_t>(i) * width_;
      edge_weights(row, row + channels, width_ - 1, channels, 1 / sigma, weights);
      weights[width_ - 1] = 0;
      if (first + i + 1 == height_) continue;
      edge_weights(row, guide.at(first + i + 1), width_, channels, 1 / sigma,
                   along_y_.data() + static_cast<std::size_t>(first + i) * width_);
    }
    transpose(scratch, width_, count, width_, along_x_.data() + static_cast<std::size_t>(first) * width_, rows_at_once);
  };
  for_each_piece(groups, num_threads, scratch_, static_cast<std::size_t>(width_) * rows_at_once, body);
}

template <typename T>
void FastGlobalSmoother<T>::smooth_rows(ImageView<T> values, T lambda, int num_threads) {
  const std::ptrdiff_t part = static_cast<std::ptrdiff_t>(width_) * rows_at_once;
  const auto body = [&](int group, T* scratch) {
    const int first = group * rows_at_once, count = std::min(rows_at_once, height_ - first);
    T *lines = scratch, *other = weighted_ ? scratch + 2 * part : nullptr;
    T* weight = weighted_ ? weight_.data() + static_cast<std::ptrdiff_t>(first) * width_ : nullptr;
    transpose(values.row(first), values.stride(), count, width_, lines, rows_at_once);
    if (weighted_) transpose(weight, width_, count, width_, other, rows_at_once);
    solve(lines, rows_at_once, other, rows_at_once, along_x_.data() + static_cast<std::ptrdiff_t>(first) * width_,
          rows_at_once, width_, count, lambda, scratch + part);
    transpose(lines, rows_at_once, width_, count, values.row(first), values.stride());
    if (weighted_) transpose(other, rows_at_once, width_, count, weight, width_);
  };
  for_each_piece(pieces(height_, rows_at_once), num_threads, scratch_, static_cast<std::size_t>(part) * 3, body);
}

template <typename T>
void FastGlobalSmoother<T>::smooth_columns(ImageView<T> values, T lambda, bool last, int num_threads) {
  const auto body = [&](int block, T* scratch) {
    const int x = block * columns_at_once, count = std::min(columns_at_once, width_ - x);
    T* weight = weighted_ ? weight_.data() + x : nullptr;
    solve(values.row(0) + x, values.stride(), weight, width_, along_y_.data() + x, width_, height_, count, lambda,
          scratch);
    if (!weighted_ || !last) return;
    for (int y = 0; y < height_; ++y) {
      T* value = values.row(y) + x;
      const T* reached = weight + static_cast<std::ptrdiff_t>(y) * width_;
      for (int i = 0; i < count; ++i) {
        value[i] = reached[i] >= T(least_weight) ? value[i] / reached[i] : std::numeric_limits<T>::quiet_NaN();
      }
    }
  };
  for_each_piece(pieces(width_, columns_at_once), num_threads, scratch_,
                 static_cast<std::size_t>(height_) * columns_at_once, body);
}

template class FastGlobalSmoother<float>;
template class FastGlobalSmoother<double>;

#define GEOMVISION_SMOOTH(T, Guide)                                                                                   \
  template void FastGlobalSmoother<T>::operator()(ImageView<const T>, TensorView<const Guide, 3>, ImageView<const T>, \
                                                  ImageView<T>, const Options&)
GEOMVISION_SMOOTH(float, std::uint8_t);
GEOMVISION_SMOOTH(float, std::uint16_t);
GEOMVISION_SMOOTH(float, float);
GEOMVISION_SMOOTH(double, double);
#undef GEOMVISION_SMOOTH

}  // namespace geomvision::ops

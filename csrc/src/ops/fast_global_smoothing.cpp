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

void solve(const SmoothedLines<float>& lines) { GEOMVISION_KERNEL(smooth_lines_f32)(lines); }
void solve(const SmoothedLines<double>& lines) { GEOMVISION_KERNEL(smooth_lines_f64)(lines); }

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
  const double whole = std::pow(4.0, options.iterations) - 1;
  for (int t = 1; t <= options.iterations; ++t) {
    const T lambda = static_cast<T>(1.5 * std::pow(4.0, options.iterations - t) / whole * options.lambda);
    smooth_rows(t == 1 && !weighted_ ? map : result, guide, result, lambda, t == 1, options);
    smooth_columns(guide, result, lambda, t == 1, t == options.iterations, options);
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
      int gaps = 0;
      bool wrong = false;
      for (int x = 0; x < width_; ++x) gaps += std::fabs(row[x]) <= std::numeric_limits<T>::max() ? 0 : 1;
      if (gaps > 0) has_gaps = true;
      if (confidence.empty()) continue;
      for (int x = 0; x < width_; ++x) wrong |= !(confidence(x, y) >= 0 && confidence(x, y) <= 1e6f);
      if (wrong) is_wrong = true;
    }
  };
  parallel_for(height_, num_threads, std::ref(find_gaps));
  check(!is_wrong, "FastGlobalSmoother: confidence must be between 0 and 1e6 everywhere");
  weighted_ = has_gaps || !confidence.empty();
  if (weighted_ && weight_.size() < area) weight_.resize(area);
  if (!weighted_) return;
  const auto fill = [&](int begin, int end) {
    for (int y = begin; y < end; ++y) {
      const T *from = map.row(y), *trust = confidence.empty() ? nullptr : confidence.row(y);
      T* to = result.row(y);
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

// Weights between neighbours are found once, and kept in the order in which lines are solved.
template <typename T>
template <typename Guide>
void FastGlobalSmoother<T>::smooth_rows(ImageView<const T> from, TensorView<const Guide, 3> guide, ImageView<T> values,
                                        T lambda, bool begins, const Options& options) {
  const std::ptrdiff_t part = static_cast<std::ptrdiff_t>(width_) * rows_at_once;
  const int channels = static_cast<int>(guide.size(2));
  const std::size_t area = static_cast<std::size_t>(width_) * height_;
  if (along_x_.size() < area) along_x_.resize(area);
  const auto body = [&](int group, T* scratch) {
    const int first = group * rows_at_once, count = std::min(rows_at_once, height_ - first);
    T *lines = scratch, *shares = scratch + part, *other = scratch + 2 * part;
    T* weights = along_x_.data() + group * part;
    T* weight = weighted_ ? weight_.data() + static_cast<std::ptrdiff_t>(first) * width_ : nullptr;
    for (int i = 0; begins && i < count; ++i) {
      const Guide* row = guide.at(first + i);
      T* to = lines + std::ptrdiff_t{i} * width_;
      edge_weights(row, row + channels, width_ - 1, channels, 1 / options.sigma, to);
      to[width_ - 1] = 0;
    }
    if (begins) transpose(lines, width_, count, width_, weights, count);
    transpose(from.row(first), from.stride(), count, width_, lines, count);
    if (weighted_) transpose(weight, width_, count, width_, other, count);
    solve({lines, count, weighted_ ? other : nullptr, count, weights, shares, width_, count, lambda});
    transpose(lines, count, width_, count, values.row(first), values.stride());
    if (weighted_) transpose(other, count, width_, count, weight, width_);
  };
  for_each_piece(pieces(height_, rows_at_once), options.num_threads, scratch_, static_cast<std::size_t>(part) * 3,
                 body);
}

template <typename T>
template <typename Guide>
void FastGlobalSmoother<T>::smooth_columns(TensorView<const Guide, 3> guide, ImageView<T> values, T lambda, bool begins,
                                           bool last, const Options& options) {
  const std::ptrdiff_t part = static_cast<std::ptrdiff_t>(height_) * columns_at_once;
  const int channels = static_cast<int>(guide.size(2));
  const int blocks = pieces(width_, columns_at_once), even = pieces(blocks, 2);
  const std::size_t area = static_cast<std::size_t>(width_) * height_;
  if (along_y_.size() < area) along_y_.resize(area);
  const auto body = [&](int index, T* shares) {
    // Neighbours share cache lines, which two threads had better not write at once: every second block comes first.
    const int block = index < even ? 2 * index : 2 * (index - even) + 1;
    const int x = block * columns_at_once, count = std::min(columns_at_once, width_ - x);
    T* weights = along_y_.data() + block * part;
    T* weight = weighted_ ? weight_.data() + x : nullptr;
    for (int y = 0; begins && y + 1 < height_; ++y) {
      edge_weights(guide.at(y, x), guide.at(y + 1, x), count, channels, 1 / options.sigma,
                   weights + static_cast<std::ptrdiff_t>(y) * count);
    }
    if (begins) std::fill_n(weights + static_cast<std::ptrdiff_t>(height_ - 1) * count, count, T(0));
    solve({values.row(0) + x, values.stride(), weight, width_, weights, shares, height_, count, lambda});
    if (!weighted_ || !last) return;
    for (int y = 0; y < height_; ++y) {
      T* value = values.row(y) + x;
      const T* reached = weight + static_cast<std::ptrdiff_t>(y) * width_;
      for (int i = 0; i < count; ++i) {
        value[i] = reached[i] >= T(least_weight) ? value[i] / reached[i] : std::numeric_limits<T>::quiet_NaN();
      }
    }
  };
  for_each_piece(blocks, options.num_threads, scratch_, static_cast<std::size_t>(part), body);
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

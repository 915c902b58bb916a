#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <vector>

#include "geomvision/check.hpp"
#include "geomvision/ops/matching_costs.hpp"
#include "geomvision/parallel.hpp"
#include "kernels/matching_costs.hpp"
#include "ops/matched_rows.hpp"

namespace geomvision::ops {
namespace {

constexpr double least_variance = 1e-12;  // of the mean square

auto products_of(float) { return GEOMVISION_KERNEL(add_products_f32); }
auto products_of(double) { return GEOMVISION_KERNEL(add_products_f64); }
auto runs_of(float) { return GEOMVISION_KERNEL(sum_runs_f32); }
auto runs_of(double) { return GEOMVISION_KERNEL(sum_runs_f64); }

// An image's row, borders repeated: `lead` before the first pixel (anywhere, also inside), `length` in all.
template <typename T, typename Value>
void continue_row(const T* row, int width, int lead, std::vector<Value>& continued, bool mirrored) {
  const int length = static_cast<int>(continued.size());
  for (int i = 0; i < length; ++i) {
    const Value value = static_cast<Value>(row[std::clamp(i - lead, 0, width - 1)]);
    continued[static_cast<std::size_t>(mirrored ? length - 1 - i : i)] = value;
  }
}

// Window sums of an image and 1 / root of what is left of their squares, per pixel.
struct Moments {
  std::vector<double> sums, scales;

  template <typename T>
  void take(const ImageView<const T>& image, int y, int radius, bool means) {
    const int width = image.width(), columns = width + 2 * radius;
    std::vector<double> row(static_cast<std::size_t>(columns)), first(row.size()), second(row.size());
    for (int dy = -radius; dy <= radius; ++dy) {
      continue_row(image.row(std::clamp(y + dy, 0, image.height() - 1)), width, radius, row, false);
      for (std::size_t i = 0; i < row.size(); ++i) {
        first[i] += row[i];
        second[i] += row[i] * row[i];
      }
    }
    const double area = means ? (2.0 * radius + 1) * (2.0 * radius + 1) : 1.0;
    sums.assign(static_cast<std::size_t>(width), 0.0);
    scales.assign(sums.size(), 0.0);
    for (std::size_t x = 0; x < sums.size(); ++x) {
      double sum = 0.0, squares = 0.0;
      for (std::size_t i = x; i <= x + 2 * static_cast<std::size_t>(radius); ++i) {
        sum += first[i];
        squares += second[i];
      }
      sums[x] = means ? sum : 0.0;
      const double spread = area * squares - sums[x] * sums[x];
      scales[x] = spread > least_variance * area * squares ? 1.0 / std::sqrt(spread) : 0.0;
      if (std::isnan(spread)) scales[x] = spread;
    }
  }
};

// Products are summed in Value.
template <typename Value, typename T>
void correlate(const ImageView<const T>& left, const ImageView<const T>& right, int first, int window, bool means,
               const TensorView<Real<T>, 3>& volume, int num_threads) {
  const int width = left.width(), radius = window / 2, columns = width + 2 * radius;
  const int count = static_cast<int>(volume.size(2));
  const double area = means ? static_cast<double>(window) * window : 1.0;
  constexpr Real<T> none = std::numeric_limits<Real<T>>::quiet_NaN();
  const auto add_products = products_of(Value{});
  const auto sum_runs = runs_of(Value{});
  const auto rows = [&](int begin, int end) {
    const std::size_t all = static_cast<std::size_t>(columns) * static_cast<std::size_t>(count);
    std::vector<Value> here(static_cast<std::size_t>(columns)),
        there(here.size() + static_cast<std::size_t>(count) - 1);
    std::vector<Value> products(all), sums(static_cast<std::size_t>(count));
    Moments seen, met;
    for (int y = begin; y < end; ++y) {
      std::fill(products.begin(), products.end(), Value(0));
      for (int dy = -radius; dy <= radius; ++dy) {
        const int v = std::clamp(y + dy, 0, left.height() - 1);
        continue_row(left.row(v), width, radius, here, false);
        continue_row(right.row(v), width, radius + first + count - 1, there, true);
        add_products(here.data(), there.data(), columns, count, products.data());
      }
      seen.take(left, y, radius, means);
      met.take(right, y, radius, means);
      Real<T>* costs = volume.at(y);
      for (int x = 0; x < width; ++x, costs += count) {
        const std::size_t i = static_cast<std::size_t>(x);
        sum_runs(&products[i * static_cast<std::size_t>(count)], window, count, sums.data());
        for (int k = 0; k < count; ++k) {
          const int match = x - first - k;
          costs[k] = none;
          if (match < 0 || match >= width) continue;
          const std::size_t m = static_cast<std::size_t>(match);
          if (seen.scales[i] == 0.0 || met.scales[m] == 0.0) continue;
          const double r =
              (area * static_cast<double>(sums[static_cast<std::size_t>(k)]) - seen.sums[i] * met.sums[m]) *
              seen.scales[i] * met.scales[m];
          costs[k] = static_cast<Real<T>>(1.0 - std::clamp(r, -1.0, 1.0));
        }
      }
    }
  };
  parallel_for(left.height(), num_threads, std::ref(rows));
}

}  // namespace

template <typename T>
void correlation_costs(ImageView<const T> left, ImageView<const T> right, int first, int window, bool means,
                       TensorView<Real<T>, 3> volume, int num_threads) {
  const char* op = "correlation_costs";
  check(window >= 1 && window % 2 == 1 && window <= 255, op, ": window is ", window, "; allowed is odd, 1 to 255");
  check_pair(op, left, right, first, volume);
  if (volume.empty()) return;
  // float holds the sums of products of bytes exactly up to 2^24
  if (std::is_same_v<T, std::uint8_t> && window * window * 255 * 255 <= 1 << 24) {
    correlate<float>(left, right, first, window, means, volume, num_threads);
  } else {
    correlate<double>(left, right, first, window, means, volume, num_threads);
  }
}

#define GEOMVISION_INSTANTIATE(T)                                                                                    \
  template void correlation_costs<T>(ImageView<const T>, ImageView<const T>, int, int, bool, TensorView<Real<T>, 3>, \
                                     int)
GEOMVISION_INSTANTIATE(std::uint8_t);
GEOMVISION_INSTANTIATE(std::uint16_t);
GEOMVISION_INSTANTIATE(float);
GEOMVISION_INSTANTIATE(double);
#undef GEOMVISION_INSTANTIATE

}  // namespace geomvision::ops

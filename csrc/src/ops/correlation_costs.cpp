#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <vector>

#include "geomvision/check.hpp"
#include "geomvision/ops/matching_costs.hpp"
#include "geomvision/parallel.hpp"
#include "kernels/matching_costs.hpp"
#include "ops/image_types.hpp"
#include "ops/matched_rows.hpp"

namespace geomvision::ops {
namespace {

constexpr double least_variance = 1e-12;  // of the mean square

auto products_of(float) { return GEOMVISION_KERNEL(sum_products_f32); }
auto products_of(double) { return GEOMVISION_KERNEL(sum_products_f64); }
auto runs_of(float) { return GEOMVISION_KERNEL(sum_runs_f32); }
auto runs_of(double) { return GEOMVISION_KERNEL(sum_runs_f64); }
auto costs_of(float, float) { return GEOMVISION_KERNEL(correlation_costs_f32_f32); }
auto costs_of(double, float) { return GEOMVISION_KERNEL(correlation_costs_f64_f32); }
auto costs_of(double, double) { return GEOMVISION_KERNEL(correlation_costs_f64_f64); }

// An image's row, borders repeated: `lead` before the first pixel (anywhere, also inside), `length` in all.
template <typename T, typename Value>
void continue_row(const T* row, int width, int lead, Value* continued, int length, bool mirrored) {
  for (int i = 0; i < length; ++i) {
    continued[mirrored ? length - 1 - i : i] = static_cast<Value>(row[std::clamp(i - lead, 0, width - 1)]);
  }
}

// Window sums of an image and 1 / root of what is left of their squares, per pixel; NaN where nothing is left.
struct Moments {
  std::vector<double> sums, scales;

  // From right to left, begun `before` pixels to the right of the last one; NaN where there are none.
  void mirror(const Moments& other, std::ptrdiff_t before, std::size_t length) {
    sums.assign(length, 0.0);
    scales.assign(length, std::numeric_limits<double>::quiet_NaN());
    const auto width = static_cast<std::ptrdiff_t>(other.sums.size());
    for (std::size_t i = 0; i < length; ++i) {
      const std::ptrdiff_t x = width - 1 + before - static_cast<std::ptrdiff_t>(i);
      if (x < 0 || x >= width) continue;
      sums[i] = other.sums[static_cast<std::size_t>(x)];
      scales[i] = other.scales[static_cast<std::size_t>(x)];
    }
  }

  template <typename T>
  void take(const ImageView<const T>& image, int y, int radius, bool means) {
    const int width = image.width(), columns = width + 2 * radius;
    std::vector<double> row(static_cast<std::size_t>(columns)), first(row.size()), second(row.size());
    for (int dy = -radius; dy <= radius; ++dy) {
      continue_row(image.row(std::clamp(y + dy, 0, image.height() - 1)), width, radius, row.data(), columns, false);
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
      const bool enough = spread > least_variance * area * squares;
      scales[x] = enough ? 1.0 / std::sqrt(spread) : std::numeric_limits<double>::quiet_NaN();
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
  const auto sum_products = products_of(Value{});
  const auto sum_runs = runs_of(Value{});
  const auto find_costs = costs_of(Value{}, Real<T>{});
  const auto rows = [&](int begin, int end) {
    const std::size_t all = static_cast<std::size_t>(columns) * static_cast<std::size_t>(count);
    const std::size_t candidates = static_cast<std::size_t>(columns) + count - 1;
    std::vector<Value> here(static_cast<std::size_t>(columns) * window), there(candidates * window);
    std::vector<Value> products(all), sums(static_cast<std::size_t>(count));
    Moments seen, met, mirrored;
    for (int y = begin; y < end; ++y) {
      for (int i = 0; i < window; ++i) {
        const int v = std::clamp(y + i - radius, 0, left.height() - 1);
        continue_row(left.row(v), width, radius, &here[static_cast<std::size_t>(i) * columns], columns, false);
        continue_row(right.row(v), width, radius + first + count - 1, &there[i * candidates],
                     static_cast<int>(candidates), true);
      }
      sum_products(here.data(), there.data(), window, columns, count, products.data());
      seen.take(left, y, radius, means);
      met.take(right, y, radius, means);
      mirrored.mirror(met, -std::ptrdiff_t{first}, static_cast<std::size_t>(width) + count - 1);
      Real<T>* costs = volume.at(y);
      for (int x = 0; x < width; ++x, costs += count) {
        const std::size_t i = static_cast<std::size_t>(x);
        sum_runs(&products[i * static_cast<std::size_t>(count)], window, count, sums.data());
        const std::size_t match = static_cast<std::size_t>(width - 1 - x);
        find_costs(sums.data(), count, area, seen.sums[i], seen.scales[i], &mirrored.sums[match],
                   &mirrored.scales[match], costs);
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
  if constexpr (std::is_same_v<T, std::uint8_t>) {
    if (std::int64_t{window} * window * 255 * 255 <= 1 << 24) {
      return correlate<float>(left, right, first, window, means, volume, num_threads);
    }
  }
  correlate<double>(left, right, first, window, means, volume, num_threads);
}

#define GEOMVISION_INSTANTIATE(T)                                                                                    \
  template void correlation_costs<T>(ImageView<const T>, ImageView<const T>, int, int, bool, TensorView<Real<T>, 3>, \
                                     int)
GEOMVISION_FOR_IMAGE_TYPES(GEOMVISION_INSTANTIATE);
#undef GEOMVISION_INSTANTIATE

}  // namespace geomvision::ops

#include "geomvision/ops/box.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

#include "check_apart.hpp"
#include "geomvision/check.hpp"
#include "geomvision/parallel.hpp"
#include "kernels/matching_costs.hpp"
#include "ops/none.hpp"

namespace geomvision::ops {

template <typename T>
void box_aggregation(TensorView<const T, 3> volume, int window, bool mean,
                     TensorView<std::conditional_t<std::is_same_v<T, double>, double, float>, 3> result,
                     int num_threads) {
  using Out = std::conditional_t<std::is_same_v<T, double>, double, float>;
  check(window >= 1 && window % 2 == 1, "box_aggregation: window is ", window, "; allowed is odd, 1 or more");
  check(volume.sizes() == result.sizes() && volume.is_packed() && result.is_packed(), "box_aggregation: the volume is ",
        volume.shape(), ", the result ", result.shape(), "; they must be equal and without gaps");
  check_apart("box_aggregation", volume, result);
  if (volume.empty()) return;
  const int height = static_cast<int>(volume.size(0)), width = static_cast<int>(volume.size(1));
  const int count = static_cast<int>(volume.size(2)), radius = std::min(window / 2, std::max(width, height));
  const auto rows = [&](int begin, int end) {
    const std::size_t row = static_cast<std::size_t>(width) * static_cast<std::size_t>(count);
    std::vector<double> sums(row), numbers(row), sum(static_cast<std::size_t>(count)), number(sum.size());
    for (int y = begin; y < end; ++y) {
      std::fill(sums.begin(), sums.end(), 0.0);
      std::fill(numbers.begin(), numbers.end(), 0.0);
      for (int v = std::max(0, y - radius); v <= std::min(height - 1, y + radius); ++v) {
        const T* costs = volume.at(v);
        for (std::size_t i = 0; i < row; ++i) {
          const bool none = is_none(costs[i]);
          sums[i] += none ? 0.0 : static_cast<double>(costs[i]);
          numbers[i] += none ? 0.0 : 1.0;
        }
      }
      const T* here = volume.at(y);
      Out* out = result.at(y);
      for (int x = 0; x < width; ++x, here += count, out += count) {
        const int from = std::max(0, x - radius), runs = std::min(width - 1, x + radius) - from + 1;
        const std::size_t at = static_cast<std::size_t>(from) * static_cast<std::size_t>(count);
        GEOMVISION_KERNEL(sum_runs_f64)(&sums[at], runs, count, sum.data());
        GEOMVISION_KERNEL(sum_runs_f64)(&numbers[at], runs, count, number.data());
        for (int k = 0; k < count; ++k) {
          const std::size_t i = static_cast<std::size_t>(k);
          const double value = mean ? sum[i] / number[i] : sum[i];
          out[k] = is_none(here[k]) ? std::numeric_limits<Out>::quiet_NaN() : static_cast<Out>(value);
        }
      }
    }
  };
  parallel_for(height, num_threads, std::ref(rows));
}

#define GEOMVISION_INSTANTIATE(T, Out) \
  template void box_aggregation<T>(TensorView<const T, 3>, int, bool, TensorView<Out, 3>, int)
GEOMVISION_INSTANTIATE(std::uint8_t, float);
GEOMVISION_INSTANTIATE(std::uint16_t, float);
GEOMVISION_INSTANTIATE(std::int32_t, float);
GEOMVISION_INSTANTIATE(float, float);
GEOMVISION_INSTANTIATE(double, double);
#undef GEOMVISION_INSTANTIATE

}  // namespace geomvision::ops

#include <algorithm>
#include <functional>

#include "geomvision/check.hpp"
#include "geomvision/ops/matching_costs.hpp"
#include "geomvision/parallel.hpp"
#include "ops/matched_rows.hpp"

namespace geomvision::ops {
namespace {

template <typename T>
T sign(T value) {
  return value > 0 ? T(1) : value < 0 ? T(-1) : value;  // NaN, and 0, are their own
}

template <bool squared, typename T>
void derive_row(const T* left, const T* right, std::ptrdiff_t width, std::ptrdiff_t first,
                const TensorView<const T, 3>& d_volume, std::ptrdiff_t y, T* d_left, T* d_right) {
  std::fill_n(d_right, width, T(0));
  for (std::ptrdiff_t x = 0; x < width; ++x) {
    const T* d_costs = d_volume.at(y, x);
    const std::ptrdiff_t most = x - first;  // the candidate that meets right pixel 0
    T sum = 0;
    for (std::ptrdiff_t k = std::max<std::ptrdiff_t>(0, most - width + 1); k < std::min(d_volume.size(2), most + 1);
         ++k) {
      const T difference = left[x] - right[most - k];
      const T share = d_costs[k] * (squared ? 2 * difference : sign(difference));
      sum += share;
      d_right[most - k] -= share;
    }
    d_left[x] = sum;
  }
}

}  // namespace

template <typename T>
void differences_backward(TensorView<const T, 3> d_volume, ImageView<const T> left, ImageView<const T> right, int first,
                          bool squared, ImageView<T> d_left, ImageView<T> d_right, int num_threads) {
  const char* op = "differences_backward";
  check_pair(op, left, right, first, d_volume);
  for (const ImageView<T>& made : {d_left, d_right}) {
    check(made.width() == left.width() && made.height() == left.height(), op, ": the images are ", left.width(), "x",
          left.height(), ", a derivative ", made.width(), "x", made.height(), "; they must be equal");
  }
  const auto derive = squared ? &derive_row<true, T> : &derive_row<false, T>;
  const auto rows = [&](int begin, int end) {
    for (int y = begin; y < end; ++y) {
      derive(left.row(y), right.row(y), left.width(), first, d_volume, y, d_left.row(y), d_right.row(y));
    }
  };
  parallel_for(left.width() == 0 ? 0 : left.height(), num_threads, std::ref(rows));
}

template void differences_backward<float>(TensorView<const float, 3>, ImageView<const float>, ImageView<const float>,
                                          int, bool, ImageView<float>, ImageView<float>, int);
template void differences_backward<double>(TensorView<const double, 3>, ImageView<const double>,
                                           ImageView<const double>, int, bool, ImageView<double>, ImageView<double>,
                                           int);

}  // namespace geomvision::ops

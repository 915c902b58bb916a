#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <random>
#include <stdexcept>
#include <vector>

#include "allocations.hpp"
#include "each_isa.hpp"
#include "geomvision/isa.hpp"
#include "geomvision/ops/convolution.hpp"

namespace gv = geomvision;
using gv::TensorView;
using gv::ops::Convolution;
using gv::ops::ConvolutionOptions;
using Size = std::ptrdiff_t;

namespace {

template <typename T, int Rank>
struct Tensor {
  typename TensorView<T, Rank>::Sizes sizes;
  std::vector<T> values;

  explicit Tensor(typename TensorView<T, Rank>::Sizes given, unsigned seed = 0) : sizes(given) {
    std::size_t count = 1;
    for (const Size size : sizes) count *= static_cast<std::size_t>(size);
    values.resize(count);
    std::mt19937 random(seed);
    for (T& value : values) value = static_cast<T>(random() % 2001) / 1000 - 1;
  }
  operator TensorView<T, Rank>() { return {values.data(), sizes}; }              // NOLINT
  operator TensorView<const T, Rank>() const { return {values.data(), sizes}; }  // NOLINT
};

// The nearest number of 8 bits, by arithmetic alone.
double nearest_bf16(double value) {
  int exponent = 0;
  const double fraction = std::frexp(value, &exponent);
  return std::ldexp(std::nearbyint(fraction * 256), exponent - 8);
}

// What the definition says, in double.
template <typename T>
double defined(const ConvolutionOptions& options, TensorView<const T, 4> input, TensorView<const T, 4> weight, Size b,
               Size o, Size y, Size x) {
  const Size side = weight.size(2), border = side / 2 * options.dilation;
  double sum = 0;
  for (Size c = 0; c < input.size(1); ++c) {
    for (Size ky = 0; ky < side; ++ky) {
      for (Size kx = 0; kx < side; ++kx) {
        const Size at_y = y * options.stride - border + ky * options.dilation;
        const Size at_x = x * options.stride - border + kx * options.dilation;
        if (at_y < 0 || at_y >= input.size(2) || at_x < 0 || at_x >= input.size(3)) continue;
        const double pixel = static_cast<double>(*input.at(b, c, at_y, at_x));
        const double factor = static_cast<double>(*weight.at(o, c, ky, kx));
        sum += options.bfloat16 ? nearest_bf16(pixel) * nearest_bf16(factor) : pixel * factor;
      }
    }
  }
  return sum;
}

template <typename T>
void check_definition(const ConvolutionOptions& options, Size channels, Size outputs, Size height, Size width,
                      Size side) {
  const Tensor<T, 4> input({2, channels, height, width}, 1), weight({outputs, channels, side, side}, 2);
  const Tensor<T, 1> bias({outputs}, 3);
  const Size stride = options.stride, rows = (height + stride - 1) / stride, columns = (width + stride - 1) / stride;
  const Tensor<T, 4> residual({2, outputs, rows, columns}, 4);
  Tensor<T, 4> result(residual.sizes), again(residual.sizes);
  Convolution<T> convolve(options);
  convolve(input, weight, bias, residual, result, 1);
  convolve(input, weight, bias, residual, again, 3);
  CHECK(result.values == again.values);
  const TensorView<T, 4> found = result;
  const TensorView<const T, 4> more = residual;
  double worst = 0;
  for (Size b = 0; b < 2; ++b) {
    for (Size o = 0; o < outputs; ++o) {
      for (Size y = 0; y < rows; ++y) {
        for (Size x = 0; x < columns; ++x) {
          double expected = defined<T>(options, input, weight, b, o, y, x);
          expected += static_cast<double>(bias.values[static_cast<std::size_t>(o)] + *more.at(b, o, y, x));
          if (options.relu) expected = std::max(expected, 0.0);
          worst = std::max(worst, std::abs(static_cast<double>(*found.at(b, o, y, x)) - expected));
        }
      }
    }
  }
  CHECK(worst < (sizeof(T) == 4 ? 1e-4 : 1e-12));
}

}  // namespace

TEST_CASE("a convolution is what its definition says: strides, dilations, sides, odd sizes, residual and ReLU") {
  with_each_isa([] {
    for (const bool bfloat16 : {false, true}) {
      check_definition<float>({1, 1, true, bfloat16}, 5, 9, 7, 43, 3);
      check_definition<float>({2, 1, false, bfloat16}, 33, 17, 9, 70, 3);
      check_definition<float>({1, 2, true, bfloat16}, 64, 20, 5, 33, 3);
      check_definition<float>({3, 2, true, bfloat16}, 2, 3, 11, 29, 5);
      check_definition<float>({1, 1, false, bfloat16}, 48, 40, 2, 17, 1);
      check_definition<float>({2, 3, true, bfloat16}, 1, 1, 1, 1, 7);
      check_definition<float>({1, 1, true, bfloat16}, 3, 2, 3, 400, 3);
    }
    check_definition<double>({2, 1, true, false}, 7, 10, 6, 50, 3);
    check_definition<double>({1, 2, false, false}, 3, 8, 9, 21, 5);
  });
}

TEST_CASE("a convolution may lack bias and residual, and write over its residual") {
  const Tensor<float, 4> input({1, 3, 6, 20}, 1), weight({4, 3, 3, 3}, 2), residual({1, 4, 6, 20}, 3);
  Tensor<float, 4> plain(residual.sizes), added(residual.sizes), in_place(residual.sizes);
  Convolution<float> convolve;
  convolve(input, weight, {}, {}, plain);
  convolve(input, weight, {}, residual, added);
  in_place.values = residual.values;
  const TensorView<float, 4> there = in_place;
  convolve(input, weight, {}, there, there);
  CHECK(in_place.values == added.values);
  for (std::size_t i = 0; i < plain.values.size(); ++i) CHECK(added.values[i] == plain.values[i] + residual.values[i]);
}

TEST_CASE("views with gaps between rows are convolved in place") {
  const Tensor<float, 4> wide({1, 2, 12, 40}, 1), weight({3, 2, 3, 3}, 2);
  const TensorView<const float, 4> part(wide.values.data() + 5, {1, 2, 6, 30}, {0, 480, 80, 1});
  Tensor<float, 4> copy({1, 2, 6, 30}), expected({1, 3, 6, 30}), found({1, 3, 6, 35});
  for (Size c = 0; c < 2; ++c) {
    for (Size y = 0; y < 6; ++y)
      std::copy_n(part.at(0, c, y), 30, &copy.values[static_cast<std::size_t>((c * 6 + y) * 30)]);
  }
  Convolution<float> convolve;
  convolve(copy, weight, {}, {}, expected);
  const TensorView<float, 4> apart(found.values.data(), {1, 3, 6, 30}, {0, 210, 35, 1});
  convolve(part, weight, {}, {}, apart);
  const TensorView<const float, 4> same = expected;
  for (Size o = 0; o < 3; ++o) {
    for (Size y = 0; y < 6; ++y) CHECK(std::equal(apart.at(0, o, y), apart.at(0, o, y) + 30, same.at(0, o, y)));
  }
}

TEST_CASE("a second convolution of the same size allocates nothing") {
  const Tensor<float, 4> input({1, 24, 40, 300}, 1), weight({20, 24, 3, 3}, 2);
  Tensor<float, 4> result({1, 20, 40, 300});
  Convolution<float> exact, rounded({1, 1, true, true});
  const auto all = [&] {
    exact(input, weight, {}, {}, result, 2);
    rounded(input, weight, {}, {}, result, 2);
  };
  all();
  const long before = allocations();
  all();
  CHECK(allocations() - before == 0);
}

TEST_CASE("a convolution refuses sizes that disagree, and results that lie where their input does") {
  Tensor<float, 4> input({1, 3, 6, 20}), weight({4, 3, 3, 3}), even({4, 3, 2, 2}), other({4, 2, 3, 3});
  Tensor<float, 4> result({1, 4, 6, 20}), small({1, 4, 6, 19}), square({1, 3, 6, 20});
  const Tensor<float, 1> bias({3});
  Convolution<float> convolve;
  CHECK_THROWS_AS(convolve(input, even, {}, {}, result), std::invalid_argument);
  CHECK_THROWS_AS(convolve(input, other, {}, {}, result), std::invalid_argument);
  CHECK_THROWS_AS(convolve(input, weight, bias, {}, result), std::invalid_argument);
  CHECK_THROWS_AS(convolve(input, weight, {}, small, result), std::invalid_argument);
  CHECK_THROWS_WITH_AS(convolve(input, weight, {}, {}, small),
                       "Convolution: the result is 1x4x6x19; it must be 0x4x6x20 with 1 for 0", std::invalid_argument);
  const Tensor<float, 4> same({3, 3, 3, 3});
  const TensorView<float, 4> there = input;
  CHECK_THROWS_AS(convolve(there, same, {}, {}, there), std::invalid_argument);
  CHECK_THROWS_AS(Convolution<float>({0, 1, false, false}), std::invalid_argument);
  CHECK_THROWS_AS(Convolution<float>({1, 65, false, false}), std::invalid_argument);
  CHECK_THROWS_AS(Convolution<double>({1, 1, false, true}), std::invalid_argument);
}

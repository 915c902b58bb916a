#include "geomvision/ops/convolution.hpp"

#include <pybind11/stl.h>

#include <optional>

#include "bind.hpp"

namespace geomvision::bindings {
namespace {

template <int Rank, typename T>
TensorView<const T, Rank> tensor_or_none(const std::optional<Array<T>>& array, const char* name) {
  return array ? tensor<Rank>(*array, name) : TensorView<const T, Rank>();
}

template <typename T>
void define(py::module_& module) {
  using namespace py::literals;
  module.def(
      "convolution",
      [](const Array<T>& input, const Array<T>& weight, const std::optional<Array<T>>& bias,
         const std::optional<Array<T>>& residual, int stride, int dilation, bool relu, bool bfloat16, int num_threads) {
        const auto from = tensor<4>(input, "input"), factors = tensor<4>(weight, "weight");
        const auto offsets = tensor_or_none<1>(bias, "bias");
        const auto more = tensor_or_none<4>(residual, "residual");
        ops::Convolution<T> convolve({stride, dilation, relu, bfloat16});
        Output<T, 4> out({from.size(0), factors.size(0), (from.size(2) + stride - 1) / stride,
                          (from.size(3) + stride - 1) / stride});
        without_gil([&] { convolve(from, factors, offsets, more, out.view, num_threads); });
        return out.array;
      },
      "input"_a.noconvert(), "weight"_a.noconvert(), "bias"_a.noconvert(), "residual"_a.noconvert(), "stride"_a,
      "dilation"_a, "relu"_a, "bfloat16"_a, "num_threads"_a);
}

}  // namespace

void bind_convolution(py::module_& module) {
  define<float>(module);
  define<double>(module);
}

}  // namespace geomvision::bindings

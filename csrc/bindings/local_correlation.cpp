#include "geomvision/ops/local_correlation.hpp"

#include "bind.hpp"

namespace geomvision::bindings {
namespace {

template <typename T>
void define(py::module_& module) {
  using namespace py::literals;
  module.def(
      "local_correlation",
      [](const Array<T>& left, const Array<T>& right, int radius, int stride, int dilation, int num_threads) {
        const auto first = tensor<4>(left, "left"), second = tensor<4>(right, "right");
        ops::LocalCorrelation<T> correlation({radius, stride, dilation});
        const std::ptrdiff_t side = 2 * radius + 1;
        Output<T, 4> out(
            {first.size(0), side * side, (first.size(2) + stride - 1) / stride, (first.size(3) + stride - 1) / stride});
        without_gil([&] { correlation(first, second, out.view, num_threads); });
        return out.array;
      },
      "left"_a.noconvert(), "right"_a.noconvert(), "radius"_a, "stride"_a, "dilation"_a, "num_threads"_a);
  module.def(
      "local_correlation_backward",
      [](const Array<T>& d_out, const Array<T>& left, const Array<T>& right, int radius, int stride, int dilation,
         int num_threads) {
        const auto first = tensor<4>(left, "left"), second = tensor<4>(right, "right");
        const auto gradient = tensor<4>(d_out, "d_out");
        ops::LocalCorrelation<T> correlation({radius, stride, dilation});
        Output<T, 4> d_left(first.sizes()), d_right(first.sizes());
        without_gil([&] { correlation.backward(gradient, first, second, d_left.view, d_right.view, num_threads); });
        return py::make_tuple(d_left.array, d_right.array);
      },
      "d_out"_a.noconvert(), "left"_a.noconvert(), "right"_a.noconvert(), "radius"_a, "stride"_a, "dilation"_a,
      "num_threads"_a);
}

}  // namespace

void bind_local_correlation(py::module_& module) {
  define<float>(module);
  define<double>(module);
}

}  // namespace geomvision::bindings

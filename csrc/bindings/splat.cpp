#include "geomvision/ops/splat.hpp"

#include "bind.hpp"

namespace geomvision::bindings {
namespace {

template <typename T>
void define(py::module_& module) {
  using namespace py::literals;
  module.def(
      "splat_sum",
      [](const Array<T>& image, const Array<T>& flow, int num_threads) {
        const auto from = tensor<4>(image, "image"), field = tensor<4>(flow, "flow");
        Output<T, 4> sum(from.sizes());
        without_gil([&] { ops::splat_sum<T>(from, field, sum.view, num_threads); });
        return sum.array;
      },
      "image"_a.noconvert(), "flow"_a.noconvert(), "num_threads"_a);
  module.def(
      "splat_sum_backward",
      [](const Array<T>& d_sum, const Array<T>& image, const Array<T>& flow, int num_threads) {
        const auto gradient = tensor<4>(d_sum, "d_sum"), from = tensor<4>(image, "image"),
                   field = tensor<4>(flow, "flow");
        Output<T, 4> d_image(from.sizes()), d_flow(field.sizes());
        without_gil([&] { ops::splat_sum_backward<T>(gradient, from, field, d_image.view, d_flow.view, num_threads); });
        return std::make_pair(d_image.array, d_flow.array);
      },
      "d_sum"_a.noconvert(), "image"_a.noconvert(), "flow"_a.noconvert(), "num_threads"_a);
}

}  // namespace

void bind_splat(py::module_& module) {
  define<float>(module);
  define<double>(module);
}

}  // namespace geomvision::bindings

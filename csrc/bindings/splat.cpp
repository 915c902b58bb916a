#include "geomvision/ops/splat.hpp"

#include <pybind11/stl.h>

#include <optional>

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
      "splat_mean",
      [](const Array<T>& image, const Array<T>& flow, const std::optional<Array<T>>& importance, bool zero_holes,
         int num_threads) {
        const auto from = tensor<4>(image, "image"), field = tensor<4>(flow, "flow");
        TensorView<const T, 3> weight;
        if (importance) weight = tensor<3>(*importance, "importance");
        Output<T, 4> mean(from.sizes());
        without_gil([&] {
          ops::MeanSplat<T> splat(zero_holes ? ops::Holes::zero : ops::Holes::nan);
          importance ? splat.softmax(from, field, weight, mean.view, num_threads)
                     : splat.average(from, field, mean.view, num_threads);
        });
        return mean.array;
      },
      "image"_a.noconvert(), "flow"_a.noconvert(), "importance"_a.noconvert(), "zero_holes"_a, "num_threads"_a);
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

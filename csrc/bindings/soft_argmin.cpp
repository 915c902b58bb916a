#include "geomvision/ops/soft_argmin.hpp"

#include "bind.hpp"

namespace geomvision::bindings {
namespace {

template <typename T>
void define(py::module_& module) {
  using namespace py::literals;
  module.def(
      "soft_argmin",
      [](const Array<T>& costs, double first, int num_threads) {
        const auto from = tensor<4>(costs, "costs");
        Output<T, 3> disparity({from.size(0), from.size(2), from.size(3)});
        without_gil([&] { ops::soft_argmin(from, disparity.view, first, num_threads); });
        return disparity.array;
      },
      "costs"_a.noconvert(), "first"_a, "num_threads"_a);
  module.def(
      "soft_argmin_backward",
      [](const Array<T>& d_disparity, const Array<T>& costs, int num_threads) {
        const auto from = tensor<4>(costs, "costs");
        const auto gradient = tensor<3>(d_disparity, "d_disparity");
        Output<T, 4> d_costs(from.sizes());
        without_gil([&] { ops::soft_argmin_backward(gradient, from, d_costs.view, num_threads); });
        return d_costs.array;
      },
      "d_disparity"_a.noconvert(), "costs"_a.noconvert(), "num_threads"_a);
  module.def(
      "upsampled_soft_argmin",
      [](const Array<T>& costs, int disparities, int height, int width, double first, int num_threads) {
        const auto from = tensor<4>(costs, "costs");
        Output<T, 3> disparity({from.size(0), height, width});
        without_gil([&] { ops::upsampled_soft_argmin(from, disparity.view, disparities, first, num_threads); });
        return disparity.array;
      },
      "costs"_a.noconvert(), "disparities"_a, "height"_a, "width"_a, "first"_a, "num_threads"_a);
  module.def(
      "upsampled_soft_argmin_backward",
      [](const Array<T>& d_disparity, const Array<T>& costs, int disparities, int num_threads) {
        const auto from = tensor<4>(costs, "costs");
        const auto gradient = tensor<3>(d_disparity, "d_disparity");
        Output<T, 4> d_costs(from.sizes());
        without_gil(
            [&] { ops::upsampled_soft_argmin_backward(gradient, from, d_costs.view, disparities, num_threads); });
        return d_costs.array;
      },
      "d_disparity"_a.noconvert(), "costs"_a.noconvert(), "disparities"_a, "num_threads"_a);
}

}  // namespace

void bind_soft_argmin(py::module_& module) {
  define<float>(module);
  define<double>(module);
}

}  // namespace geomvision::bindings

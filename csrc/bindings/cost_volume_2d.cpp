#include "geomvision/ops/cost_volume_2d.hpp"

#include "bind.hpp"

namespace geomvision::bindings {
namespace {

template <typename T, typename Cost>
void define(py::module_& module) {
  using namespace py::literals;
  module.def(
      "cost_volume_2d",
      [](const Array<T>& frame0, const Array<T>& frame1, int radius, bool squared, int num_threads) {
        const auto from = tensor<3>(frame0, "frame0"), to = tensor<3>(frame1, "frame1");
        const std::ptrdiff_t side = 2 * static_cast<std::ptrdiff_t>(radius) + 1;
        Output<Cost, 4> volume({from.size(0), from.size(1), from.size(2), side * side});
        without_gil([&] { ops::cost_volume_2d<T>(from, to, radius, squared, volume.view, num_threads); });
        return volume.array;
      },
      "frame0"_a.noconvert(), "frame1"_a.noconvert(), "radius"_a, "squared"_a, "num_threads"_a);
}

template <typename T>
void define_backward(py::module_& module) {
  using namespace py::literals;
  module.def(
      "cost_volume_2d_backward",
      [](const Array<T>& d_volume, const Array<T>& frame0, const Array<T>& frame1, int radius, bool squared,
         int num_threads) {
        const auto gradient = tensor<4>(d_volume, "d_volume");
        const auto from = tensor<3>(frame0, "frame0"), to = tensor<3>(frame1, "frame1");
        Output<T, 3> d_frame0(from.sizes()), d_frame1(from.sizes());
        without_gil([&] {
          ops::cost_volume_2d_backward<T>(gradient, from, to, radius, squared, d_frame0.view, d_frame1.view,
                                          num_threads);
        });
        return py::make_tuple(d_frame0.array, d_frame1.array);
      },
      "d_volume"_a.noconvert(), "frame0"_a.noconvert(), "frame1"_a.noconvert(), "radius"_a, "squared"_a,
      "num_threads"_a);
}

}  // namespace

void bind_cost_volume_2d(py::module_& module) {
  define<std::uint8_t, float>(module);
  define<std::uint16_t, float>(module);
  define<float, float>(module);
  define<double, double>(module);
  define_backward<float>(module);
  define_backward<double>(module);
}

}  // namespace geomvision::bindings

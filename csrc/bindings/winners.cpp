#include "geomvision/ops/winners.hpp"

#include "planes.hpp"

namespace geomvision::bindings {
namespace {

using namespace py::literals;

template <typename T>
void define(py::module_& module) {
  module.def(
      "winner_takes_all",
      [](const Array<T>& volume, int first, int num_threads) {
        const auto from = tensor<3>(volume, "volume");
        Output<float, 2> disparity({from.size(0), from.size(1)});
        Output<T, 2> cost({from.size(0), from.size(1)}), second({from.size(0), from.size(1)});
        without_gil(
            [&] { ops::winner_takes_all<T>(from, first, disparity.view, cost.view, second.view, num_threads); });
        return py::make_tuple(disparity.array, cost.array, second.array);
      },
      "volume"_a.noconvert(), "first"_a, "num_threads"_a);
  module.def(
      "right_winners",
      [](const Array<T>& volume, int first, int num_threads) {
        const auto from = tensor<3>(volume, "volume");
        Output<float, 2> disparity({from.size(0), from.size(1)});
        without_gil([&] { ops::right_winners<T>(from, first, disparity.view, num_threads); });
        return disparity.array;
      },
      "volume"_a.noconvert(), "first"_a, "num_threads"_a);
  module.def(
      "subpixel",
      [](const Array<T>& volume, const Array<float>& winners, int first, const std::string& fit, int num_threads) {
        const auto from = tensor<3>(volume, "volume");
        Output<float, 2> refined({from.size(0), from.size(1)});
        const auto whole = tensor<2>(winners, "winners");
        without_gil([&] { ops::subpixel<T>(from, whole, first, fit, refined.view, num_threads); });
        return refined.array;
      },
      "volume"_a.noconvert(), "winners"_a.noconvert(), "first"_a, "fit"_a, "num_threads"_a);
  module.def(
      "uniqueness",
      [](const Array<float>& disparity, const Array<T>& cost, const Array<T>& second, int percent, int num_threads) {
        const auto from = tensor<2>(disparity, "disparity");
        const auto least = tensor<2>(cost, "cost"), other = tensor<2>(second, "second");
        Output<float, 2> kept(from.sizes()), margin(from.sizes());
        without_gil([&] { ops::uniqueness<T>(from, least, other, percent, kept.view, margin.view, num_threads); });
        return py::make_tuple(kept.array, margin.array);
      },
      "disparity"_a.noconvert(), "cost"_a.noconvert(), "second"_a.noconvert(), "percent"_a, "num_threads"_a);
}

}  // namespace

void bind_winners(py::module_& module) {
  define<std::uint8_t>(module);
  define<std::uint16_t>(module);
  define<std::int32_t>(module);
  define<float>(module);
}

}  // namespace geomvision::bindings

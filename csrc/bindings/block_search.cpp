#include "geomvision/flow/block_search.hpp"

#include "bind.hpp"

namespace geomvision::bindings {
namespace {

template <typename T>
void define(py::module_& module) {
  using namespace py::literals;
  module.def(
      "block_search",
      [](const Array<T>& frame0, const Array<T>& frame1, int radius, int window, bool squared, int num_threads) {
        const auto from = tensor<2>(frame0, "frame0"), to = tensor<2>(frame1, "frame1");
        const Output<std::int32_t, 3> displacement({2, from.size(0), from.size(1)});
        const Output<float, 3> costs({6, from.size(0), from.size(1)});
        without_gil([&] {
          flow::block_search<T>(from, to, {radius, window, squared, num_threads}, {displacement.view, costs.view});
        });
        return py::make_tuple(displacement.array, costs.array);
      },
      "Displacement (2, H, W) of least cost, and costs (6, H, W): least, second, left, right, above, below.",
      "frame0"_a.noconvert(), "frame1"_a.noconvert(), "radius"_a, "window"_a, "squared"_a, "num_threads"_a);
}

}  // namespace

void bind_block_search(py::module_& module) {
  define<std::uint16_t>(module);
  define<std::int64_t>(module);
}

}  // namespace geomvision::bindings

#include "geomvision/ops/box.hpp"

#include "planes.hpp"

namespace geomvision::bindings {
namespace {

template <typename T, typename Out>
void define(py::module_& module) {
  using namespace py::literals;
  module.def(
      "box_aggregation",
      [](const Array<T>& volume, int window, bool mean, int num_threads) {
        const auto from = tensor<4>(volume, "volume");
        Output<Out, 4> result(from.sizes());
        without_gil([&] {
          for (std::ptrdiff_t b = 0; b < from.size(0) && !from.empty(); ++b) {
            ops::box_aggregation<T>(part(from, b), window, mean, part(result.view, b), num_threads);
          }
        });
        return result.array;
      },
      "volume"_a.noconvert(), "window"_a, "mean"_a, "num_threads"_a);
}

}  // namespace

void bind_box(py::module_& module) {
  define<std::uint8_t, float>(module);
  define<std::uint16_t, float>(module);
  define<std::int32_t, float>(module);
  define<float, float>(module);
  define<double, double>(module);
}

}  // namespace geomvision::bindings

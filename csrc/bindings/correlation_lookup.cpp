#include "geomvision/ops/correlation_lookup.hpp"

#include "bind.hpp"

namespace geomvision::bindings {
namespace {

using namespace py::literals;

template <typename T>
void define_packing(py::module_& module) {
  module.def(
      "correlation_features",
      [](const Array<T>& features1, int levels, int num_threads) {
        const auto from = tensor<4>(features1, "features1");
        ops::CorrelationLookup<T> lookup({0, levels});
        Output<T, 3> packed(
            {from.size(0), lookup.positions(from.size(2), from.size(3)), lookup.padded_channels(from.size(1))});
        without_gil([&] { lookup.pack(from, packed.view, num_threads); });
        return packed.array;
      },
      "features1"_a.noconvert(), "levels"_a, "num_threads"_a);
  module.def(
      "correlation_features_backward",
      [](const Array<T>& d_packed, std::ptrdiff_t channels, std::ptrdiff_t height, std::ptrdiff_t width, int levels,
         int num_threads) {
        const auto from = tensor<3>(d_packed, "d_packed");
        ops::CorrelationLookup<T> lookup({0, levels});
        Output<T, 4> d_features1({from.size(0), channels, height, width});
        without_gil([&] { lookup.pack_backward(from, d_features1.view, num_threads); });
        return d_features1.array;
      },
      "d_packed"_a.noconvert(), "channels"_a, "height"_a, "width"_a, "levels"_a, "num_threads"_a);
}

}  // namespace

void bind_correlation_lookup(py::module_& module) {
  define_packing<float>(module);
  define_packing<double>(module);
}

}  // namespace geomvision::bindings

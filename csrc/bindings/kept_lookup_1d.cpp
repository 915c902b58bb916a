#include "bind.hpp"
#include "geomvision/ops/correlation_lookup.hpp"

namespace geomvision::bindings {
namespace {

using namespace py::literals;

// An array that is written to and keeps what it holds.
template <int Rank, typename T>
TensorView<T, Rank> memory(Array<T>& array, const char* name) {
  const auto sizes = tensor<Rank>(array, name).sizes();
  return {array.mutable_data(), sizes};
}

template <typename T>
Array<T> look_up(const Array<T>& features0, const Array<T>& features1, const Array<T>& x, Array<T> kept,
                 Array<std::int32_t> firsts, int radius, int levels, int num_threads) {
  const auto left = tensor<4>(features0, "features0"), right = tensor<4>(features1, "features1");
  const auto at = tensor<3>(x, "x");
  const auto products = memory<4>(kept, "kept");
  const auto begins = memory<4>(firsts, "firsts");
  ops::CorrelationLookup1D<T> lookup({radius, levels});
  Output<T, 4> out({left.size(0), std::ptrdiff_t{levels} * (2 * radius + 1), left.size(2), left.size(3)});
  without_gil([&] { lookup(left, right, at, products, begins, out.view, num_threads); });
  return out.array;
}

template <typename T>
void define(py::module_& module) {
  module.def("kept_lookup_1d", &look_up<T>, "features0"_a.noconvert(), "features1"_a.noconvert(), "x"_a.noconvert(),
             "kept"_a.noconvert(), "firsts"_a.noconvert(), "radius"_a, "levels"_a, "num_threads"_a);
}

}  // namespace

void bind_kept_lookup_1d(py::module_& module) {
  define<float>(module);
  define<double>(module);
}

}  // namespace geomvision::bindings

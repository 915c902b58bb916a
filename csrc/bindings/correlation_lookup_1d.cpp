#include "bind.hpp"
#include "geomvision/ops/correlation_lookup.hpp"

namespace geomvision::bindings {
namespace {

using namespace py::literals;

template <typename T>
Array<T> look_up(const Array<T>& features0, const Array<T>& features1, const Array<T>& x, int radius, int levels,
                 int num_threads) {
  const auto left = tensor<4>(features0, "features0"), right = tensor<4>(features1, "features1");
  const auto at = tensor<3>(x, "x");
  ops::CorrelationLookup1D<T> lookup({radius, levels});
  Output<T, 4> out({left.size(0), std::ptrdiff_t{levels} * (2 * radius + 1), left.size(2), left.size(3)});
  without_gil([&] { lookup(left, right, at, out.view, num_threads); });
  return out.array;
}

template <typename T>
py::tuple backward(const Array<T>& d_out, const Array<T>& features0, const Array<T>& features1, const Array<T>& x,
                   int radius, int levels, int num_threads) {
  const auto left = tensor<4>(features0, "features0"), right = tensor<4>(features1, "features1");
  const auto gradient = tensor<4>(d_out, "d_out");
  const auto at = tensor<3>(x, "x");
  ops::CorrelationLookup1D<T> lookup({radius, levels});
  Output<T, 4> d_features0(left.sizes()), d_features1(right.sizes());
  without_gil([&] { lookup.backward(gradient, left, right, at, d_features0.view, d_features1.view, num_threads); });
  return py::make_tuple(d_features0.array, d_features1.array);
}

template <typename T>
Array<T> backward_coordinates(const Array<T>& d_out, const Array<T>& features0, const Array<T>& features1,
                              const Array<T>& x, int radius, int levels, int num_threads) {
  const auto left = tensor<4>(features0, "features0"), right = tensor<4>(features1, "features1");
  const auto gradient = tensor<4>(d_out, "d_out");
  const auto at = tensor<3>(x, "x");
  ops::CorrelationLookup1D<T> lookup({radius, levels});
  Output<T, 3> d_x(at.sizes());
  without_gil([&] { lookup.backward_coordinates(gradient, left, right, at, d_x.view, num_threads); });
  return d_x.array;
}

template <typename T>
void define(py::module_& module) {
  module.def("correlation_lookup_1d", &look_up<T>, "features0"_a.noconvert(), "features1"_a.noconvert(),
             "x"_a.noconvert(), "radius"_a, "levels"_a, "num_threads"_a);
  module.def("correlation_lookup_1d_backward", &backward<T>, "d_out"_a.noconvert(), "features0"_a.noconvert(),
             "features1"_a.noconvert(), "x"_a.noconvert(), "radius"_a, "levels"_a, "num_threads"_a);
  module.def("correlation_lookup_1d_backward_coordinates", &backward_coordinates<T>, "d_out"_a.noconvert(),
             "features0"_a.noconvert(), "features1"_a.noconvert(), "x"_a.noconvert(), "radius"_a, "levels"_a,
             "num_threads"_a);
}

}  // namespace

void bind_correlation_lookup_1d(py::module_& module) {
  define<float>(module);
  define<double>(module);
}

}  // namespace geomvision::bindings

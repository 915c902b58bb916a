#include "bind.hpp"
#include "geomvision/ops/correlation_lookup.hpp"

namespace geomvision::bindings {
namespace {

using namespace py::literals;
using std::ptrdiff_t;

template <typename T>
Array<T> look_up(const Array<T>& features0, const Array<T>& packed, const Array<T>& coordinates, ptrdiff_t height1,
                 ptrdiff_t width1, int radius, int levels, int num_threads) {
  const auto pixels = tensor<4>(features0, "features0");
  const auto positions = tensor<3>(packed, "packed");
  const auto at = tensor<4>(coordinates, "coordinates");
  ops::CorrelationLookup<T> lookup({radius, levels});
  const ptrdiff_t side = 2 * radius + 1;
  Output<T, 4> out({pixels.size(0), levels * side * side, pixels.size(2), pixels.size(3)});
  without_gil([&] { lookup(pixels, positions, height1, width1, at, out.view, num_threads); });
  return out.array;
}

template <typename T>
py::tuple backward(const Array<T>& d_out, const Array<T>& features0, const Array<T>& packed,
                   const Array<T>& coordinates, ptrdiff_t height1, ptrdiff_t width1, int radius, int levels,
                   int num_threads) {
  const auto gradient = tensor<4>(d_out, "d_out"), pixels = tensor<4>(features0, "features0");
  const auto positions = tensor<3>(packed, "packed");
  const auto at = tensor<4>(coordinates, "coordinates");
  ops::CorrelationLookup<T> lookup({radius, levels});
  Output<T, 4> d_features0(pixels.sizes());
  Output<T, 3> d_packed(positions.sizes());
  without_gil([&] {
    lookup.backward(gradient, pixels, positions, height1, width1, at, d_features0.view, d_packed.view, num_threads);
  });
  return py::make_tuple(d_features0.array, d_packed.array);
}

template <typename T>
Array<T> backward_coordinates(const Array<T>& d_out, const Array<T>& features0, const Array<T>& packed,
                              const Array<T>& coordinates, ptrdiff_t height1, ptrdiff_t width1, int radius, int levels,
                              int num_threads) {
  const auto gradient = tensor<4>(d_out, "d_out"), pixels = tensor<4>(features0, "features0");
  const auto positions = tensor<3>(packed, "packed");
  const auto at = tensor<4>(coordinates, "coordinates");
  ops::CorrelationLookup<T> lookup({radius, levels});
  Output<T, 4> d_coordinates(at.sizes());
  without_gil([&] {
    lookup.backward_coordinates(gradient, pixels, positions, height1, width1, at, d_coordinates.view, num_threads);
  });
  return d_coordinates.array;
}

template <typename T>
void define(py::module_& module) {
  module.def("packed_lookup", &look_up<T>, "features0"_a.noconvert(), "packed"_a.noconvert(),
             "coordinates"_a.noconvert(), "height1"_a, "width1"_a, "radius"_a, "levels"_a, "num_threads"_a);
  module.def("packed_lookup_backward", &backward<T>, "d_out"_a.noconvert(), "features0"_a.noconvert(),
             "packed"_a.noconvert(), "coordinates"_a.noconvert(), "height1"_a, "width1"_a, "radius"_a, "levels"_a,
             "num_threads"_a);
  module.def("packed_lookup_backward_coordinates", &backward_coordinates<T>, "d_out"_a.noconvert(),
             "features0"_a.noconvert(), "packed"_a.noconvert(), "coordinates"_a.noconvert(), "height1"_a, "width1"_a,
             "radius"_a, "levels"_a, "num_threads"_a);
}

}  // namespace

void bind_packed_lookup(py::module_& module) {
  define<float>(module);
  define<double>(module);
}

}  // namespace geomvision::bindings

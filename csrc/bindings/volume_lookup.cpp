#include "geomvision/ops/volume_lookup.hpp"

#include "bind.hpp"

namespace geomvision::bindings {
namespace {

using namespace py::literals;

template <typename T>
Array<T> look_up(const Array<T>& volume, const Array<T>& coordinates, int level, int radius, int num_threads) {
  const auto products = tensor<5>(volume, "volume");
  const auto at = tensor<4>(coordinates, "coordinates");
  ops::VolumeLookup<T> lookup(radius, level);
  const std::ptrdiff_t side = 2 * radius + 1;
  Output<T, 4> out({at.size(0), at.size(1) == 1 ? side : side * side, at.size(2), at.size(3)});
  without_gil([&] { lookup(products, at, out.view, num_threads); });
  return out.array;
}

template <typename T>
Array<T> backward(const Array<T>& d_out, const Array<T>& coordinates, std::ptrdiff_t height1, std::ptrdiff_t width1,
                  int level, int radius, int num_threads) {
  const auto gradient = tensor<4>(d_out, "d_out"), at = tensor<4>(coordinates, "coordinates");
  ops::VolumeLookup<T> lookup(radius, level);
  Output<T, 5> d_volume({at.size(0), at.size(2), at.size(3), height1, width1});
  without_gil([&] { lookup.backward(gradient, at, d_volume.view, num_threads); });
  return d_volume.array;
}

template <typename T>
Array<T> backward_coordinates(const Array<T>& d_out, const Array<T>& volume, const Array<T>& coordinates, int level,
                              int radius, int num_threads) {
  const auto gradient = tensor<4>(d_out, "d_out"), at = tensor<4>(coordinates, "coordinates");
  const auto products = tensor<5>(volume, "volume");
  ops::VolumeLookup<T> lookup(radius, level);
  Output<T, 4> d_coordinates(at.sizes());
  without_gil([&] { lookup.backward_coordinates(gradient, products, at, d_coordinates.view, num_threads); });
  return d_coordinates.array;
}

template <typename T>
void define(py::module_& module) {
  module.def("volume_lookup", &look_up<T>, "volume"_a.noconvert(), "coordinates"_a.noconvert(), "level"_a, "radius"_a,
             "num_threads"_a);
  module.def("volume_lookup_backward", &backward<T>, "d_out"_a.noconvert(), "coordinates"_a.noconvert(), "height1"_a,
             "width1"_a, "level"_a, "radius"_a, "num_threads"_a);
  module.def("volume_lookup_backward_coordinates", &backward_coordinates<T>, "d_out"_a.noconvert(),
             "volume"_a.noconvert(), "coordinates"_a.noconvert(), "level"_a, "radius"_a, "num_threads"_a);
}

}  // namespace

void bind_volume_lookup(py::module_& module) {
  define<float>(module);
  define<double>(module);
}

}  // namespace geomvision::bindings

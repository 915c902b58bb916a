#include <pybind11/stl.h>

#include <optional>

#include "bind.hpp"
#include "warp_options.hpp"

namespace geomvision::bindings {
namespace {

using namespace py::literals;

// Grey images are (height, width): `warped` has the axes of its image.
template <typename In, typename Out>
void define_images(py::module_& module, const char* name) {
  module.def(
      name,
      [](const Array<In>& image, const Array<float>& displacement, bool bicubic, const std::string& outside,
         bool with_inside, int num_threads) {
        const bool grey = image.ndim() == 2;
        const auto from = grey ? TensorView<const In, 3>(image.data(), {image.shape(0), image.shape(1), 1})
                               : tensor<3>(image, "image");
        const auto field = tensor<3>(displacement, "displacement");
        std::vector<py::ssize_t> shape{field.size(0), field.size(1), from.size(2)};
        shape.resize(grey ? 2 : 3);
        auto warped = aligned_array<Out>(shape);
        const TensorView<Out, 3> to(warped.mutable_data(), {field.size(0), field.size(1), from.size(2)});
        std::optional<Array<std::uint8_t>> inside;
        TensorView<std::uint8_t, 2> wanted;
        if (with_inside) {
          inside = aligned_array<std::uint8_t>({field.size(0), field.size(1)});
          wanted = {inside->mutable_data(), {field.size(0), field.size(1)}};
        }
        without_gil([&] { ops::warp<In, Out>(from, field, to, warp_options(bicubic, outside), num_threads, wanted); });
        return std::make_pair(warped, inside);
      },
      "image"_a.noconvert(), "displacement"_a.noconvert(), "bicubic"_a, "outside"_a, "with_inside"_a, "num_threads"_a);
}

}  // namespace

void bind_warp(py::module_& module) {
  define_images<float, float>(module, "warp");
  define_images<std::uint8_t, float>(module, "warp");
  define_images<std::uint16_t, float>(module, "warp");
  define_images<std::uint8_t, std::uint8_t>(module, "warp_rounded");
  define_images<std::uint16_t, std::uint16_t>(module, "warp_rounded");
}

}  // namespace geomvision::bindings

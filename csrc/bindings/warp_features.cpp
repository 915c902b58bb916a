#include "bind.hpp"
#include "warp_options.hpp"

namespace geomvision::bindings {
namespace {

using namespace py::literals;

template <typename T>
void define_features(py::module_& module) {
  module.def(
      "warp_features",
      [](const Array<T>& image, const Array<T>& displacement, bool bicubic, const std::string& outside,
         int num_threads) {
        const auto from = tensor<4>(image, "image"), field = tensor<4>(displacement, "displacement");
        Output<T, 4> warped({from.size(0), from.size(1), field.size(2), field.size(3)});
        Output<std::uint8_t, 3> inside({field.size(0), field.size(2), field.size(3)});
        without_gil([&] {
          ops::warp_features<T>(from, field, warped.view, warp_options(bicubic, outside), num_threads, inside.view);
        });
        return std::make_pair(warped.array, inside.array);
      },
      "image"_a.noconvert(), "displacement"_a.noconvert(), "bicubic"_a, "outside"_a, "num_threads"_a);
  module.def(
      "warp_features_backward",
      [](const Array<T>& d_warped, const Array<T>& image, const Array<T>& displacement, bool bicubic,
         const std::string& outside, int num_threads) {
        const auto from = tensor<4>(image, "image"), field = tensor<4>(displacement, "displacement");
        const auto gradient = tensor<4>(d_warped, "d_warped");
        Output<T, 4> d_image(from.sizes()), d_displacement(field.sizes());
        without_gil([&] {
          ops::warp_features_backward<T>(gradient, from, field, d_image.view, d_displacement.view,
                                         warp_options(bicubic, outside), num_threads);
        });
        return std::make_pair(d_image.array, d_displacement.array);
      },
      "d_warped"_a.noconvert(), "image"_a.noconvert(), "displacement"_a.noconvert(), "bicubic"_a, "outside"_a,
      "num_threads"_a);
}

}  // namespace

void bind_warp_features(py::module_& module) {
  define_features<float>(module);
  define_features<double>(module);
}

}  // namespace geomvision::bindings

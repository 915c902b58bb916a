#include "geomvision/ops/warp.hpp"

#include "bind.hpp"

namespace geomvision::bindings {
namespace {

using namespace py::literals;

ops::WarpOptions options(bool bicubic, const std::string& outside) {
  using ops::Interpolation, ops::Outside;
  return {bicubic ? Interpolation::bicubic : Interpolation::bilinear,
          outside == "nan" ? Outside::nan : (outside == "zero" ? Outside::zero : Outside::border)};
}

template <typename In, typename Out>
void define_images(py::module_& module, const char* name) {
  module.def(
      name,
      [](const Array<In>& image, const Array<float>& displacement, bool bicubic, const std::string& outside,
         bool with_inside, int num_threads) {
        const auto from = tensor<3>(image, "image");
        const auto field = tensor<3>(displacement, "displacement");
        Output<Out, 3> warped({field.size(0), field.size(1), from.size(2)});
        Output<std::uint8_t, 2> inside({with_inside ? field.size(0) : 0, field.size(1)});
        const auto wanted = with_inside ? inside.view : TensorView<std::uint8_t, 2>();
        without_gil(
            [&] { ops::warp<In, Out>(from, field, warped.view, options(bicubic, outside), num_threads, wanted); });
        return std::make_pair(warped.array, inside.array);
      },
      "image"_a.noconvert(), "displacement"_a.noconvert(), "bicubic"_a, "outside"_a, "with_inside"_a, "num_threads"_a);
}

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
          ops::warp_features<T>(from, field, warped.view, options(bicubic, outside), num_threads, inside.view);
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
                                         options(bicubic, outside), num_threads);
        });
        return std::make_pair(d_image.array, d_displacement.array);
      },
      "d_warped"_a.noconvert(), "image"_a.noconvert(), "displacement"_a.noconvert(), "bicubic"_a, "outside"_a,
      "num_threads"_a);
}

}  // namespace

void bind_warp(py::module_& module) {
  define_images<float, float>(module, "warp");
  define_images<std::uint8_t, float>(module, "warp");
  define_images<std::uint16_t, float>(module, "warp");
  define_images<std::uint8_t, std::uint8_t>(module, "warp_rounded");
  define_images<std::uint16_t, std::uint16_t>(module, "warp_rounded");
  define_features<float>(module);
  define_features<double>(module);
}

}  // namespace geomvision::bindings

#include "geomvision/cuda/warp.hpp"

#include "../warp_options.hpp"
#include "device_array.hpp"

namespace geomvision::bindings {

void bind_warp(py::module_& module) {
  using namespace py::literals;
  module.def(
      "warp_features",
      [](const DeviceArray& image, const DeviceArray& displacement, bool bicubic, const std::string& outside,
         const DeviceArray& warped, const DeviceArray& inside, std::uintptr_t stream) {
        with_floats(image, "image", [&](auto zero) {
          using T = decltype(zero);
          cuda::warp_features<T>(view<const T, 4>(image, "image"), view<const T, 4>(displacement, "displacement"),
                                 view<T, 4>(warped, "warped"), warp_options(bicubic, outside), stream_of(stream),
                                 view<std::uint8_t, 3>(inside, "inside"));
        });
      },
      "image"_a, "displacement"_a, "bicubic"_a, "outside"_a, "warped"_a, "inside"_a, "stream"_a);
  module.def(
      "warp_features_backward",
      [](const DeviceArray& d_warped, const DeviceArray& image, const DeviceArray& displacement, bool bicubic,
         const std::string& outside, const DeviceArray& d_image, const DeviceArray& d_displacement,
         std::uintptr_t stream) {
        with_floats(image, "image", [&](auto zero) {
          using T = decltype(zero);
          cuda::warp_features_backward<T>(view<const T, 4>(d_warped, "d_warped"), view<const T, 4>(image, "image"),
                                          view<const T, 4>(displacement, "displacement"),
                                          view<T, 4>(d_image, "d_image"), view<T, 4>(d_displacement, "d_displacement"),
                                          warp_options(bicubic, outside), stream_of(stream));
        });
      },
      "d_warped"_a, "image"_a, "displacement"_a, "bicubic"_a, "outside"_a, "d_image"_a, "d_displacement"_a, "stream"_a);
}

}  // namespace geomvision::bindings

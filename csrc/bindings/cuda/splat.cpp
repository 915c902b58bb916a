#include "geomvision/cuda/splat.hpp"

#include "device_array.hpp"

namespace geomvision::bindings {

void bind_splat(py::module_& module) {
  using namespace py::literals;
  module.def(
      "splat_sum",
      [](const DeviceArray& image, const DeviceArray& flow, const DeviceArray& sum, std::uintptr_t stream) {
        with_floats(image, "image", [&](auto zero) {
          using T = decltype(zero);
          cuda::splat_sum<T>(view<const T, 4>(image, "image"), view<const T, 4>(flow, "flow"), view<T, 4>(sum, "sum"),
                             stream_of(stream));
        });
      },
      "image"_a, "flow"_a, "sum"_a, "stream"_a);
  module.def(
      "splat_sum_backward",
      [](const DeviceArray& d_sum, const DeviceArray& image, const DeviceArray& flow, const DeviceArray& d_image,
         const DeviceArray& d_flow, std::uintptr_t stream) {
        with_floats(image, "image", [&](auto zero) {
          using T = decltype(zero);
          cuda::splat_sum_backward<T>(view<const T, 4>(d_sum, "d_sum"), view<const T, 4>(image, "image"),
                                      view<const T, 4>(flow, "flow"), view<T, 4>(d_image, "d_image"),
                                      view<T, 4>(d_flow, "d_flow"), stream_of(stream));
        });
      },
      "d_sum"_a, "image"_a, "flow"_a, "d_image"_a, "d_flow"_a, "stream"_a);
}

}  // namespace geomvision::bindings

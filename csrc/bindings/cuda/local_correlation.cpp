#include "geomvision/cuda/local_correlation.hpp"

#include "device_array.hpp"

namespace geomvision::bindings {

void bind_local_correlation(py::module_& module) {
  using namespace py::literals;
  module.def(
      "local_correlation",
      [](const DeviceArray& left, const DeviceArray& right, int radius, int stride, int dilation,
         const DeviceArray& out, std::uintptr_t stream) {
        with_floats(left, "left", [&](auto zero) {
          using T = decltype(zero);
          cuda::local_correlation<T>(view<const T, 4>(left, "left"), view<const T, 4>(right, "right"),
                                     view<T, 4>(out, "out"), {radius, stride, dilation}, stream_of(stream));
        });
      },
      "left"_a, "right"_a, "radius"_a, "stride"_a, "dilation"_a, "out"_a, "stream"_a);
  module.def(
      "local_correlation_backward",
      [](const DeviceArray& d_out, const DeviceArray& left, const DeviceArray& right, int radius, int stride,
         int dilation, const DeviceArray& d_left, const DeviceArray& d_right, std::uintptr_t stream) {
        with_floats(left, "left", [&](auto zero) {
          using T = decltype(zero);
          cuda::local_correlation_backward<T>(view<const T, 4>(d_out, "d_out"), view<const T, 4>(left, "left"),
                                              view<const T, 4>(right, "right"), view<T, 4>(d_left, "d_left"),
                                              view<T, 4>(d_right, "d_right"), {radius, stride, dilation},
                                              stream_of(stream));
        });
      },
      "d_out"_a, "left"_a, "right"_a, "radius"_a, "stride"_a, "dilation"_a, "d_left"_a, "d_right"_a, "stream"_a);
}

}  // namespace geomvision::bindings

#include "device_array.hpp"
#include "geomvision/cuda/correlation_lookup.hpp"

namespace geomvision::bindings {

void bind_correlation_lookup_1d(py::module_& module) {
  using namespace py::literals;
  module.def(
      "correlation_lookup_1d",
      [](const DeviceArray& features0, const DeviceArray& features1, const DeviceArray& x, int radius, int levels,
         const DeviceArray& out, std::uintptr_t stream) {
        with_floats(features0, "features0", [&](auto zero) {
          using T = decltype(zero);
          cuda::CorrelationLookup1D<T>({radius, levels})(
              view<const T, 4>(features0, "features0"), view<const T, 4>(features1, "features1"),
              view<const T, 3>(x, "x"), view<T, 4>(out, "out"), stream_of(stream));
        });
      },
      "features0"_a, "features1"_a, "x"_a, "radius"_a, "levels"_a, "out"_a, "stream"_a);
  module.def(
      "correlation_lookup_1d_backward",
      [](const DeviceArray& d_out, const DeviceArray& features0, const DeviceArray& features1, const DeviceArray& x,
         int radius, int levels, const DeviceArray& d_features0, const DeviceArray& d_features1,
         std::uintptr_t stream) {
        with_floats(features0, "features0", [&](auto zero) {
          using T = decltype(zero);
          cuda::CorrelationLookup1D<T>({radius, levels})
              .backward(view<const T, 4>(d_out, "d_out"), view<const T, 4>(features0, "features0"),
                        view<const T, 4>(features1, "features1"), view<const T, 3>(x, "x"),
                        view<T, 4>(d_features0, "d_features0"), view<T, 4>(d_features1, "d_features1"),
                        stream_of(stream));
        });
      },
      "d_out"_a, "features0"_a, "features1"_a, "x"_a, "radius"_a, "levels"_a, "d_features0"_a, "d_features1"_a,
      "stream"_a);
  module.def(
      "correlation_lookup_1d_backward_coordinates",
      [](const DeviceArray& d_out, const DeviceArray& features0, const DeviceArray& features1, const DeviceArray& x,
         int radius, int levels, const DeviceArray& d_x, std::uintptr_t stream) {
        with_floats(features0, "features0", [&](auto zero) {
          using T = decltype(zero);
          cuda::CorrelationLookup1D<T>({radius, levels})
              .backward_coordinates(view<const T, 4>(d_out, "d_out"), view<const T, 4>(features0, "features0"),
                                    view<const T, 4>(features1, "features1"), view<const T, 3>(x, "x"),
                                    view<T, 3>(d_x, "d_x"), stream_of(stream));
        });
      },
      "d_out"_a, "features0"_a, "features1"_a, "x"_a, "radius"_a, "levels"_a, "d_x"_a, "stream"_a);
}

}  // namespace geomvision::bindings

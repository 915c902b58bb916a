#include "geomvision/cuda/correlation_lookup.hpp"

#include "device_array.hpp"

namespace geomvision::bindings {

void bind_correlation_lookup(py::module_& module) {
  using namespace py::literals;
  using std::ptrdiff_t;
  module.def(
      "correlation_features",
      [](const DeviceArray& features1, int levels, const DeviceArray& packed, std::uintptr_t stream) {
        with_floats(features1, "features1", [&](auto zero) {
          using T = decltype(zero);
          cuda::CorrelationLookup<T>({0, levels})
              .pack(view<const T, 4>(features1, "features1"), view<T, 3>(packed, "packed"), stream_of(stream));
        });
      },
      "features1"_a, "levels"_a, "packed"_a, "stream"_a);
  module.def(
      "correlation_features_backward",
      [](const DeviceArray& d_packed, ptrdiff_t, ptrdiff_t, ptrdiff_t, int levels, const DeviceArray& d_features1,
         std::uintptr_t stream) {
        with_floats(d_packed, "d_packed", [&](auto zero) {
          using T = decltype(zero);
          cuda::CorrelationLookup<T>({0, levels})
              .pack_backward(view<const T, 3>(d_packed, "d_packed"), view<T, 4>(d_features1, "d_features1"),
                             stream_of(stream));
        });
      },
      "d_packed"_a, "channels"_a, "height"_a, "width"_a, "levels"_a, "d_features1"_a, "stream"_a);
  module.def(
      "packed_lookup",
      [](const DeviceArray& features0, const DeviceArray& packed, const DeviceArray& coordinates, ptrdiff_t height1,
         ptrdiff_t width1, int radius, int levels, const DeviceArray& out, std::uintptr_t stream) {
        with_floats(features0, "features0", [&](auto zero) {
          using T = decltype(zero);
          cuda::CorrelationLookup<T>({radius, levels})(
              view<const T, 4>(features0, "features0"), view<const T, 3>(packed, "packed"), height1, width1,
              view<const T, 4>(coordinates, "coordinates"), view<T, 4>(out, "out"), stream_of(stream));
        });
      },
      "features0"_a, "packed"_a, "coordinates"_a, "height1"_a, "width1"_a, "radius"_a, "levels"_a, "out"_a, "stream"_a);
  module.def(
      "packed_lookup_backward",
      [](const DeviceArray& d_out, const DeviceArray& features0, const DeviceArray& packed,
         const DeviceArray& coordinates, ptrdiff_t height1, ptrdiff_t width1, int radius, int levels,
         const DeviceArray& d_features0, const DeviceArray& d_packed, std::uintptr_t stream) {
        with_floats(features0, "features0", [&](auto zero) {
          using T = decltype(zero);
          cuda::CorrelationLookup<T>({radius, levels})
              .backward(view<const T, 4>(d_out, "d_out"), view<const T, 4>(features0, "features0"),
                        view<const T, 3>(packed, "packed"), height1, width1,
                        view<const T, 4>(coordinates, "coordinates"), view<T, 4>(d_features0, "d_features0"),
                        view<T, 3>(d_packed, "d_packed"), stream_of(stream));
        });
      },
      "d_out"_a, "features0"_a, "packed"_a, "coordinates"_a, "height1"_a, "width1"_a, "radius"_a, "levels"_a,
      "d_features0"_a, "d_packed"_a, "stream"_a);
  module.def(
      "packed_lookup_backward_coordinates",
      [](const DeviceArray& d_out, const DeviceArray& features0, const DeviceArray& packed,
         const DeviceArray& coordinates, ptrdiff_t height1, ptrdiff_t width1, int radius, int levels,
         const DeviceArray& d_coordinates, std::uintptr_t stream) {
        with_floats(features0, "features0", [&](auto zero) {
          using T = decltype(zero);
          cuda::CorrelationLookup<T>({radius, levels})
              .backward_coordinates(view<const T, 4>(d_out, "d_out"), view<const T, 4>(features0, "features0"),
                                    view<const T, 3>(packed, "packed"), height1, width1,
                                    view<const T, 4>(coordinates, "coordinates"),
                                    view<T, 4>(d_coordinates, "d_coordinates"), stream_of(stream));
        });
      },
      "d_out"_a, "features0"_a, "packed"_a, "coordinates"_a, "height1"_a, "width1"_a, "radius"_a, "levels"_a,
      "d_coordinates"_a, "stream"_a);
}

}  // namespace geomvision::bindings

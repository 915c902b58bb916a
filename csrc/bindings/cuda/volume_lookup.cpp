#include "geomvision/cuda/volume_lookup.hpp"

#include "device_array.hpp"

namespace geomvision::bindings {

void bind_volume_lookup(py::module_& module) {
  using namespace py::literals;
  using std::ptrdiff_t;
  module.def(
      "volume_lookup",
      [](const DeviceArray& volume, const DeviceArray& coordinates, int level, int radius, const DeviceArray& out,
         std::uintptr_t stream) {
        with_floats(volume, "volume", [&](auto zero) {
          using T = decltype(zero);
          cuda::VolumeLookup<T>(radius, level)(view<const T, 5>(volume, "volume"),
                                               view<const T, 4>(coordinates, "coordinates"), view<T, 4>(out, "out"),
                                               stream_of(stream));
        });
      },
      "volume"_a, "coordinates"_a, "level"_a, "radius"_a, "out"_a, "stream"_a);
  module.def(
      "volume_lookup_backward",
      [](const DeviceArray& d_out, const DeviceArray& coordinates, ptrdiff_t, ptrdiff_t, int level, int radius,
         const DeviceArray& d_volume, std::uintptr_t stream) {
        with_floats(d_out, "d_out", [&](auto zero) {
          using T = decltype(zero);
          cuda::VolumeLookup<T>(radius, level)
              .backward(view<const T, 4>(d_out, "d_out"), view<const T, 4>(coordinates, "coordinates"),
                        view<T, 5>(d_volume, "d_volume"), stream_of(stream));
        });
      },
      "d_out"_a, "coordinates"_a, "height1"_a, "width1"_a, "level"_a, "radius"_a, "d_volume"_a, "stream"_a);
  module.def(
      "volume_lookup_backward_coordinates",
      [](const DeviceArray& d_out, const DeviceArray& volume, const DeviceArray& coordinates, int level, int radius,
         const DeviceArray& d_coordinates, std::uintptr_t stream) {
        with_floats(d_out, "d_out", [&](auto zero) {
          using T = decltype(zero);
          cuda::VolumeLookup<T>(radius, level)
              .backward_coordinates(view<const T, 4>(d_out, "d_out"), view<const T, 5>(volume, "volume"),
                                    view<const T, 4>(coordinates, "coordinates"),
                                    view<T, 4>(d_coordinates, "d_coordinates"), stream_of(stream));
        });
      },
      "d_out"_a, "volume"_a, "coordinates"_a, "level"_a, "radius"_a, "d_coordinates"_a, "stream"_a);
  module.def(
      "halve_volume",
      [](const DeviceArray& volume, const DeviceArray& half, std::uintptr_t stream) {
        with_floats(volume, "volume", [&](auto zero) {
          using T = decltype(zero);
          cuda::halve_volume<T>(view<const T, 5>(volume, "volume"), view<T, 5>(half, "half"), stream_of(stream));
        });
      },
      "volume"_a, "half"_a, "stream"_a);
  module.def(
      "halve_volume_backward",
      [](const DeviceArray& d_half, ptrdiff_t, ptrdiff_t, const DeviceArray& d_volume, std::uintptr_t stream) {
        with_floats(d_half, "d_half", [&](auto zero) {
          using T = decltype(zero);
          cuda::halve_volume_backward<T>(view<const T, 5>(d_half, "d_half"), view<T, 5>(d_volume, "d_volume"),
                                         stream_of(stream));
        });
      },
      "d_half"_a, "height1"_a, "width1"_a, "d_volume"_a, "stream"_a);
}

}  // namespace geomvision::bindings

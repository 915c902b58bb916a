#include "geomvision/cuda/cost_volume_2d.hpp"

#include "device_array.hpp"

namespace geomvision::bindings {
namespace {

template <typename T>
void run(const DeviceArray& frame0, const DeviceArray& frame1, int radius, bool squared, const DeviceArray& volume,
         cuda::Stream stream) {
  using Cost = std::conditional_t<std::is_same_v<T, double>, double, float>;
  cuda::cost_volume_2d<T>(view<const T, 3>(frame0, "frame0"), view<const T, 3>(frame1, "frame1"), radius, squared,
                          view<Cost, 4>(volume, "volume"), stream);
}

}  // namespace

void bind_cost_volume_2d(py::module_& module) {
  using namespace py::literals;
  module.def(
      "cost_volume_2d",
      [](const DeviceArray& frame0, const DeviceArray& frame1, int radius, bool squared, const DeviceArray& volume,
         std::uintptr_t stream) {
        if (frame0.dtype == "uint8")
          return run<std::uint8_t>(frame0, frame1, radius, squared, volume, stream_of(stream));
        if (frame0.dtype == "uint16")
          return run<std::uint16_t>(frame0, frame1, radius, squared, volume, stream_of(stream));
        with_floats(frame0, "frame0", [&](auto zero) {
          run<decltype(zero)>(frame0, frame1, radius, squared, volume, stream_of(stream));
        });
      },
      "frame0"_a, "frame1"_a, "radius"_a, "squared"_a, "volume"_a, "stream"_a);
  module.def(
      "cost_volume_2d_backward",
      [](const DeviceArray& d_volume, const DeviceArray& frame0, const DeviceArray& frame1, int radius, bool squared,
         const DeviceArray& d_frame0, const DeviceArray& d_frame1, std::uintptr_t stream) {
        with_floats(frame0, "frame0", [&](auto zero) {
          using T = decltype(zero);
          cuda::cost_volume_2d_backward<T>(view<const T, 4>(d_volume, "d_volume"), view<const T, 3>(frame0, "frame0"),
                                           view<const T, 3>(frame1, "frame1"), radius, squared,
                                           view<T, 3>(d_frame0, "d_frame0"), view<T, 3>(d_frame1, "d_frame1"),
                                           stream_of(stream));
        });
      },
      "d_volume"_a, "frame0"_a, "frame1"_a, "radius"_a, "squared"_a, "d_frame0"_a, "d_frame1"_a, "stream"_a);
}

}  // namespace geomvision::bindings

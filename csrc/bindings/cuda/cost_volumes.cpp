#include "geomvision/cuda/cost_volumes.hpp"

#include "device_array.hpp"

namespace geomvision::bindings {

void bind_cost_volumes(py::module_& module) {
  using namespace py::literals;
  using Array = DeviceArray;
  const auto backward = [&](const char* name, const auto& run) {
    module.def(name, run, "d_volume"_a, "left"_a, "right"_a, "d_left"_a, "d_right"_a, "stream"_a);
  };
  const auto with = [](const Array& left, const auto& body) { with_floats(left, "left", body); };
  module.def(
      "group_wise_volume",
      [=](const Array& left, const Array& right, int, int, const Array& volume, std::uintptr_t stream) {
        with(left, [&](auto zero) {
          using T = decltype(zero);
          cuda::group_wise_volume<T>(view<const T, 4>(left, "left"), view<const T, 4>(right, "right"),
                                     view<T, 5>(volume, "volume"), stream_of(stream));
        });
      },
      "left"_a, "right"_a, "max_disparity"_a, "groups"_a, "volume"_a, "stream"_a);
  module.def(
      "difference_volume",
      [=](const Array& left, const Array& right, int, const Array& volume, std::uintptr_t stream) {
        with(left, [&](auto zero) {
          using T = decltype(zero);
          cuda::difference_volume<T>(view<const T, 4>(left, "left"), view<const T, 4>(right, "right"),
                                     view<T, 4>(volume, "volume"), stream_of(stream));
        });
      },
      "left"_a, "right"_a, "max_disparity"_a, "volume"_a, "stream"_a);
  module.def(
      "concatenated_volume",
      [=](const Array& left, const Array& right, int, const Array& volume, std::uintptr_t stream) {
        with(left, [&](auto zero) {
          using T = decltype(zero);
          cuda::concatenated_volume<T>(view<const T, 4>(left, "left"), view<const T, 4>(right, "right"),
                                       view<T, 5>(volume, "volume"), stream_of(stream));
        });
      },
      "left"_a, "right"_a, "max_disparity"_a, "volume"_a, "stream"_a);
  backward("group_wise_volume_backward", [=](const Array& d_volume, const Array& left, const Array& right,
                                             const Array& d_left, const Array& d_right, std::uintptr_t stream) {
    with(left, [&](auto zero) {
      using T = decltype(zero);
      cuda::group_wise_volume_backward<T>(view<const T, 5>(d_volume, "d_volume"), view<const T, 4>(left, "left"),
                                          view<const T, 4>(right, "right"), view<T, 4>(d_left, "d_left"),
                                          view<T, 4>(d_right, "d_right"), stream_of(stream));
    });
  });
  backward("difference_volume_backward", [=](const Array& d_volume, const Array& left, const Array& right,
                                             const Array& d_left, const Array& d_right, std::uintptr_t stream) {
    with(left, [&](auto zero) {
      using T = decltype(zero);
      cuda::difference_volume_backward<T>(view<const T, 4>(d_volume, "d_volume"), view<const T, 4>(left, "left"),
                                          view<const T, 4>(right, "right"), view<T, 4>(d_left, "d_left"),
                                          view<T, 4>(d_right, "d_right"), stream_of(stream));
    });
  });
  module.def(
      "concatenated_volume_backward",
      [](const Array& d_volume, const Array& d_left, const Array& d_right, std::uintptr_t stream) {
        with_floats(d_volume, "d_volume", [&](auto zero) {
          using T = decltype(zero);
          cuda::concatenated_volume_backward<T>(view<const T, 5>(d_volume, "d_volume"), view<T, 4>(d_left, "d_left"),
                                                view<T, 4>(d_right, "d_right"), stream_of(stream));
        });
      },
      "d_volume"_a, "d_left"_a, "d_right"_a, "stream"_a);
}

}  // namespace geomvision::bindings

#include "geomvision/cuda/soft_argmin.hpp"

#include "device_array.hpp"

namespace geomvision::bindings {

void bind_soft_argmin(py::module_& module) {
  using namespace py::literals;
  using Array = DeviceArray;
  module.def(
      "soft_argmin",
      [](const Array& costs, double first, const Array& disparity, std::uintptr_t stream) {
        with_floats(costs, "costs", [&](auto zero) {
          using T = decltype(zero);
          cuda::soft_argmin<T>(view<const T, 4>(costs, "costs"), view<T, 3>(disparity, "disparity"), first,
                               stream_of(stream));
        });
      },
      "costs"_a, "first"_a, "disparity"_a, "stream"_a);
  module.def(
      "soft_argmin_backward",
      [](const Array& d_disparity, const Array& costs, const Array& d_costs, std::uintptr_t stream) {
        with_floats(costs, "costs", [&](auto zero) {
          using T = decltype(zero);
          cuda::soft_argmin_backward<T>(view<const T, 3>(d_disparity, "d_disparity"), view<const T, 4>(costs, "costs"),
                                        view<T, 4>(d_costs, "d_costs"), stream_of(stream));
        });
      },
      "d_disparity"_a, "costs"_a, "d_costs"_a, "stream"_a);
  module.def(
      "upsampled_soft_argmin",
      [](const Array& costs, int disparities, int, int, double first, const Array& disparity, std::uintptr_t stream) {
        with_floats(costs, "costs", [&](auto zero) {
          using T = decltype(zero);
          cuda::upsampled_soft_argmin<T>(view<const T, 4>(costs, "costs"), view<T, 3>(disparity, "disparity"),
                                         disparities, first, stream_of(stream));
        });
      },
      "costs"_a, "disparities"_a, "height"_a, "width"_a, "first"_a, "disparity"_a, "stream"_a);
  module.def(
      "upsampled_soft_argmin_backward",
      [](const Array& d_disparity, const Array& costs, int disparities, const Array& d_costs, std::uintptr_t stream) {
        with_floats(costs, "costs", [&](auto zero) {
          using T = decltype(zero);
          cuda::upsampled_soft_argmin_backward<T>(view<const T, 3>(d_disparity, "d_disparity"),
                                                  view<const T, 4>(costs, "costs"), view<T, 4>(d_costs, "d_costs"),
                                                  disparities, stream_of(stream));
        });
      },
      "d_disparity"_a, "costs"_a, "disparities"_a, "d_costs"_a, "stream"_a);
}

}  // namespace geomvision::bindings

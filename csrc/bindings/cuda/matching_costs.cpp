#include "geomvision/cuda/matching_costs.hpp"

#include "device_batches.hpp"

namespace geomvision::bindings {

void bind_matching_costs(py::module_& module) {
  using namespace py::literals;
  const auto pair = [&](const char* name, const auto& run) {
    module.def(
        name,
        [run](const DeviceArray& left, const DeviceArray& right, int first, int, const DeviceArray& volume,
              std::uintptr_t stream) {
          with_image_type(left, "left", [&](auto zero) {
            using T = decltype(zero);
            run(zero, rows<const T, 2>(left, "left"), rows<const T, 2>(right, "right"), first, volume,
                stream_of(stream));
          });
        },
        "left"_a, "right"_a, "first"_a, "count"_a, "volume"_a, "stream"_a);
  };
  pair("absolute_differences", [](auto zero, auto left, auto right, int first, const DeviceArray& volume, auto stream) {
    using T = decltype(zero);
    cuda::absolute_differences<T>(left, right, first, rows<ops::Difference<T>, 3>(volume, "volume"), stream);
  });
  pair("squared_differences", [](auto zero, auto left, auto right, int first, const DeviceArray& volume, auto stream) {
    using T = decltype(zero);
    cuda::squared_differences<T>(left, right, first, rows<ops::Square<T>, 3>(volume, "volume"), stream);
  });
  pair("birchfield_tomasi", [](auto zero, auto left, auto right, int first, const DeviceArray& volume, auto stream) {
    using T = decltype(zero);
    cuda::birchfield_tomasi<T>(left, right, first, rows<ops::Real<T>, 3>(volume, "volume"), stream);
  });
  module.def(
      "correlation_costs",
      [](const DeviceArray& left, const DeviceArray& right, int first, int, int window, bool means,
         const DeviceArray& volume, std::uintptr_t stream) {
        with_image_type(left, "left", [&](auto zero) {
          using T = decltype(zero);
          const auto batch = view<const T, 3>(left, "left");
          for (std::ptrdiff_t b = 0; b < batch.size(0) && !batch.empty(); ++b) {
            cuda::correlation_costs<T>(part<const T, 2>(left, "left", b), part<const T, 2>(right, "right", b), first,
                                       window, means, part<ops::Real<T>, 3>(volume, "volume", b), stream_of(stream));
          }
        });
      },
      "left"_a, "right"_a, "first"_a, "count"_a, "window"_a, "means"_a, "volume"_a, "stream"_a);
  module.def(
      "differences_backward",
      [](const DeviceArray& d_volume, const DeviceArray& left, const DeviceArray& right, int first, bool squared,
         const DeviceArray& d_left, const DeviceArray& d_right, std::uintptr_t stream) {
        with_floats(left, "left", [&](auto zero) {
          using T = decltype(zero);
          cuda::differences_backward<T>(rows<const T, 3>(d_volume, "d_volume"), rows<const T, 2>(left, "left"),
                                        rows<const T, 2>(right, "right"), first, squared, rows<T, 2>(d_left, "d_left"),
                                        rows<T, 2>(d_right, "d_right"), stream_of(stream));
        });
      },
      "d_volume"_a, "left"_a, "right"_a, "first"_a, "squared"_a, "d_left"_a, "d_right"_a, "stream"_a);
}

}  // namespace geomvision::bindings

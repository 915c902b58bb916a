#include "device_batches.hpp"
#include "geomvision/cuda/winners.hpp"

namespace geomvision::bindings {

void bind_disparity_maps(py::module_& module) {
  using namespace py::literals;
  module.def(
      "left_right_check",
      [](const DeviceArray& left, const DeviceArray& right, double tolerance, const DeviceArray& codes,
         std::uintptr_t stream) {
        cuda::left_right_check(view<const float, 2>(left, "left"), view<const float, 2>(right, "right"), tolerance,
                               view<std::uint8_t, 2>(codes, "codes"), stream_of(stream));
      },
      "left"_a, "right"_a, "tolerance"_a, "codes"_a, "stream"_a);
  module.def(
      "median",
      [](const DeviceArray& disparity, int size, const DeviceArray& filtered, std::uintptr_t stream) {
        const auto maps = view<const float, 3>(disparity, "disparity");
        for (std::ptrdiff_t b = 0; b < maps.size(0) && !maps.empty(); ++b) {
          cuda::median(part<const float, 2>(disparity, "disparity", b), size, part<float, 2>(filtered, "filtered", b),
                       stream_of(stream));
        }
      },
      "disparity"_a, "size"_a, "filtered"_a, "stream"_a);
}

}  // namespace geomvision::bindings

#include "geomvision/cuda/sgm_paths.hpp"

#include <optional>

#include "device_array.hpp"

namespace geomvision::bindings {

void bind_sgm_paths(py::module_& module) {
  using namespace py::literals;
  module.def(
      "sgm_paths",
      [](const DeviceArray& costs, const std::optional<DeviceArray>& guide, int paths, int p1, int p2,
         const DeviceArray& sums, std::uintptr_t stream) {
        const auto from = view<const std::uint8_t, 3>(costs, "costs");
        const auto to = view<std::uint16_t, 3>(sums, "sums");
        const ops::SGMPathsOptions options{paths, p1, p2, 0};
        if (!guide) return cuda::sgm_paths(from, to, options, stream_of(stream));
        const auto guided = [&](auto zero) {
          using T = decltype(zero);
          cuda::sgm_paths<T>(from, view<const T, 2>(*guide, "guide"), to, options, stream_of(stream));
        };
        if (guide->dtype == "uint8") return guided(std::uint8_t());
        if (guide->dtype == "uint16") return guided(std::uint16_t());
        guided(float());
      },
      "costs"_a, "guide"_a, "paths"_a, "p1"_a, "p2"_a, "sums"_a, "stream"_a);
}

}  // namespace geomvision::bindings

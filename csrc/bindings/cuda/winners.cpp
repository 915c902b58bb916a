#include "geomvision/cuda/winners.hpp"

#include "device_batches.hpp"

namespace geomvision::bindings {

void bind_winners(py::module_& module) {
  using namespace py::literals;
  module.def(
      "winner_takes_all",
      [](const DeviceArray& volume, int first, const DeviceArray& disparity, const DeviceArray& cost,
         const DeviceArray& second, std::uintptr_t stream) {
        with_cost_type(volume, "volume", [&](auto zero) {
          using T = decltype(zero);
          cuda::winner_takes_all<T>(view<const T, 3>(volume, "volume"), first, view<float, 2>(disparity, "disparity"),
                                    view<T, 2>(cost, "cost"), view<T, 2>(second, "second"), stream_of(stream));
        });
      },
      "volume"_a, "first"_a, "disparity"_a, "cost"_a, "second"_a, "stream"_a);
  module.def(
      "right_winners",
      [](const DeviceArray& volume, int first, const DeviceArray& disparity, std::uintptr_t stream) {
        with_cost_type(volume, "volume", [&](auto zero) {
          using T = decltype(zero);
          cuda::right_winners<T>(view<const T, 3>(volume, "volume"), first, view<float, 2>(disparity, "disparity"),
                                 stream_of(stream));
        });
      },
      "volume"_a, "first"_a, "disparity"_a, "stream"_a);
  module.def(
      "subpixel",
      [](const DeviceArray& volume, const DeviceArray& winners, int first, const std::string& fit,
         const DeviceArray& refined, std::uintptr_t stream) {
        with_cost_type(volume, "volume", [&](auto zero) {
          using T = decltype(zero);
          cuda::subpixel<T>(view<const T, 3>(volume, "volume"), view<const float, 2>(winners, "winners"), first, fit,
                            view<float, 2>(refined, "refined"), stream_of(stream));
        });
      },
      "volume"_a, "winners"_a, "first"_a, "fit"_a, "refined"_a, "stream"_a);
  module.def(
      "uniqueness",
      [](const DeviceArray& disparity, const DeviceArray& cost, const DeviceArray& second, int percent,
         const DeviceArray& kept, const DeviceArray& margin, std::uintptr_t stream) {
        with_cost_type(cost, "cost", [&](auto zero) {
          using T = decltype(zero);
          cuda::uniqueness<T>(view<const float, 2>(disparity, "disparity"), view<const T, 2>(cost, "cost"),
                              view<const T, 2>(second, "second"), percent, view<float, 2>(kept, "kept"),
                              view<float, 2>(margin, "margin"), stream_of(stream));
        });
      },
      "disparity"_a, "cost"_a, "second"_a, "percent"_a, "kept"_a, "margin"_a, "stream"_a);
}

}  // namespace geomvision::bindings

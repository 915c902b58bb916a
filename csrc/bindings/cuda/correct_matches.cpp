#include "../matrices.hpp"
#include "device_array.hpp"
#include "geomvision/cuda/triangulation.hpp"

namespace geomvision::bindings {

void bind_correct_matches(py::module_& module) {
  using namespace py::literals;
  module.def(
      "correct_matches",
      [](const Array<double>& F, const DeviceArray& points0, const DeviceArray& points1, const DeviceArray& corrected0,
         const DeviceArray& corrected1, std::uintptr_t stream) {
        const auto constraint = matrix<9>(F, "F", 3);
        with_floats(points0, "points0", [&](auto zero) {
          using T = decltype(zero);
          cuda::correct_matches<T>(constraint, view<const T, 2>(points0, "points0"),
                                   view<const T, 2>(points1, "points1"), view<T, 2>(corrected0, "corrected0"),
                                   view<T, 2>(corrected1, "corrected1"), stream_of(stream));
        });
      },
      "F"_a.noconvert(), "points0"_a, "points1"_a, "corrected0"_a, "corrected1"_a, "stream"_a);
}

}  // namespace geomvision::bindings

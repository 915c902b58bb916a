#include "geomvision/cuda/triangulation.hpp"

#include <optional>

#include "../matrices.hpp"
#include "device_array.hpp"

// Projections and constraints are small: they come from the host's memory. Results that are None are not computed.

namespace geomvision::bindings {
namespace {

using Given = std::optional<DeviceArray>;

template <typename T, int Rank>
cuda::DeviceView<T, Rank> wanted(const Given& array, const char* name) {
  return array ? view<T, Rank>(*array, name) : cuda::DeviceView<T, Rank>();
}

template <typename T>
cuda::TriangulatedPoints<T> results(const Given& points, const Given& reasons, const Given& errors, const Given& angle,
                                    const Given& covariance) {
  return {wanted<T, 2>(points, "points"), wanted<T, 2>(errors, "errors"), wanted<T, 1>(angle, "angle"),
          wanted<T, 3>(covariance, "covariance"), wanted<std::uint8_t, 1>(reasons, "reasons")};
}

geometry::TriangulationOptions options(int method, double sigma_px, double min_angle_rad) {
  return {static_cast<geometry::TriangulationMethod>(method), sigma_px, min_angle_rad};
}

}  // namespace

void bind_triangulation(py::module_& module) {
  using namespace py::literals;
  module.def(
      "triangulate",
      [](const Array<double>& projection0, const Array<double>& projection1, const DeviceArray& points0,
         const DeviceArray& points1, int method, double sigma_px, double min_angle_rad, const Given& points,
         const Given& reasons, const Given& errors, const Given& angle, const Given& covariance,
         std::uintptr_t stream) {
        const auto P0 = matrix<12>(projection0, "projection0", 4), P1 = matrix<12>(projection1, "projection1", 4);
        with_floats(points0, "points0", [&](auto zero) {
          using T = decltype(zero);
          cuda::triangulate<T>(P0, P1, view<const T, 2>(points0, "points0"), view<const T, 2>(points1, "points1"),
                               results<T>(points, reasons, errors, angle, covariance),
                               options(method, sigma_px, min_angle_rad), stream_of(stream));
        });
      },
      "projection0"_a.noconvert(), "projection1"_a.noconvert(), "points0"_a, "points1"_a, py::kw_only(), "method"_a,
      "sigma_px"_a, "min_angle_rad"_a, "points"_a, "reasons"_a, "errors"_a, "angle"_a, "covariance"_a, "stream"_a);
  module.def(
      "triangulate_views",
      [](const Array<double>& projections, const DeviceArray& seen, int method, double sigma_px, double min_angle_rad,
         const Given& points, const Given& reasons, const Given& errors, const Given& angle, const Given& covariance,
         std::uintptr_t stream) {
        const auto cameras = tensor<3>(projections, "projections");
        with_floats(seen, "seen", [&](auto zero) {
          using T = decltype(zero);
          cuda::triangulate_views<T>(cameras, view<const T, 3>(seen, "seen"),
                                     results<T>(points, reasons, errors, angle, covariance),
                                     options(method, sigma_px, min_angle_rad), stream_of(stream));
        });
      },
      "projections"_a.noconvert(), "seen"_a, py::kw_only(), "method"_a, "sigma_px"_a, "min_angle_rad"_a, "points"_a,
      "reasons"_a, "errors"_a, "angle"_a, "covariance"_a, "stream"_a);
}

}  // namespace geomvision::bindings

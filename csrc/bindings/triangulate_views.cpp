#include "point_results.hpp"

namespace geomvision::bindings {
namespace {

template <typename T>
void define(py::module_& module) {
  using namespace py::literals;
  module.def(
      "triangulate_views",
      [](const Array<double>& projections, const Array<T>& points, int method, double sigma_px, double min_angle_rad,
         bool measured, bool covariance, int num_threads) {
        const auto cameras = tensor<3>(projections, "projections");
        const auto from = tensor<3>(points, "points");
        const geometry::TriangulationOptions options{static_cast<geometry::TriangulationMethod>(method), sigma_px,
                                                     min_angle_rad};
        const PointResults<T> results(from.size(1), from.size(0), measured, covariance);
        without_gil([&] { geometry::triangulate_views<T>(cameras, from, results.views, options, num_threads); });
        return results.arrays();
      },
      "projections"_a.noconvert(), "points"_a.noconvert(), py::kw_only(), "method"_a, "sigma_px"_a, "min_angle_rad"_a,
      "measured"_a, "covariance"_a, "num_threads"_a, "As triangulate, of points (views, N, 2).");
}

}  // namespace

void bind_triangulate_views(py::module_& module) {
  define<float>(module);
  define<double>(module);
}

}  // namespace geomvision::bindings

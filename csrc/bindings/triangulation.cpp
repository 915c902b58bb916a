#include "geomvision/geometry/triangulation.hpp"

#include "matrices.hpp"
#include "point_results.hpp"

namespace geomvision::bindings {
namespace {

template <typename T>
void define(py::module_& module) {
  using namespace py::literals;
  module.def(
      "triangulate",
      [](const Array<double>& projection0, const Array<double>& projection1, const Array<T>& points0,
         const Array<T>& points1, int method, double sigma_px, double min_angle_rad, bool measured, bool covariance,
         int num_threads) {
        const auto P0 = matrix<12>(projection0, "projection0", 4), P1 = matrix<12>(projection1, "projection1", 4);
        const auto from0 = tensor<2>(points0, "points0"), from1 = tensor<2>(points1, "points1");
        const geometry::TriangulationOptions options{static_cast<geometry::TriangulationMethod>(method), sigma_px,
                                                     min_angle_rad};
        const PointResults<T> results(from0.size(0), 2, measured, covariance);
        without_gil([&] { geometry::triangulate<T>(P0, P1, from0, from1, results.views, options, num_threads); });
        return results.arrays();
      },
      "projection0"_a.noconvert(), "projection1"_a.noconvert(), "points0"_a.noconvert(), "points1"_a.noconvert(),
      py::kw_only(), "method"_a, "sigma_px"_a, "min_angle_rad"_a, "measured"_a, "covariance"_a, "num_threads"_a,
      "Points, reasons, errors, angles and covariances; None for what is not wanted.");
  module.def(
      "correct_matches",
      [](const Array<double>& F, const Array<T>& points0, const Array<T>& points1, int num_threads) {
        const auto from0 = tensor<2>(points0, "points0"), from1 = tensor<2>(points1, "points1");
        const auto constraint = matrix<9>(F, "F", 3);
        const Output<T, 2> to0(from0.sizes()), to1(from1.sizes());
        without_gil([&] { geometry::correct_matches<T>(constraint, from0, from1, to0.view, to1.view, num_threads); });
        return py::make_tuple(to0.array, to1.array);
      },
      "F"_a.noconvert(), "points0"_a.noconvert(), "points1"_a.noconvert(), "num_threads"_a);
}

}  // namespace

void bind_triangulation(py::module_& module) {
  define<float>(module);
  define<double>(module);
}

}  // namespace geomvision::bindings

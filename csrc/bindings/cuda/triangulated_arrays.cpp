#include "../matrices.hpp"
#include "../point_results.hpp"
#include "geomvision/cuda/triangulation.hpp"
#include "host_arrays.hpp"

namespace geomvision::bindings {
namespace {

template <typename T, int Rank>
void give(const OnDevice<T, Rank>& from, const TensorView<T, Rank>& to) {
  if (to.data() != nullptr) from.give(to.data());
}

// What `_core.triangulate` gives, and seconds of copying.
template <typename T>
py::tuple run(const Array<double>& projection0, const Array<double>& projection1, const Array<T>& points0,
              const Array<T>& points1, const geometry::TriangulationOptions& options, bool measured, bool covariance) {
  const auto P0 = matrix<12>(projection0, "projection0", 4), P1 = matrix<12>(projection1, "projection1", 4);
  const auto from0 = tensor<2>(points0, "points0"), from1 = tensor<2>(points1, "points1");
  const std::ptrdiff_t count = from0.size(0), some = measured ? count : 0, all = covariance ? count : 0;
  const PointResults<T> results(count, 2, measured, covariance);
  Copies copies;
  without_gil([&] {
    OnDevice<T, 2> there0(from0.sizes()), there1(from1.sizes());
    const OnDevice<T, 2> points({count, 3}), errors({some, 2});
    const OnDevice<T, 1> angle({some});
    const OnDevice<T, 3> covariances({all, 3, 3});
    const OnDevice<std::uint8_t, 1> reasons({count});
    copies([&] {
      there0.take(from0.data());
      there1.take(from1.data());
    });
    cuda::triangulate<T>(P0, P1, there0.view(), there1.view(),
                         {points.view(), errors.view(), angle.view(), covariances.view(), reasons.view()}, options);
    copies([&] {
      give(points, results.views.points);
      give(errors, results.views.errors_px);
      give(angle, results.views.angle_rad);
      give(covariances, results.views.covariance);
      give(reasons, results.views.reasons);
    });
  });
  return py::tuple(results.arrays() + py::make_tuple(copies.seconds()));
}

template <typename T>
void define(py::module_& module) {
  using namespace py::literals;
  module.def(
      "triangulate_arrays",
      [](const Array<double>& projection0, const Array<double>& projection1, const Array<T>& points0,
         const Array<T>& points1, int method, double sigma_px, double min_angle_rad, bool measured, bool covariance) {
        return run<T>(projection0, projection1, points0, points1,
                      {static_cast<geometry::TriangulationMethod>(method), sigma_px, min_angle_rad}, measured,
                      covariance);
      },
      "projection0"_a.noconvert(), "projection1"_a.noconvert(), "points0"_a.noconvert(), "points1"_a.noconvert(),
      py::kw_only(), "method"_a, "sigma_px"_a, "min_angle_rad"_a, "measured"_a, "covariance"_a);
}

}  // namespace

void bind_triangulated_arrays(py::module_& module) {
  define<float>(module);
  define<double>(module);
}

}  // namespace geomvision::bindings

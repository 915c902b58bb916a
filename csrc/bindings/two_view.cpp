#include "geomvision/geometry/two_view.hpp"

#include <pybind11/stl.h>

#include <cmath>

#include "bind.hpp"

namespace geomvision::bindings {
namespace {

using namespace geometry;
using Values = std::array<double, 4>;
using Matched = const Array<double>&;

py::array_t<double> square(const double* values, py::ssize_t side) {
  return py::array_t<double>(std::vector<py::ssize_t>{side, side}, values);
}

py::dict as_dict(const TwoViewEstimate& e) {
  using namespace py::literals;
  py::object covariance = py::none();
  const auto side = static_cast<py::ssize_t>(std::lround(std::sqrt(static_cast<double>(e.covariance.size()))));
  if (side > 0) covariance = square(e.covariance.data(), side);
  return py::dict(
      "found"_a = e.found, "matrix"_a = square(e.matrix.data(), 3), "score"_a = e.score, "support"_a = e.support,
      "noise_px"_a = e.noise_px, "inlier_px"_a = e.inlier_px, "iterations"_a = e.iterations,
      "covariance"_a = covariance,
      "errors_px"_a = py::array_t<double>(static_cast<py::ssize_t>(e.errors_px.size()), e.errors_px.data()));
}

Intrinsics intrinsics(const Values& k) { return {k[0], k[1], k[2], k[3]}; }

TwoViewOptions options(double max_error_px, double confidence, int max_iterations, std::uint64_t seed) {
  TwoViewOptions made;
  made.max_error_px = max_error_px;
  made.confidence = confidence;
  made.max_iterations = max_iterations;
  made.seed = seed;
  return made;
}

}  // namespace

void bind_two_view(py::module_& module) {
  using namespace py::literals;
  module.def("two_view_options", [] {
    const TwoViewOptions d;
    return py::dict("max_error_px"_a = d.max_error_px, "confidence"_a = d.confidence,
                    "max_iterations"_a = d.max_iterations, "seed"_a = d.seed);
  });
  module.def(
      "estimate_essential",
      [](Matched points0, Matched points1, const Values& camera0, const Values& camera1,
         const std::vector<double>& spread0, const std::vector<double>& spread1, double max_error_px, double confidence,
         int max_iterations, std::uint64_t seed, int num_threads) {
        const auto p0 = tensor<2>(points0, "points0"), p1 = tensor<2>(points1, "points1");
        EssentialEstimate made;
        without_gil([&] {
          made = geometry::estimate_essential(p0, p1, intrinsics(camera0), intrinsics(camera1), spread0, spread1,
                                              options(max_error_px, confidence, max_iterations, seed), num_threads);
        });
        py::dict told = as_dict(made);
        told["rotation"] = square(made.rotation.data(), 3);
        told["translation"] = py::array_t<double>(3, made.translation.data());
        return told;
      },
      "points0"_a.noconvert(), "points1"_a.noconvert(), "camera0"_a, "camera1"_a, "spread0"_a, "spread1"_a,
      "max_error_px"_a, "confidence"_a, "max_iterations"_a, "seed"_a, "num_threads"_a);
}

}  // namespace geomvision::bindings

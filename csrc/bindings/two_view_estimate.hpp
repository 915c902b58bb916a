#pragma once

#include <cmath>

#include "bind.hpp"
#include "geomvision/geometry/two_view.hpp"

namespace geomvision::bindings {

using namespace geometry;

inline py::array_t<double> square(const double* values, py::ssize_t side) {
  return py::array_t<double>(std::vector<py::ssize_t>{side, side}, values);
}

/// What was found, by name; `covariance` is None where it is not determined.
inline py::dict as_dict(const TwoViewEstimate& e) {
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

inline TwoViewOptions options(double max_error_px, double confidence, int max_iterations, std::uint64_t seed) {
  TwoViewOptions made;
  made.max_error_px = max_error_px;
  made.confidence = confidence;
  made.max_iterations = max_iterations;
  made.seed = seed;
  return made;
}

}  // namespace geomvision::bindings

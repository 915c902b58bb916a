#pragma once

#include "bind.hpp"
#include "geomvision/geometry/triangulation.hpp"

namespace geomvision::bindings {

/// Memory for what is wanted, None for what is not; points and reasons always are.
template <typename T>
struct PointResults {
  Output<T, 2> points;
  Output<std::uint8_t, 1> reasons;
  std::unique_ptr<Output<T, 2>> errors;
  std::unique_ptr<Output<T, 1>> angle;
  std::unique_ptr<Output<T, 3>> covariance;
  geometry::TriangulatedPoints<T> views;

  PointResults(std::ptrdiff_t count, std::ptrdiff_t seen_by, bool measured, bool with_covariance)
      : points({count, 3}), reasons({count}) {
    views.points = points.view;
    views.reasons = reasons.view;
    if (measured) {
      errors = std::make_unique<Output<T, 2>>(typename TensorView<T, 2>::Sizes{count, seen_by});
      angle = std::make_unique<Output<T, 1>>(typename TensorView<T, 1>::Sizes{count});
      views.errors_px = errors->view;
      views.angle_rad = angle->view;
    }
    if (with_covariance) {
      covariance = std::make_unique<Output<T, 3>>(typename TensorView<T, 3>::Sizes{count, 3, 3});
      views.covariance = covariance->view;
    }
  }

  py::tuple arrays() const {
    const auto given = [](const auto& output) { return output ? py::object(output->array) : py::object(py::none()); };
    return py::make_tuple(points.array, reasons.array, given(errors), given(angle), given(covariance));
  }
};

}  // namespace geomvision::bindings

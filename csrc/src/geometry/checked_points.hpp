#pragma once

#include <cstddef>

#include "geomvision/check.hpp"
#include "geomvision/geometry/triangulation.hpp"

namespace geomvision::geometry {

// Views are TensorViews or a GPU's.

/// How many matches there are. Throws std::invalid_argument unless both are (N, 2) without gaps.
template <typename View>
std::ptrdiff_t check_matches(const char* op, const View& points0, const View& points1) {
  check(points0.size(1) == 2 && points0.sizes() == points1.sizes(), op, ": points are ", points0.shape(), " and ",
        points1.shape(), "; both must be (N, 2)");
  check(points0.is_packed() && points1.is_packed(), op, ": points must lie without gaps");
  return points0.size(0);
}

template <typename View>
void check_result(const char* op, const char* name, const View& view, const typename View::Sizes& wanted) {
  if (view.data() == nullptr) return;
  check(view.sizes() == wanted && view.is_packed(), op, ": ", name, " are ", view.shape(), "; they must be ",
        View(view.data(), wanted).shape(), " without gaps");
}

/// Throws unless what is wanted has the sizes for so many points and views.
template <typename Results>
void check_results(const char* op, const Results& out, std::ptrdiff_t count, std::ptrdiff_t views) {
  check_result(op, "points", out.points, {count, 3});
  check_result(op, "errors_px", out.errors_px, {count, views});
  check_result(op, "angle_rad", out.angle_rad, {count});
  check_result(op, "covariance", out.covariance, {count, 3, 3});
  check_result(op, "reasons", out.reasons, {count});
}

}  // namespace geomvision::geometry

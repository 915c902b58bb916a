#pragma once

#include "dispatch.hpp"
#include "geometry/two_views.hpp"
#include "geometry/view_of_many.hpp"

namespace geomvision {

constexpr int kViewTile = 64;  // points of a piece

/// A piece of points that several views see: rows of kViewTile numbers.
struct ViewRows {
  const geometry::ViewOfMany* views;
  int view_count, point_count;
  const double* pixels;  // rows x and y for each view; NaN where it does not see the point
  double* errors;        // a row for each view
  double* room;          // 3 rows of 8 for each view
  double* found;         // rows x, y, z, angle, reason, then six of the covariance
};

}  // namespace geomvision

// Points are given from `origin`.
GEOMVISION_DECLARE_KERNEL(void, triangulate_views,
                          (const ViewRows& rows, const geometry::PointRules& rules, const double* origin));

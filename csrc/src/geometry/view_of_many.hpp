#pragma once

#include <vector>

#include "geomvision/tensor.hpp"

namespace geomvision::geometry {

/// One of several cameras, as take_apart gives it; `centre` from the first one's.
struct ViewOfMany {
  double M[9], N[9], centre[3];
};

/// Views of projections (views, 3, 4), at least two, and the first one's centre. Throws std::invalid_argument where a
/// projection is none, or all are at one place.
std::vector<ViewOfMany> views_of(TensorView<const double, 3> projections, const char* op, double* origin);

}  // namespace geomvision::geometry

#pragma once

#include <array>

namespace geomvision::geometry {

/// A 3x3 matrix, row by row.
using Entries = std::array<double, 9>;

}  // namespace geomvision::geometry

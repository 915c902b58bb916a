#pragma once

namespace geomvision::flow {

/// A window whose smaller eigenvalue is below this share of the larger one: rounding decides where it moves.
constexpr double least_determinant = 1e-6;

}  // namespace geomvision::flow

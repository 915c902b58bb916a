#pragma once

#include "geometry/small_matrix.hpp"

namespace geomvision::geometry {

/// The two rotations and the direction that E = ±[t]x R allows (Hartley & Zisserman 2004, 9.6.2).
struct EssentialParts {
  Matrix3 first, second;
  Vector3 translation;
  explicit EssentialParts(const Matrix3& essential);
};

/// b1 = t × e_k / |t × e_k| with k the least entry of |t|, b2 = t × b1.
struct TangentBasis {
  Vector3 b1, b2;
  explicit TangentBasis(const Vector3& t);
};

}  // namespace geomvision::geometry

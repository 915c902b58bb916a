#pragma once

#include "geometry/small_matrix.hpp"

namespace geomvision::geometry {

/// The essential matrices, at most 10 and of norm 1, that five rays (x, y, 1) of each view allow: x1ᵀ E x0 = 0
/// (D. Nistér, An efficient solution to the five-point relative pose problem, PAMI 2004). Returns how many.
int five_point(const Vector3* rays0, const Vector3* rays1, Matrix3* essentials);

/// The fundamental matrices, at most 3 and of norm 1, of seven points (x, y, 1) (Hartley & Zisserman 2004, 11.1.2).
int seven_point(const Vector3* points0, const Vector3* points1, Matrix3* fundamentals);

/// The homography x1 ~ H x0 of four points (x, y, 1); none where three of them lie on a line. Returns 0 or 1.
int four_point(const Vector3* points0, const Vector3* points1, Matrix3* homography);

}  // namespace geomvision::geometry

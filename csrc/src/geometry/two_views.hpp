#pragma once

#include "geomvision/geometry/triangulation.hpp"

namespace geomvision::geometry {

/// Two cameras, seen from the first one's centre. Projections are scaled so that their third row times a point is its
/// depth: M is the left 3x3 of a projection, N its inverse.
struct TwoViews {
  double M0[9], N0[9], M1[9], N1[9];
  double Q[9], t[3];          // x1 ~ Q y + t of the point y = M0 (X - centre)
  double F[9];                // x1' F x0 = 0
  double centre[3], base[3];  // of camera 0, and from it to camera 1
};

/// Throws std::invalid_argument where a projection is none or both have one centre.
TwoViews two_views(const Projection& projection0, const Projection& projection1, const char* op);

/// A projection's left 3x3 and its centre. Throws as above; `name` says which it is.
void take_apart(const Projection& projection, const char* op, int name, double* M, double* N, double* centre);

/// F by its largest entry.
Entries scaled(const Entries& F, const char* op);

/// What a run asks for, in numbers that a kernel takes.
struct PointRules {
  TriangulationMethod method;
  double variance, min_angle;
};
PointRules checked(const TriangulationOptions& options, const char* op);

}  // namespace geomvision::geometry

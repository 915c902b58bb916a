#pragma once

#include "geometry/pose_fit.hpp"

// What linear methods need to know of all observations, in one pass over them.
namespace geomvision::geometry {

/// A camera point R X + t is Σ_k h_k x_k with h = (X, 1) and x_0 ... x_2 the columns of R, x_3 = t. Entry (3k + i, 3l +
/// j) of the form is Σ h_k h_l Q_ij over observations, Q = sum of c cᵀ of the two rows c of the chart that must vanish:
/// of x it is the sum of squared errors times depths.
struct PoseMoments {
  Matrix<12, 12> form;
  Matrix<4, 4> points;  ///< Σ h hᵀ
  Vector<12> ahead;     ///< of x it is the sum of the depths
  bool finite = false;

  explicit PoseMoments(const std::vector<Seen>& seen);
};

/// The rotation nearest to a matrix, the sum of whose product with it is greatest.
Matrix3 nearest_rotation(const Matrix3& a);

/// Sum of squared errors in pixels; infinite where a point is not in front.
double squared_error_of(const std::vector<Seen>& seen, const RigidMotion& motion);

/// SQPnP (Terzakis & Lourakis, A consistently fast and globally optimal solution to the PnP problem, ECCV 2020); false
/// where no pose has all points in front.
bool sqpnp(const std::vector<Seen>& seen, const PoseMoments& moments, RigidMotion& motion);

/// EPnP (Lepetit, Moreno-Noguer & Fua, IJCV 2009), for points whose mean is the origin; false as above.
bool epnp(const std::vector<Seen>& seen, const PoseMoments& moments, RigidMotion& motion);

/// The pose of all observations, which are checked.
AbsolutePose pose_of_all(const SeenPoints& seen, const PerspectiveNPointOptions& options, PoseScratch& scratch);

}  // namespace geomvision::geometry

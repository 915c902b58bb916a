#pragma once

#include <limits>
#include <vector>

#include "geometry/small_matrix.hpp"
#include "geomvision/geometry/absolute_pose.hpp"
#include "kernels/pose_gain.hpp"

// The least squares inside absolute_pose, perspective_n_point and refine_absolute_pose.
namespace geomvision::geometry {

struct RigidMotion {
  Matrix3 rotation = Matrix3::identity();
  Vector3 translation;
};

inline RigidMotion motion_of(const CameraPose& pose) { return {Matrix3{pose.rotation}, Vector3{pose.translation}}; }
inline CameraPose pose_of(const RigidMotion& m) { return {m.rotation.values, m.translation.values}; }

/// One point and its chart.
struct Seen {
  Vector3 point;
  Matrix3 chart;
};

/// Where the observation is missed by, pixels; false where the point is not in front.
inline bool error_of(const Seen& seen, const RigidMotion& m, Vector3& moved, double& x, double& y) {
  moved = m.rotation * seen.point + m.translation;
  const Vector3 q = seen.chart * moved;
  if (!(q[2] > 0.0)) return false;
  x = q[0] / q[2];
  y = q[1] / q[2];
  return true;
}

/// Gauss-Newton's normal equations of a small rotation and translation in the camera's frame.
struct NormalEquations {
  Matrix<6, 6> information;
  Vector<6> gradient;
  double squared_error = 0.0;
  double gain = 0.0;  ///< sum of 1 - (error / threshold)²
  int count = 0;

  /// Add what is within the threshold of the pose; whether it was.
  bool add(const Seen& seen, const RigidMotion& motion, double squared_threshold);
};

/// The motion after a small rotation and translation in the camera's frame, exactly rigid.
RigidMotion moved_by(const RigidMotion& motion, const Vector<6>& step);

/// The observations as kernels want them, in `table`.
PoseRows tabulated(const std::vector<Seen>& seen, std::vector<double>& table);

/// Levenberg-Marquardt on all of `seen`; what lies behind the camera at the start must not be among them. `table` is
/// room, here and below.
void fit(const std::vector<Seen>& seen, RigidMotion& motion, std::vector<double>& table);

/// Memory of a call.
struct PoseScratch {
  std::vector<Seen> all, fitted, narrowly;
  std::vector<double> values, table;
};

/// Fits to those within the threshold as long as the truncated squared error falls; then to those within 3.5 standard
/// deviations of their noise. `scratch.fitted` is what the last fit used. False where fewer than four are left.
bool fit_to_inliers(const std::vector<Seen>& seen, double max_error_px, RigidMotion& motion, PoseScratch& scratch);

/// Those of `seen` that are within the threshold.
void keep_within(const std::vector<Seen>& seen, const RigidMotion& motion, double max_error_px,
                 std::vector<Seen>& near);

/// Noise and covariance of a motion that was fitted to `fitted`; whether they determine it.
bool measure(const std::vector<Seen>& fitted, const RigidMotion& motion, std::vector<double>& table,
             AbsolutePose& result);

/// Rows of the views as `Seen`, the world's origin moved to `origin`.
void gather(const SeenPoints& seen, const Vector3& origin, std::vector<Seen>& rows);

/// The median of each coordinate: far from the world's origin, differences of large numbers would cost digits.
Vector3 middle(const SeenPoints& seen, std::vector<double>& values);

/// From and back to the origin the world is moved to.
RigidMotion from_origin(const CameraPose& pose, const Vector3& origin);
CameraPose with_origin(const RigidMotion& motion, const Vector3& origin);

/// Throws std::invalid_argument unless sizes agree and all numbers are finite.
void check_seen(const char* owner, const SeenPoints& seen);

}  // namespace geomvision::geometry

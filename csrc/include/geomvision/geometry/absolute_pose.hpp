#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "geomvision/tensor.hpp"

namespace geomvision::geometry {

/// Where a camera is: a point X of the world lies at R X + t in the camera's frame. Row-major.
struct CameraPose {
  std::array<double, 9> rotation{1, 0, 0, 0, 1, 0, 0, 0, 1};
  std::array<double, 3> translation{};
};

/// What cameras saw, of any central model. `points` (N, 3) are metres in the world. `charts` (N, 3, 3) say for each
/// observation what it means to miss it: a point p of the camera's frame, q = chart p, lies q.xy / q.z pixels beside
/// the observation where q.z > 0, and is not seen elsewhere. For a pinhole that saw the pixel (u, v) the chart is [f_x
/// 0 c_x-u; 0 f_y c_y-v; 0 0 1], exactly; for others, what the projection's derivative at the observation makes of it.
struct SeenPoints {
  TensorView<const double, 2> points;
  TensorView<const double, 3> charts;
};

/// How a pose is found without a guess.
enum class PnPSolver {
  sqpnp,  ///< least squares of errors times depths over all rotations (Terzakis & Lourakis, ECCV 2020)
  epnp,   ///< control points from null vectors (Lepetit, Moreno-Noguer & Fua, IJCV 2009); wants 6 points or more
};

struct PerspectiveNPointOptions {
  PnPSolver solver = PnPSolver::sqpnp;
  bool refine = true;  ///< to least squares in pixels
};

struct AbsolutePoseOptions {
  double max_error_px = 4.0;   ///< largest error of an inlier
  double confidence = 0.9999;  ///< that a sample without outliers was drawn
  int max_iterations = 10000;
  std::uint64_t seed = 0;
  int num_threads = 0;
};

/// A pose and how sure it is.
struct AbsolutePose {
  bool found = false;  ///< whether the points determine it
  CameraPose pose;
  int inliers = 0;      ///< within the threshold
  int iterations = 0;   ///< samples drawn
  double noise_px = 0;  ///< standard deviation of a coordinate of the inliers' pixels; NaN where nothing is left over
  /// Of a small rotation (rad) and translation (m), in this order, in the camera's frame: p' = p + w x p + v.
  /// Row-major; NaN where the points do not determine it.
  std::array<double, 36> covariance{};
};

/// The poses, at most 4, that see three points of the world along three rays: how many there are. `rays` holds three
/// vectors of the camera's frame, of any length, `points` three points. None where the points lie on a line or rays are
/// equal. Grunert's problem, solved by a degenerate conic of its pencil (Persson & Nordberg, ECCV 2018; Ding et al.,
/// CVPR 2023).
int p3p(const std::array<double, 9>& rays, const std::array<double, 9>& points, std::array<CameraPose, 4>& poses);

/// The pose of all points, none of them an outlier, without a guess. Not found where fewer than four points differ,
/// they lie on a line (their second extent is below 1e-4 of the first), or no pose has all in front of the camera.
AbsolutePose perspective_n_point(const SeenPoints& seen, const PerspectiveNPointOptions& options = {});

/// Levenberg-Marquardt from `start` on the squared errors in pixels of those observations that are within
/// `max_error_px` of it (infinity: all in front of the camera); these stay the same while it runs. Throws where `start`
/// is no rigid motion: its rotation off by more than 1e-6, or a mirror.
AbsolutePose refine_absolute_pose(const SeenPoints& seen, const CameraPose& start, double max_error_px);

/// The pose most observations agree on: LO-RANSAC (Chum, Matas & Kittler 2003) on `p3p`, scored by the truncated
/// squared error, refined on the inliers within 3.5 standard deviations of their noise. `inliers` (N) becomes 1 where
/// an observation is one. The result depends on the seed, not on threads or instruction sets. Throws
/// std::invalid_argument where sizes differ, numbers are not finite or an option is not allowed.
AbsolutePose absolute_pose(const SeenPoints& seen, const AbsolutePoseOptions& options,
                           const TensorView<std::uint8_t, 1>& inliers);

/// The same three for a loop: a call on no more observations than one before allocates nothing. One object serves one
/// thread at a time.
class AbsolutePoseSolver {
 public:
  AbsolutePoseSolver();
  ~AbsolutePoseSolver();
  AbsolutePoseSolver(AbsolutePoseSolver&&) noexcept;
  AbsolutePoseSolver& operator=(AbsolutePoseSolver&&) noexcept;

  AbsolutePose perspective_n_point(const SeenPoints& seen, const PerspectiveNPointOptions& options = {});
  AbsolutePose refine_absolute_pose(const SeenPoints& seen, const CameraPose& start, double max_error_px);
  AbsolutePose absolute_pose(const SeenPoints& seen, const AbsolutePoseOptions& options,
                             const TensorView<std::uint8_t, 1>& inliers);

 private:
  struct Scratch;
  std::unique_ptr<Scratch> scratch_;
};

}  // namespace geomvision::geometry

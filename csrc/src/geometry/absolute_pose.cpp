#include "geomvision/geometry/absolute_pose.hpp"

#include <algorithm>
#include <cmath>

#include "geometry/pose_moments.hpp"
#include "geometry/ransac.hpp"
#include "geometry/small_solvers.hpp"
#include "geomvision/check.hpp"
#include "kernels/pose_gain.hpp"

namespace geomvision::geometry {
namespace {

struct PoseProblem {
  using Model = CameraPose;
  static constexpr int sample_size = 3, max_models = 4;

  const std::vector<Seen>& seen;  // in random order
  const PoseRows rows;
  const std::vector<Vector3>& rays;
  double threshold;

  int size() const { return static_cast<int>(seen.size()); }

  int solve(const int* sample, CameraPose* models) const {
    std::array<double, 9> directions{}, points{};
    for (std::size_t k = 0; k < 3; ++k) {
      const auto i = static_cast<std::size_t>(sample[k]);
      for (int c = 0; c < 3; ++c) {
        directions[3 * k + static_cast<std::size_t>(c)] = rays[i][c];
        points[3 * k + static_cast<std::size_t>(c)] = seen[i].point[c];
      }
    }
    std::array<CameraPose, 4> found;
    const int count = p3p(directions, points, found);
    std::copy_n(found.begin(), count, models);
    return count;
  }

  double score(const CameraPose& model, double to_beat) const {
    std::array<double, 12> pose{};
    std::copy(model.rotation.begin(), model.rotation.end(), pose.begin());
    std::copy(model.translation.begin(), model.translation.end(), pose.begin() + 9);
    constexpr int piece = 32 * kPoseLanes;
    double gain = 0.0;
    for (int begin = 0; begin < rows.padded; begin += piece) {
      const int end = std::min(begin + piece, rows.padded);
      gain += GEOMVISION_KERNEL(pose_gain)(rows, pose.data(), threshold, begin, end);
      if (is_hopeless(gain, end, to_beat)) return std::min(gain, to_beat);
    }
    return gain;
  }

  // Whether a model that gained so little of the first `seen_so_far` observations, which are in random order, cannot be
  // expected to gain `to_beat` of all: five standard deviations below (Capel, An effective bail-out test for RANSAC
  // consensus scoring, BMVC 2005).
  bool is_hopeless(double gain, int seen_so_far, double to_beat) const {
    const double expected = to_beat * std::min(1.0, static_cast<double>(seen_so_far) / size());
    return gain < expected - 5.0 * std::sqrt(expected);
  }

  // Gauss-Newton on whatever is within the threshold, as long as that gains. A part of the observations is enough to
  // tell one consensus from another; all are fitted in the end.
  double refine(CameraPose& model) const {
    constexpr std::size_t enough = 512;
    const std::size_t part = std::min(seen.size(), enough);
    RigidMotion motion = motion_of(model);
    double best = -1.0, support = -1.0;
    for (int iteration = 0; iteration < 6; ++iteration) {
      NormalEquations sum;
      for (std::size_t i = 0; i < part; ++i) sum.add(seen[i], motion, threshold * threshold);
      if (!(sum.gain > best * 1.001)) break;
      best = sum.gain;
      support = sum.count * static_cast<double>(seen.size()) / static_cast<double>(part);
      model = pose_of(motion);
      Vector<6> step = sum.gradient * -1.0;
      if (sum.count < 4 || !solve_positive(sum.information, step)) break;
      motion = moved_by(motion, step);
    }
    return support;
  }
};

// A ray that the chart maps to its own middle: where the observation lies. Zero where there is none.
Vector3 ray_of(const Matrix3& chart) {
  const Vector3 ray = inverse(chart) * vector3(0, 0, 1);
  return is_finite(ray) && norm(ray) > 0 ? ray * (1.0 / norm(ray)) : Vector3{};
}

// In an order that is the same every time: outliers often come in a row.
void shuffle(std::vector<Seen>& seen) {
  for (std::size_t i = seen.size(); i > 1; --i) std::swap(seen[i - 1], seen[random_bits(0, i) % i]);
}

void check_options(const char* owner, const AbsolutePoseOptions& options) {
  check(options.max_error_px > 0 && std::isfinite(options.max_error_px), owner, ": max_error_px is ",
        options.max_error_px, "; it must be above 0");
  check(options.confidence > 0 && options.confidence < 1, owner, ": confidence is ", options.confidence,
        "; it must lie between 0 and 1");
  check(options.max_iterations >= 1, owner, ": max_iterations is ", options.max_iterations, "; it must be 1 or more");
}

// The best of the samples; `table` and `rays` are room.
RansacResult<CameraPose> consensus(const std::vector<Seen>& all, const AbsolutePoseOptions& options,
                                   std::vector<double>& table, std::vector<Vector3>& rays) {
  const PoseRows rows = tabulated(all, table);
  rays.resize(all.size());
  for (std::size_t i = 0; i < all.size(); ++i) rays[i] = ray_of(all[i].chart);
  RansacOptions how;
  how.seed = options.seed;
  how.max_iterations = options.max_iterations;
  how.confidence = options.confidence;
  how.num_threads = options.num_threads;
  return ransac(PoseProblem{all, rows, rays, options.max_error_px}, how);
}

}  // namespace

struct AbsolutePoseSolver::Scratch : PoseScratch {
  std::vector<Vector3> rays;
};

AbsolutePoseSolver::AbsolutePoseSolver() : scratch_(std::make_unique<Scratch>()) {}
AbsolutePoseSolver::~AbsolutePoseSolver() = default;
AbsolutePoseSolver::AbsolutePoseSolver(AbsolutePoseSolver&&) noexcept = default;
AbsolutePoseSolver& AbsolutePoseSolver::operator=(AbsolutePoseSolver&&) noexcept = default;

AbsolutePose AbsolutePoseSolver::perspective_n_point(const SeenPoints& seen, const PerspectiveNPointOptions& options) {
  check_seen("perspective_n_point", seen);
  return pose_of_all(seen, options, *scratch_);
}

AbsolutePose AbsolutePoseSolver::refine_absolute_pose(const SeenPoints& seen, const CameraPose& start,
                                                      double max_error_px) {
  const char* owner = "refine_absolute_pose";
  check_seen(owner, seen);
  check(max_error_px > 0, owner, ": max_error_px is ", max_error_px, "; it must be above 0");
  const RigidMotion given = motion_of(start);
  const double off = norm(given.rotation * transposed(given.rotation) - Matrix3::identity());
  check(off <= 1e-6 && determinant(given.rotation) > 0 && is_finite(given.translation), owner,
        ": start is no rigid motion: R R' differs from I by ", off, ", its determinant is ",
        determinant(given.rotation), "; it must be a rotation and a finite translation");
  const Vector3 origin = middle(seen, scratch_->values);
  RigidMotion motion = moved_by(from_origin(start, origin), {});
  gather(seen, origin, scratch_->all);
  keep_within(scratch_->all, motion, max_error_px, scratch_->fitted);
  AbsolutePose result;
  result.inliers = static_cast<int>(scratch_->fitted.size());
  if (result.inliers < 3) return result;
  fit(scratch_->fitted, motion, scratch_->table);
  result.found = measure(scratch_->fitted, motion, scratch_->table, result);
  result.pose = with_origin(motion, origin);
  return result;
}

AbsolutePose AbsolutePoseSolver::absolute_pose(const SeenPoints& seen, const AbsolutePoseOptions& options,
                                               const TensorView<std::uint8_t, 1>& inliers) {
  const char* owner = "absolute_pose";
  check_seen(owner, seen);
  check(inliers.size(0) == seen.points.size(0), owner, ": room is for ", inliers.size(0), " inliers of ",
        seen.points.size(0), " points; they must be equal");
  check_options(owner, options);
  std::vector<Seen>& all = scratch_->all;
  const Vector3 origin = middle(seen, scratch_->values);
  gather(seen, origin, all);
  shuffle(all);
  const auto best = consensus(all, options, scratch_->table, scratch_->rays);
  AbsolutePose result;
  result.iterations = best.iterations;
  std::fill_n(inliers.data(), all.size(), std::uint8_t{0});
  if (!best.found) return result;
  RigidMotion motion = motion_of(best.model);
  if (!fit_to_inliers(all, options.max_error_px, motion, *scratch_)) return result;
  result.found = measure(scratch_->fitted, motion, scratch_->table, result);
  Vector3 moved;
  double x, y;
  gather(seen, origin, all);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const bool close = error_of(all[i], motion, moved, x, y) && std::hypot(x, y) <= options.max_error_px;
    *inliers.at(i) = close ? 1 : 0;
    result.inliers += close;
  }
  result.pose = with_origin(motion, origin);
  return result;
}

AbsolutePose perspective_n_point(const SeenPoints& seen, const PerspectiveNPointOptions& options) {
  return AbsolutePoseSolver().perspective_n_point(seen, options);
}

AbsolutePose refine_absolute_pose(const SeenPoints& seen, const CameraPose& start, double max_error_px) {
  return AbsolutePoseSolver().refine_absolute_pose(seen, start, max_error_px);
}

AbsolutePose absolute_pose(const SeenPoints& seen, const AbsolutePoseOptions& options,
                           const TensorView<std::uint8_t, 1>& inliers) {
  return AbsolutePoseSolver().absolute_pose(seen, options, inliers);
}

}  // namespace geomvision::geometry

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "geometry/depth_prior.hpp"
#include "geometry/small_solvers.hpp"
#include "geomvision/geometry/two_view.hpp"

namespace geomvision::geometry {
namespace {

/// Rounds of the plane's fit; share of the inliers that must lie on it, within so many standard deviations.
constexpr int rounds = 10;
constexpr double on_plane = 0.25, near = 3.0;
/// Fewer matches make no plane.
constexpr std::size_t least = 16;

}  // namespace

std::optional<Pose> DepthPrior::twin(const Pose& pose, const Matrix3& matrix, const Mixture& mixture) {
  weigh(matrix, mixture);
  look(pose.rotation, pose.translation);
  std::vector<std::size_t> chosen;
  for (std::size_t i = 0; i < weights_.size(); ++i) {
    const bool tells = sine_squared_[i] > 9.0 * mixture.sigma * mixture.sigma;
    if (tells && weights_[i] > 1.0 && nearness_[i] > 0) chosen.push_back(i);
  }
  if (chosen.size() < least) return std::nullopt;
  // Inverse distances of a plane are linear in the rays; what lies off it counts less and less (Cauchy's weights).
  Vector3 normal;
  double spread = 0.0;
  for (int round = 0; round < rounds; ++round) {
    Matrix<3, 3> squares;
    Vector3 right;
    order_.clear();
    for (const std::size_t i : chosen) {
      const Vector3 a = ray0(i);
      const double off = dot(a, normal) - nearness_[i];
      const double weight = round > 0 ? 1.0 / (1.0 + off * off / (spread * spread)) : 1.0;
      for (int p = 0; p < 3; ++p) {
        for (int q = 0; q < 3; ++q) squares(p, q) += weight * a[p] * a[q];
        right[p] += weight * a[p] * nearness_[i];
      }
    }
    if (!solve_positive(squares, right)) return std::nullopt;
    normal = right;
    for (const std::size_t i : chosen) order_.push_back(std::abs(dot(ray0(i), normal) - nearness_[i]));
    const auto middle = order_.begin() + static_cast<std::ptrdiff_t>(order_.size() / 2);
    std::nth_element(order_.begin(), middle, order_.end());
    spread = std::max(1.5 * *middle, 1e-9);
  }
  const Matrix3 homography = pose.rotation + pose.translation * transposed(normal);
  std::size_t agreeing = 0;
  for (const std::size_t i : chosen) {
    const Vector3 there = homography * ray0(i);
    agreeing += norm(cross(there, ray1(i))) < near * mixture.sigma * norm(there);
  }
  if (static_cast<double>(agreeing) < on_plane * static_cast<double>(chosen.size())) return std::nullopt;
  for (const Motion& motion : decompose_homography(homography.values)) {
    const Matrix3 rotation{motion.rotation};
    const Vector3 translation{motion.translation};
    const double length = norm(translation);
    if (length > 1e-9 && norm(rotation - pose.rotation) > 1e-6) return Pose{rotation, translation * (1.0 / length)};
  }
  return std::nullopt;
}

}  // namespace geomvision::geometry

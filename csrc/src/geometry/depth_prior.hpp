#pragma once

#include <optional>
#include <vector>

#include "geometry/matches.hpp"
#include "geometry/sampson_refine.hpp"

// What a pose says of its matches beyond their distance from the epipolar lines: where along the lines they lie.
//
// A wrong match that lies on its line by chance mostly lies where no right one does: behind a camera, or far nearer
// than the scene. Its long displacement gives it many times the say of a right one, so that a few of them decide where
// a nearly planar scene, or a forward motion, leaves the direction open. The prior of a match is the density of inverse
// depth (in units of the baseline) among inliers, over that among outliers, both counted in a histogram.
namespace geomvision::geometry {

struct Pose {
  Matrix3 rotation;
  Vector3 translation;
};

class DepthPrior {
 public:
  DepthPrior(const Matches& matches, const Matrix3& to_rays0, const Matrix3& to_rays1);

  /// Of the four poses with the same essential matrix, the one that has the most inliers before both cameras and the
  /// fewest behind.
  Pose in_front(const Pose& pose, const Matrix3& matrix, const Mixture& mixture);

  /// Count anew, by `pose` and its matrix for working coordinates.
  void learn(const Pose& pose, const Matrix3& matrix, const Mixture& mixture);

  /// The other pose that one plane through most inliers allows, if there is such a plane: samples from near a plane
  /// lead to either, and mostly to one.
  std::optional<Pose> twin(const Pose& pose, const Matrix3& matrix, const Mixture& mixture);

  /// All matches are alike again.
  void forget() { prior_.assign(prior_.size(), 1.0); }

  /// One per match, and as many as the columns are padded to.
  const double* values() const { return prior_.data(); }

  /// Σ log of how much likelier a match is by this model than as an outlier; `errors` as left by `learn`.
  double log_likelihood(const Matrix3& matrix, const Mixture& mixture);

 private:
  void weigh(const Matrix3& matrix, const Mixture& mixture);
  void look(const Matrix3& rotation, const Vector3& translation);
  Vector3 ray0(std::size_t i) const { return ray(i, 0); }
  Vector3 ray1(std::size_t i) const { return ray(i, 3); }
  Vector3 ray(std::size_t i, std::size_t column) const {
    const std::size_t padded = nearness_.size();
    return vector3(rays_[column * padded + i], rays_[(column + 1) * padded + i], rays_[(column + 2) * padded + i]);
  }

  const Matches& matches_;
  double view_ = 1.0;         // how far points lie from the middle: what outliers' errors are spread over
  std::vector<double> rays_;  // six columns
  std::vector<double> errors_, weights_, nearness_, sine_squared_, order_, prior_;
};

}  // namespace geomvision::geometry

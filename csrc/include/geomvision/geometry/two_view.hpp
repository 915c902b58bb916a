#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "geomvision/geometry/entries.hpp"
#include "geomvision/geometry/intrinsics.hpp"
#include "geomvision/tensor.hpp"

namespace geomvision::geometry {

/// Points of one view, (N, 2) as x, y in pixels.
using Points = TensorView<const double, 2>;

/// Of the robust estimators of two views.
struct TwoViewOptions {
  double max_error_px = 6.0;   ///< no inlier lies farther from its place; noise up to a third of it is handled
  double confidence = 0.9999;  ///< that a sample without outliers was drawn
  int min_iterations = 64;     ///< samples
  int max_iterations = 20000;  ///< samples
  std::uint64_t seed = 0;      ///< of the samples; nothing else is random
};

/// The relation of two views that most matches agree on.
struct TwoViewEstimate {
  bool found = false;
  Entries matrix{};      ///< E for rays, F or H for pixels; of norm 1
  double score = 0;      ///< MSAC's gain averaged over thresholds up to max_error_px; at most the number of matches
  double support = 0;    ///< Σ probability that a match is an inlier
  double noise_px = 0;   ///< standard deviation of the inliers' errors
  double inlier_px = 0;  ///< errors below are inliers' rather than outliers'
  int iterations = 0;    ///< samples that were drawn
  std::vector<double> errors_px;   ///< per match: Sampson's, signed for E and F
  std::vector<double> covariance;  ///< of the parameters, row by row; empty where they are not determined
};

/// The essential matrix by LO-RANSAC on the five-point solver, refined over its 5 degrees of freedom.
///
/// `spread0` and `spread1`, one per match or empty, say how far one pixel of the image reaches at the point, in pixels
/// of the pinhole camera that the points are given in (1 where empty). `rotation` and `translation` are one of the four
/// poses with E = [t]x R; `cheirality` tells which one is meant. The covariance is of (ω, α, β): R' = exp([ω]x) R and
/// t' = t + α b1 + β b2 with `tangent_basis(t)`. Throws std::invalid_argument for shapes and numbers that are not
/// allowed, NaN among them.
/// `rivals` are poses that refinements of other samples ended at, with their odds against the one that was chosen.
struct RivalPose {
  Entries rotation{};
  std::array<double, 3> translation{};
  double log_odds = 0;  ///< natural logarithm of the ratio of the evidence of both, by Laplace's approximation
};
struct EssentialEstimate : TwoViewEstimate {
  Entries rotation{};
  std::array<double, 3> translation{};
  std::vector<RivalPose> rivals;  ///< those with odds of 1 in 150 at least
};
EssentialEstimate estimate_essential(const Points& points0, const Points& points1, const Intrinsics& camera0,
                                     const Intrinsics& camera1, const std::vector<double>& spread0,
                                     const std::vector<double>& spread1, const TwoViewOptions& options = {},
                                     int num_threads = 0);

/// The fundamental matrix by LO-RANSAC on the seven-point solver, refined over its 7 degrees of freedom.
TwoViewEstimate estimate_fundamental(const Points& points0, const Points& points1, const TwoViewOptions& options = {},
                                     int num_threads = 0);

/// The same refinement of a fundamental matrix that is there already.
TwoViewEstimate refine_fundamental(const Points& points0, const Points& points1, const Entries& start,
                                   const TwoViewOptions& options = {});

/// The homography x1 ~ H x0 by LO-RANSAC on the four-point solver, refined over its 8 degrees of freedom.
TwoViewEstimate estimate_homography(const Points& points0, const Points& points1, const TwoViewOptions& options = {},
                                    int num_threads = 0);

/// One way to read a matrix as a motion: X1 = R X0 + t; for homographies of the plane n·X0 = 1 also its normal.
struct Motion {
  Entries rotation{};
  std::array<double, 3> translation{}, normal{};
};

/// The four motions (R, t), (R, -t), (R', t), (R', -t) that an essential matrix allows; |t| = 1.
std::array<Motion, 4> decompose_essential(const Entries& essential);

/// The motions that a homography H = R + t nᵀ (up to scale, for rays) allows: 4, or 1 where it is a rotation (Malis &
/// Vargas, Deeper understanding of the homography decomposition, INRIA RR-6303, 2007). t is in units of the distance
/// to the plane. Empty where the matrix is singular or not finite.
std::vector<Motion> decompose_homography(const Entries& homography);

/// How many of the matches, given as rays (N, 2) at z = 1, lie in front of both cameras for each motion. Matches whose
/// rays meet at less than `min_angle_rad` have no say.
std::vector<int> cheirality_votes(const Points& rays0, const Points& rays1, const std::vector<Motion>& motions,
                                  double min_angle_rad);

/// Two directions at right angles to t and to each other: b1 = t × e_k / |…| with k the least entry of |t|, b2 = t ×
/// b1.
std::array<std::array<double, 3>, 2> tangent_basis(const std::array<double, 3>& translation);

/// All solutions of the minimal problems, and the normalised eight-point algorithm (R. Hartley, PAMI 1997) for 8 points
/// or more. Rays (5, 2) at z = 1; points (7, 2), (N, 2) and (4, 2) in pixels.
std::vector<Entries> five_point_essentials(const Points& rays0, const Points& rays1);
std::vector<Entries> seven_point_fundamentals(const Points& points0, const Points& points1);
std::vector<Entries> eight_point_fundamental(const Points& points0, const Points& points1);
std::vector<Entries> four_point_homography(const Points& points0, const Points& points1);

}  // namespace geomvision::geometry

#pragma once

#include <array>
#include <cstdint>

#include "geomvision/geometry/entries.hpp"
#include "geomvision/tensor.hpp"

namespace geomvision::geometry {

/// Pairs of points (N, 3): row i of both is one point in two frames, metres.
struct PointPairs {
  TensorView<const double, 2> source, target;
};

/// target = scale R source + t.
struct Alignment {
  bool found = false;  ///< whether the pairs determine it
  Entries rotation{1, 0, 0, 0, 1, 0, 0, 0, 1};
  std::array<double, 3> translation{};
  double scale = 1.0;
  int inliers = 0;     ///< pairs it rests on
  int iterations = 0;  ///< samples drawn
};

struct RobustAlignmentOptions {
  bool with_scale = false;     ///< estimate a scale, too
  double confidence = 0.9999;  ///< that a sample without outliers was drawn
  int max_iterations = 10000;
  std::uint64_t seed = 0;
  int num_threads = 0;
};

/// The rigid motion (or similarity) of least weighted squared distances: Umeyama, PAMI 1991; never a reflection.
/// `weights` is (N), or empty where all are 1. Not found where fewer than three pairs have weight, or the points of
/// either side lie on a line (their second extent is below 1e-4 of the first). Throws std::invalid_argument where sizes
/// differ, numbers are not finite or a weight is negative.
Alignment align_points(const PointPairs& pairs, const TensorView<const double, 1>& weights, bool with_scale = false);

/// As `align_points`, of pairs many of which may be wrong: LO-RANSAC on triples, scored by the truncated squared
/// distance. `thresholds` (N) are metres: pairs up to this far apart are inliers, and weigh 1 / threshold². `inliers`
/// (N) becomes 1 where a pair is one. The result depends on the seed, not on threads. Throws as above, and where an
/// option is not allowed.
Alignment align_points_robust(const PointPairs& pairs, const TensorView<const double, 1>& thresholds,
                              const RobustAlignmentOptions& options, const TensorView<std::uint8_t, 1>& inliers);

}  // namespace geomvision::geometry

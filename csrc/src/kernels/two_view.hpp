#pragma once

#include "dispatch.hpp"

namespace geomvision {

/// Matches of two views as the kernels read them: coordinates apart, in a common unit in which noise is isotropic;
/// `padded` is the next multiple of 16, what lies between is NaN and counts for nothing. `spread` is the squared unit
/// of each view's coordinates per match, in noise: 1 where all are alike.
struct MatchColumns {
  const float *x0, *y0, *x1, *y1, *spread0, *spread1;
  const double *wide_x0, *wide_y0, *wide_x1, *wide_y1, *wide_spread0, *wide_spread1;
  int count, padded;
};

/// How residuals are weighed: with the probability that a match is an inlier, among a Gaussian (of which
/// (1 − r²/128σ²)^64 is an approximation with an end) and outliers of even density within `band`.
struct MixtureWeights {
  double band;          ///< of residuals that are looked at, ±
  double per_sigma;     ///< 1 / (128 σ²)
  double odds;          ///< of an inlier against an outlier, at residual 0
  const double* prior;  ///< what the odds of each match are multiplied by, `padded` of them
};

/// Sums over the matches in the band, by their weights w: Σ w J Jᵀ (upper triangle by rows), Σ w J r, Σ w, Σ w r².
struct NormalSums {
  double jj[28], jr[7], weight, squares, in_band;
};

/// Directions of matches, of length 1, in columns of `padded`.
struct RayColumns {
  const double *x0, *y0, *z0, *x1, *y1, *z1;
  int padded;
};

}  // namespace geomvision

/// Σ max(0, 1 − |r| / band)² of the Sampson errors r of `matrix` (9 entries, row by row): MSAC's gain, averaged over
/// thresholds from 0 to the band. Gives up, with what it has, where the sum falls far behind `to_beat`.
GEOMVISION_DECLARE_KERNEL(double, sampson_gain,
                          (const MatchColumns& matches, const double* matrix, double band, double to_beat));

/// Sums for a Gauss–Newton step of the Sampson errors; `tangents` are the derivatives of `matrix` by the parameters
/// (9 entries each), 5 or 7 of them.
GEOMVISION_DECLARE_KERNEL(void, sampson_sums_5,
                          (const MatchColumns& matches, const double* matrix, const double* tangents,
                           const MixtureWeights& weights, NormalSums* sums));
GEOMVISION_DECLARE_KERNEL(void, sampson_sums_7,
                          (const MatchColumns& matches, const double* matrix, const double* tangents,
                           const MixtureWeights& weights, NormalSums* sums));

/// The Sampson error of each match, signed; `errors` has room for `padded`.
GEOMVISION_DECLARE_KERNEL(void, sampson_errors, (const MatchColumns& matches, const double* matrix, double* errors));

/// For each match, seen by cameras of this `rotation` (9 entries) and `translation` (3, of length 1): its inverse
/// distance from view 1 in baselines, below 0 where its point would lie behind a camera, and the squared sine between
/// the rays.
GEOMVISION_DECLARE_KERNEL(void, ray_nearness,
                          (const RayColumns& rays, const double* rotation, const double* translation, double* nearness,
                           double* sine_squared));

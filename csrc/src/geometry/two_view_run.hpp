#pragma once

#include <cstddef>

#include "geometry/matches.hpp"
#include "geometry/ransac.hpp"
#include "geometry/robust_covariance.hpp"
#include "geometry/sampson_refine.hpp"

// What the estimators of E, F and H share.
namespace geomvision::geometry {

constexpr int broad_steps = 8, local_steps = 6, final_steps = 20;

/// To begin with, nothing is known of the noise but that it is less than the band: it narrows as the model betters.
inline Mixture broad_mixture(double band) { return {band, band / 2.5, 0.5}; }

inline RansacOptions engine_options(const TwoViewOptions& options, int num_threads) {
  RansacOptions engine;
  engine.seed = options.seed;
  engine.min_iterations = options.min_iterations;
  engine.max_iterations = options.max_iterations;
  engine.confidence = options.confidence;
  engine.num_threads = num_threads;
  return engine;
}

/// What RANSAC asks of a model that is one matrix for pixels, but how to judge and better it.
template <int Sample, int Most, int (*Minimal)(const Vector3*, const Vector3*, Matrix3*)>
struct PixelProblem {
  using Model = Matrix3;
  static constexpr int sample_size = Sample, max_models = Most;
  const Matches& matches;
  double band;

  int size() const { return matches.size(); }

  int solve(const int* sample, Model* models) const {
    Vector3 points0[Sample], points1[Sample];
    matches.take(sample, points0, points1);
    return Minimal(points0, points1, models);
  }
};

/// Matches of cameras that are not known, checked and in working coordinates.
struct PixelRun {
  PixelFrames frames;
  Matches matches;
  double band;

  PixelRun(const char* function, const Points& points0, const Points& points1, const TwoViewOptions& options)
      : frames((check_matches(function, points0, points1), check_options(function, options), points0), points1),
        matches(points0, points1, frames.frame0, frames.frame1, frames.unit, {}, {}, options.seed),
        band(options.max_error_px / frames.unit) {}
};

/// What the refined model says of the matches: in pixels, in the order they were given.
template <typename Manifold>
void conclude(const Matches& matches, const Manifold& manifold, const Mixture& mixture, const NormalSums& sums,
              double unit, TwoViewEstimate& estimate) {
  constexpr int n = Manifold::parameters;
  estimate.found = true;
  estimate.support = sums.weight;
  estimate.noise_px = mixture.sigma * unit;
  estimate.inlier_px = mixture.even_error() * unit;
  estimate.covariance.resize(n * n);
  constexpr double least_noise_px = 0.02;
  const bool told = robust_covariance(matches, manifold, mixture, least_noise_px / unit, estimate.covariance.data());
  if (!told) estimate.covariance.clear();
  const Matrix3 matrix = manifold.matrix();
  std::vector<double> errors(static_cast<std::size_t>(matches.columns().padded));
  GEOMVISION_KERNEL(sampson_errors)(matches.columns(), matrix.values.data(), errors.data());
  estimate.errors_px.resize(static_cast<std::size_t>(matches.size()));
  for (int i = 0; i < matches.size(); ++i) {
    estimate.errors_px[static_cast<std::size_t>(matches.given_index(i))] = errors[static_cast<std::size_t>(i)] * unit;
  }
}

}  // namespace geomvision::geometry

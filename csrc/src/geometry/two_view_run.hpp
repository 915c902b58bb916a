#pragma once

#include <cstddef>

#include "geometry/matches.hpp"
#include "geometry/ransac.hpp"
#include "geometry/sampson_refine.hpp"

// What the estimators of E and F share.
namespace geomvision::geometry {

constexpr int broad_steps = 8, local_steps = 6, final_steps = 20;

/// To begin with, nothing is known of the noise but that it is less than the band: it narrows as the model betters.
inline Mixture broad_mixture(double band) { return {band, band / 2.5, 0.5}; }

/// A fundamental matrix of working coordinates, for pixels; of norm 1.
Matrix3 in_pixels(const Matrix3& fundamental, const Frame& frame0, const Frame& frame1, double unit);

inline RansacOptions engine_options(const TwoViewOptions& options, int num_threads) {
  RansacOptions engine;
  engine.seed = options.seed;
  engine.min_iterations = options.min_iterations;
  engine.max_iterations = options.max_iterations;
  engine.confidence = options.confidence;
  engine.num_threads = num_threads;
  return engine;
}

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
  if (!covariance<n>(sums, mixture.sigma, estimate.covariance.data())) estimate.covariance.clear();
  const Matrix3 matrix = manifold.matrix();
  std::vector<double> errors(static_cast<std::size_t>(matches.columns().padded));
  GEOMVISION_KERNEL(sampson_errors)(matches.columns(), matrix.values.data(), errors.data());
  estimate.errors_px.resize(static_cast<std::size_t>(matches.size()));
  for (int i = 0; i < matches.size(); ++i) {
    estimate.errors_px[static_cast<std::size_t>(matches.given_index(i))] = errors[static_cast<std::size_t>(i)] * unit;
  }
}

}  // namespace geomvision::geometry

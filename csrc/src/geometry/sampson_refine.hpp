#pragma once

#include <cmath>
#include <limits>

#include "geometry/small_solvers.hpp"
#include "kernels/two_view.hpp"

namespace geomvision::geometry {

/// What is known of the matches' errors: a share of them is Gaussian, the others lie evenly in the band.
struct Mixture {
  double band, sigma, share;

  MixtureWeights weights(const double* prior = nullptr) const {
    const double density = share / (sigma * std::sqrt(2.0 * 3.14159265358979323846));
    return {band, 1.0 / (128.0 * sigma * sigma), density * 2.0 * band / (1.0 - share), prior};
  }

  /// The error at which an inlier is as likely as an outlier.
  double even_error() const {
    const double odds = weights().odds;
    return odds > 1.0 ? std::min(band, sigma * std::sqrt(128.0 * (1.0 - std::pow(odds, -1.0 / 64.0)))) : 0.0;
  }

  /// The maximum-likelihood step (Dempster, Laird & Rubin 1977), from sums over the matches.
  void learn(const NormalSums& sums, int parameters) {
    const double free = std::max(1.0, sums.weight - parameters);
    sigma = std::min(0.5 * band, std::max(band * 1e-3, std::sqrt(sums.squares / free)));
    share = std::min(0.999, std::max(0.01, sums.weight / std::max(1.0, sums.in_band)));
  }
};

inline void normal_sums(const MatchColumns& columns, const double* matrix, const double* tangents, int parameters,
                        const MixtureWeights& weights, NormalSums& sums) {
  if (parameters == 5) {
    GEOMVISION_KERNEL(sampson_sums_5)(columns, matrix, tangents, weights, &sums);
  } else {
    GEOMVISION_KERNEL(sampson_sums_7)(columns, matrix, tangents, weights, &sums);
  }
}

/// Gauss–Newton on the weighted Sampson errors and, step by step, the mixture that weighs them. A manifold has
/// `parameters`, `matrix()`, `tangents()` (parameters x 9) and `move(step)`. Leaves the last sums. False: it got lost.
template <typename Manifold>
bool refine_sampson(const MatchColumns& columns, Manifold& manifold, Mixture& mixture, const double* prior, int steps,
                    NormalSums& sums) {
  constexpr int n = Manifold::parameters;
  for (int i = 0; i < steps; ++i) {
    const Matrix3 matrix = manifold.matrix();
    const Matrix<n, 9> tangents = manifold.tangents();
    normal_sums(columns, matrix.values.data(), tangents.values.data(), n, mixture.weights(prior), sums);
    if (!(sums.weight > n)) return false;
    Matrix<n, n> normal;
    Vector<n> step;
    int pair = 0;
    double trace = 0.0;
    for (int p = 0; p < n; ++p) {
      step[p] = -sums.jr[p];
      for (int q = p; q < n; ++q) normal(p, q) = normal(q, p) = sums.jj[pair++];
      trace += normal(p, p);
    }
    for (int p = 0; p < n; ++p) normal(p, p) += 1e-10 * trace;  // what the matches do not tell stays as it is
    if (!solve_positive(normal, step)) return false;
    const double length = norm(step);
    if (!std::isfinite(length)) return false;
    if (length > 0.3) step = step * (0.3 / length);
    manifold.move(step);
    const double before = mixture.sigma;
    mixture.learn(sums, n);
    if (length < 1e-7 && std::abs(mixture.sigma - before) < 1e-4 * before) break;
  }
  return true;
}

/// log of the share of what parameters could be, each N(0, 1) to begin with, that the matches leave: of Laplace's
/// approximation of a model's evidence (Kass & Raftery, JASA 1995). -inf where numbers ran out.
template <int N>
double log_room(const NormalSums& sums, double sigma) {
  Matrix<N, N> told;
  int pair = 0;
  for (int p = 0; p < N; ++p) {
    for (int q = p; q < N; ++q) told(p, q) = told(q, p) = sums.jj[pair++] / (sigma * sigma);
    told(p, p) += 1.0;
  }
  if (!factor_positive(told)) return -std::numeric_limits<double>::infinity();
  double room = 0.0;
  for (int p = 0; p < N; ++p) room -= std::log(told(p, p));
  return room;
}

}  // namespace geomvision::geometry

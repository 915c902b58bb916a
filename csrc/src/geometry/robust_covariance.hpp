#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "geometry/matches.hpp"
#include "geometry/sampson_refine.hpp"
#include "geometry/small_solvers.hpp"
#include "geometry/symmetric_eigen.hpp"

namespace geomvision::geometry {

/// Of a match: the Sampson error, its derivatives by the parameters, and the probability that it is an inlier.
template <int N>
struct WeighedError {
  double error, weight;
  Vector<N> slope;
};

/// (1 − r²/128σ²)^64: nearly exp(−r²/2σ²), but with an end.
inline double bell(double share) {
  double value = std::max(0.0, 1.0 - share);
  for (int k = 0; k < 6; ++k) value *= value;
  return value;
}

template <typename Manifold>
std::vector<WeighedError<Manifold::parameters>> weighed_errors(const Matches& matches, const Manifold& manifold,
                                                               const Mixture& mixture) {
  constexpr int n = Manifold::parameters;
  constexpr double least_odds = 0.02;
  const Matrix3 matrix = manifold.matrix(), back = transposed(matrix);
  const Matrix<n, 9> tangents = manifold.tangents();
  const double even = mixture.even_error(), wide = 128.0 * mixture.sigma * mixture.sigma;
  const double edge = std::max(bell(even * even / wide), 1e-6);
  std::vector<WeighedError<n>> found;
  for (int i = 0; i < matches.size(); ++i) {
    const Vector3 x0 = matches.point0(i), x1 = matches.point1(i), line1 = matrix * x0, line0 = back * x1;
    const double spread0 = matches.columns().wide_spread0[i], spread1 = matches.columns().wide_spread1[i];
    const Vector3 along0 = vector3(line0[0], line0[1], 0.0) * spread0,
                  along1 = vector3(line1[0], line1[1], 0.0) * spread1;
    const double value = dot(x1, line1), squared = dot(along1, line1) + dot(along0, line0), size = std::sqrt(squared);
    const double odds = bell(value * value / (squared * wide)) / edge;
    if (!(odds > least_odds)) continue;
    WeighedError<n> each{value / size, odds / (1.0 + odds), {}};
    for (int p = 0; p < 3; ++p) {
      for (int q = 0; q < 3; ++q) {
        const double by = x1[p] * x0[q] - value / squared * (along1[p] * x0[q] + x1[p] * along0[q]);
        for (int k = 0; k < n; ++k) each.slope[k] += by / size * tangents(k, 3 * p + q);
      }
    }
    found.push_back(each);
  }
  return found;
}

/// The parameters' covariance A⁻¹ V A⁻¹ of `_intrinsics.py`: A is what the matches tell less what the doubt about who
/// is an inlier takes away (Louis 1982), V the scatter of the gradient, each match as if it had been left out
/// (MacKinnon & White 1985, HC3). `least` is how well a point is localised at best. False where they are not
/// determined.
template <typename Manifold>
bool robust_covariance(const Matches& matches, const Manifold& manifold, const Mixture& mixture, double least,
                       double* out) {
  constexpr int n = Manifold::parameters;
  constexpr double lost = 0.7;  // of the information at most: beyond, the model is wrong
  constexpr double fewest = n + 3;
  auto errors = weighed_errors(matches, manifold, mixture);
  double total = 0.0, squares = 0.0;
  Matrix<n, n> root;
  for (const auto& each : errors) {
    total += each.weight;
    squares += each.weight * each.error * each.error;
  }
  if (!(total >= fewest)) return false;
  const double variance = std::max(squares / std::max(1.0, total - n), least * least);
  for (const auto& each : errors) {
    for (int p = 0; p < n; ++p) {
      for (int q = 0; q < n; ++q) root(p, q) += each.weight / variance * each.slope[p] * each.slope[q];
    }
  }
  if (!factor_positive(root)) return false;
  Matrix<n, n> doubt, scatter;
  for (auto& each : errors) {
    double leverage = 0.0;
    for (int p = 0; p < n; ++p) {  // in units of what the matches tell
      for (int q = 0; q < p; ++q) each.slope[p] -= root(p, q) * each.slope[q];
      each.slope[p] /= root(p, p);
      leverage += each.slope[p] * each.slope[p];
    }
    leverage = std::min(leverage * each.weight / variance, 0.9);
    const double square = each.error * each.error, share = each.weight / (1.0 - leverage) / variance;
    const double unsure = each.weight * (1.0 - each.weight) * square / (variance * variance);
    const double own = std::max(square, 0.01 * variance) * share * share;
    for (int p = 0; p < n; ++p) {
      for (int q = 0; q < n; ++q) {
        doubt(p, q) += unsure * each.slope[p] * each.slope[q];
        scatter(p, q) += own * each.slope[p] * each.slope[q];
      }
    }
  }
  const SymmetricEigen<n> taken(doubt);
  Matrix<n, n> grown;
  for (int k = 0; k < n; ++k) {
    const double factor = 1.0 / (1.0 - std::min(lost, std::max(0.0, taken.values[k])));
    for (int p = 0; p < n; ++p) {
      for (int q = 0; q < n; ++q) grown(p, q) += factor * taken.vectors(p, k) * taken.vectors(q, k);
    }
  }
  Matrix<n, n> made = grown * scatter * grown;
  for (int side = 0; side < 2; ++side) {  // L⁻ᵀ of both sides
    for (int column = 0; column < n; ++column) {
      for (int i = n; i-- > 0;) {
        for (int k = i + 1; k < n; ++k) made(i, column) -= root(k, i) * made(k, column);
        made(i, column) /= root(i, i);
      }
    }
    made = transposed(made);
  }
  std::copy(made.values.begin(), made.values.end(), out);
  return true;
}

}  // namespace geomvision::geometry

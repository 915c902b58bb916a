#include "geometry/depth_prior.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>

namespace geomvision::geometry {
namespace {

Pose twisted(const Pose& pose) {
  const Vector3& t = pose.translation;
  return {(t * transposed(t) * 2.0 - Matrix3::identity()) * pose.rotation, t};
}

constexpr int bins = 48;

int bin_of(double nearness, double scale) {
  const double place = nearness / (scale + std::abs(nearness));  // in (-1, 1), the typical one at a half
  return std::min(bins - 1, static_cast<int>(0.5 * (place + 1.0) * bins));
}

using Histogram = std::array<double, bins>;

// As a density, smoothed by [1 2 1] / 4 and by a few counts spread evenly.
Histogram density(const Histogram& counts, double prior_counts) {
  Histogram made{};
  double total = prior_counts;
  for (const double count : counts) total += count;
  for (int i = 0; i < bins; ++i) {
    const double left = counts[i > 0 ? i - 1 : 0], right = counts[i + 1 < bins ? i + 1 : bins - 1];
    made[i] = (0.25 * left + 0.5 * counts[i] + 0.25 * right + prior_counts / bins) / total;
  }
  return made;
}

}  // namespace

DepthPrior::DepthPrior(const Matches& matches, const Matrix3& to_rays0, const Matrix3& to_rays1) : matches_(matches) {
  const auto padded = static_cast<std::size_t>(matches.columns().padded);
  rays_.resize(6 * padded);
  for (int i = 0; i < matches.size(); ++i) {
    const Vector3 a = to_rays0 * matches.point0(i), b = to_rays1 * matches.point1(i);
    const double length0 = norm(a), length1 = norm(b);
    for (int k = 0; k < 3; ++k) {
      const auto at = static_cast<std::size_t>(k) * padded + static_cast<std::size_t>(i);
      rays_[at] = a[k] / length0;
      rays_[at + 3 * padded] = b[k] / length1;
    }
  }
  double squares = 0.0;
  for (int i = 0; i < matches.size(); ++i) {
    const Vector3 p = matches.point1(i);
    squares += (p[0] * p[0] + p[1] * p[1]) / matches.size();
  }
  view_ = std::sqrt(squares);
  errors_.resize(padded);
  weights_.resize(static_cast<std::size_t>(matches.size()));
  nearness_.resize(padded);
  sine_squared_.resize(padded);
  prior_.assign(padded, 1.0);
}

void DepthPrior::weigh(const Matrix3& matrix, const Mixture& mixture) {
  GEOMVISION_KERNEL(sampson_errors)(matches_.columns(), matrix.values.data(), errors_.data());
  const MixtureWeights w = mixture.weights(prior_.data());
  for (std::size_t i = 0; i < weights_.size(); ++i) {
    const double rr = errors_[i] * errors_[i];
    double bell = std::max(0.0, 1.0 - rr * w.per_sigma);
    for (int k = 0; k < 6; ++k) bell *= bell;
    bell *= w.odds * prior_[i];
    weights_[i] = rr < w.band * w.band ? bell : 0.0;  // the odds of an inlier
  }
}

void DepthPrior::look(const Matrix3& rotation, const Vector3& translation) {
  const int padded = matches_.columns().padded;
  const double* r = rays_.data();
  const RayColumns rays{r, r + padded, r + 2 * padded, r + 3 * padded, r + 4 * padded, r + 5 * padded, padded};
  GEOMVISION_KERNEL(ray_nearness)
  (rays, rotation.values.data(), translation.values.data(), nearness_.data(), sine_squared_.data());
}

Pose DepthPrior::in_front(const Pose& pose, const Matrix3& matrix, const Mixture& mixture) {
  weigh(matrix, mixture);
  const Pose ahead[2] = {pose, twisted(pose)};
  Pose best = pose;
  constexpr double most_sine = 0.05;
  double most = -std::numeric_limits<double>::infinity();
  for (const Pose& one : ahead) {
    for (const double way : {1.0, -1.0}) {
      const Pose candidate{one.rotation, one.translation * way};
      look(candidate.rotation, candidate.translation);
      double votes = 0.0;
      for (std::size_t i = 0; i < weights_.size(); ++i) {
        if (!(weights_[i] >= 1.0)) continue;
        // What has little parallax says little: its vote counts by its sine. What lies behind a camera votes against:
        // of a rotation nothing has parallax but for the wrong one of both, which has nearly all of it behind.
        const double square = sine_squared_[i];
        const double vote = square < most_sine * most_sine ? std::sqrt(square) : most_sine;
        votes += nearness_[i] > 0 ? vote : -vote;
      }
      if (votes > most) {
        best = candidate;
        most = votes;
      }
    }
  }
  return best;
}

void DepthPrior::learn(const Pose& pose, const Matrix3& matrix, const Mixture& mixture) {
  weigh(matrix, mixture);
  look(pose.rotation, pose.translation);
  order_.clear();
  const double untold = std::numeric_limits<double>::quiet_NaN();
  for (std::size_t i = 0; i < weights_.size(); ++i) {
    // Parallax within the noise does not even tell which side of the cameras a point is on.
    const bool tells = sine_squared_[i] > 9.0 * mixture.sigma * mixture.sigma;
    if (!tells) nearness_[i] = untold;
    if (tells && weights_[i] > 1.0) order_.push_back(std::abs(nearness_[i]));
  }
  prior_.assign(prior_.size(), 1.0);
  if (order_.size() < 16) return;
  const auto middle = order_.begin() + static_cast<std::ptrdiff_t>(order_.size() / 2);
  std::nth_element(order_.begin(), middle, order_.end());
  const double scale = std::max(1e-12, *middle);
  Histogram inliers{}, outliers{};
  for (std::size_t i = 0; i < weights_.size(); ++i) {
    if (std::isnan(nearness_[i])) continue;
    const double probability = weights_[i] / (1.0 + weights_[i]);
    const int bin = bin_of(nearness_[i], scale);
    inliers[bin] += probability;
    outliers[bin] += 1.0 - probability;
  }
  const Histogram in = density(inliers, 4.0), out = density(outliers, 24.0);
  for (std::size_t i = 0; i < weights_.size(); ++i) {
    if (std::isnan(nearness_[i])) continue;
    const int bin = bin_of(nearness_[i], scale);
    // At most 3: a wrong pose must not make itself likely by where it has its points.
    prior_[i] = nearness_[i] < -0.15 * scale ? 1e-3 : std::min(3.0, std::max(1e-3, in[bin] / out[bin]));
  }
}

double DepthPrior::log_likelihood(const Matrix3& matrix, const Mixture& mixture) {
  weigh(matrix, mixture);
  double inliers = 0.0;
  for (std::size_t i = 0; i < weights_.size(); ++i) inliers += weights_[i] / (1.0 + weights_[i]);
  const double share = std::min(0.999, inliers / static_cast<double>(weights_.size()));
  // `weights_` are odds against outliers spread over the band, among what lies in it; now over the view, among all.
  const double wider = view_ / mixture.band * share * (1.0 - mixture.share) / mixture.share;
  double sum = 0.0;
  for (std::size_t i = 0; i < weights_.size(); ++i) sum += std::log1p(wider * weights_[i] - share);
  return sum;
}

}  // namespace geomvision::geometry

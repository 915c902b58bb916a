#include "geometry/depth_prior.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>

namespace geomvision::geometry {
namespace {

// Inverse distance along ray a (of view 0, turned to view 1) in baselines, negative where the point would lie behind a
// camera: with |a| = |b| = |t| = 1 the triangle's sines tell |a × b| / |t × b|. b must lie on the way from a to t.
double nearness(const Vector3& a, const Vector3& b, const Vector3& t) {
  const Vector3 ab = cross(a, b), tb = cross(t, b);
  const double way = dot(ab, cross(a, t)), beyond = dot(ab, tb);
  const double size = std::sqrt(dot(ab, ab) / std::max(1e-30, dot(tb, tb)));
  return way > 0 && beyond < 0 ? size : -size;
}

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
  const auto unit = [](const Vector3& v) { return v * (1.0 / norm(v)); };
  for (int i = 0; i < matches.size(); ++i) {
    rays0_.push_back(unit(to_rays0 * matches.point0(i)));
    rays1_.push_back(unit(to_rays1 * matches.point1(i)));
  }
  double squares = 0.0;
  for (int i = 0; i < matches.size(); ++i) {
    const Vector3 p = matches.point1(i);
    squares += (p[0] * p[0] + p[1] * p[1]) / matches.size();
  }
  view_ = std::sqrt(squares);
  const auto padded = static_cast<std::size_t>(matches.columns().padded);
  errors_.resize(padded);
  weights_.resize(padded);
  nearness_.resize(padded);
  prior_.assign(padded, 1.0);
}

void DepthPrior::weigh(const Matrix3& matrix, const Mixture& mixture) {
  GEOMVISION_KERNEL(sampson_errors)(matches_.columns(), matrix.values.data(), errors_.data());
  const MixtureWeights w = mixture.weights(prior_.data());
  for (std::size_t i = 0; i < rays0_.size(); ++i) {
    const double rr = errors_[i] * errors_[i];
    double bell = std::max(0.0, 1.0 - rr * w.per_sigma);
    for (int k = 0; k < 6; ++k) bell *= bell;
    bell *= w.odds * prior_[i];
    weights_[i] = rr < w.band * w.band ? bell : 0.0;  // the odds of an inlier
  }
}

Pose DepthPrior::in_front(const Pose& pose, const Matrix3& matrix, const Mixture& mixture) {
  weigh(matrix, mixture);
  const Pose poses[2] = {pose, twisted(pose)};
  double votes[4] = {};
  for (std::size_t i = 0; i < rays0_.size(); ++i) {
    if (weights_[i] < 1.0) continue;
    for (int k = 0; k < 2; ++k) {
      const Vector3 a = poses[k].rotation * rays0_[i];
      // What has little parallax says little: its vote counts by its sine.
      const Vector3 ab = cross(a, rays1_[i]);
      const double say = std::min(0.05, norm(ab));
      for (int back = 0; back < 2; ++back) {
        const Vector3 t = poses[k].translation * (back == 1 ? -1.0 : 1.0);
        if (nearness(a, rays1_[i], t) > 0) votes[2 * k + back] += say;
      }
    }
  }
  const auto best = static_cast<int>(std::max_element(votes, votes + 4) - votes);
  return {poses[best / 2].rotation, poses[best / 2].translation * (best % 2 == 1 ? -1.0 : 1.0)};
}

void DepthPrior::learn(const Pose& pose, const Matrix3& matrix, const Mixture& mixture) {
  weigh(matrix, mixture);
  order_.clear();
  const double untold = std::numeric_limits<double>::quiet_NaN();
  for (std::size_t i = 0; i < rays0_.size(); ++i) {
    const Vector3 a = pose.rotation * rays0_[i], ab = cross(a, rays1_[i]);
    // Parallax within the noise does not even tell which side of the cameras a point is on.
    const bool tells = dot(ab, ab) > 9.0 * mixture.sigma * mixture.sigma;
    nearness_[i] = tells ? nearness(a, rays1_[i], pose.translation) : untold;
    if (tells && weights_[i] > 1.0) order_.push_back(std::abs(nearness_[i]));
  }
  prior_.assign(prior_.size(), 1.0);
  if (order_.size() < 16) return;
  const auto middle = order_.begin() + static_cast<std::ptrdiff_t>(order_.size() / 2);
  std::nth_element(order_.begin(), middle, order_.end());
  const double scale = std::max(1e-12, *middle);
  Histogram inliers{}, outliers{};
  for (std::size_t i = 0; i < rays0_.size(); ++i) {
    if (std::isnan(nearness_[i])) continue;
    const double probability = weights_[i] / (1.0 + weights_[i]);
    const int bin = bin_of(nearness_[i], scale);
    inliers[bin] += probability;
    outliers[bin] += 1.0 - probability;
  }
  const Histogram in = density(inliers, 4.0), out = density(outliers, 24.0);
  for (std::size_t i = 0; i < rays0_.size(); ++i) {
    if (std::isnan(nearness_[i])) continue;
    const int bin = bin_of(nearness_[i], scale);
    // At most 3: a wrong pose must not make itself likely by where it has its points.
    prior_[i] = nearness_[i] < -0.15 * scale ? 1e-3 : std::min(3.0, std::max(1e-3, in[bin] / out[bin]));
  }
}

double DepthPrior::log_likelihood(const Matrix3& matrix, const Mixture& mixture) {
  weigh(matrix, mixture);
  double inliers = 0.0;
  for (std::size_t i = 0; i < rays0_.size(); ++i) inliers += weights_[i] / (1.0 + weights_[i]);
  const double share = std::min(0.999, inliers / static_cast<double>(rays0_.size()));
  // `weights_` are odds against outliers spread over the band, among what lies in it; now over the view, among all.
  const double wider = view_ / mixture.band * share * (1.0 - mixture.share) / mixture.share;
  double sum = 0.0;
  for (std::size_t i = 0; i < rays0_.size(); ++i) sum += std::log1p(wider * weights_[i] - share);
  return sum;
}

}  // namespace geomvision::geometry

#include "geomvision/geometry/alignment.hpp"

#include <algorithm>
#include <cmath>

#include "geometry/ransac.hpp"
#include "geometry/small_solvers.hpp"
#include "geometry/symmetric_eigen.hpp"
#include "geomvision/check.hpp"

namespace geomvision::geometry {
namespace {

struct Similarity {
  Matrix3 rotation = Matrix3::identity();
  Vector3 translation;
  double scale = 1.0;
};

Vector3 row(const TensorView<const double, 2>& points, std::ptrdiff_t i) {
  const double* p = points.at(i);
  return vector3(p[0], p[1], p[2]);
}

double squared_distance(const PointPairs& pairs, std::ptrdiff_t i, const Similarity& m) {
  const Vector3 gap = m.rotation * row(pairs.source, i) * m.scale + m.translation - row(pairs.target, i);
  return dot(gap, gap);
}

// Weighted sums of a set of pairs about their means.
struct PairMoments {
  double weight = 0.0;
  int count = 0;
  Vector3 source, target;                 // means
  Matrix3 product, of_source, of_target;  // Σ share · dy dxᵀ, dx dxᵀ, dy dyᵀ

  template <typename Weight>
  PairMoments(const PointPairs& pairs, const Weight& weight_of) {
    const std::ptrdiff_t all = pairs.source.size(0);
    for (std::ptrdiff_t i = 0; i < all; ++i) {
      const double w = weight_of(i);
      if (!(w > 0)) continue;
      ++count;
      weight += w;
      source = source + row(pairs.source, i) * w;
      target = target + row(pairs.target, i) * w;
    }
    source = source * (1.0 / weight);
    target = target * (1.0 / weight);
    for (std::ptrdiff_t i = 0; i < all; ++i) {
      const double w = weight_of(i);
      if (!(w > 0)) continue;
      const Vector3 dx = row(pairs.source, i) - source, dy = row(pairs.target, i) - target, share = dy * (w / weight);
      product = product + share * transposed(dx);
      of_source = of_source + dx * transposed(dx * (w / weight));
      of_target = of_target + share * transposed(dy);
    }
  }
};

bool on_a_line(const Matrix3& spread, const Vector3& mean) {
  constexpr double share = 1e-4, rounding = 1e-12;
  const SymmetricEigen<3> eigen(spread);
  const double along = std::sqrt(std::max(0.0, eigen.values[2]));
  return !(along > rounding * (1.0 + norm(mean))) || !(eigen.values[1] > share * share * eigen.values[2]);
}

// Umeyama's equations 38 to 42; false where the pairs leave it open.
bool fit(const PairMoments& sums, bool with_scale, Similarity& found) {
  if (sums.count < 3 || !is_finite(sums.product)) return false;
  const Svd3 svd(sums.product);
  const double sign = determinant(svd.u) * determinant(svd.v) < 0 ? -1.0 : 1.0;
  Matrix3 u = svd.u;
  for (int k = 0; k < 3; ++k) u(k, 2) *= sign;
  found.rotation = u * transposed(svd.v);
  const double spread = sums.of_source(0, 0) + sums.of_source(1, 1) + sums.of_source(2, 2);
  found.scale = with_scale ? (svd.s[0] + svd.s[1] + sign * svd.s[2]) / spread : 1.0;
  found.translation = sums.target - found.rotation * sums.source * found.scale;
  return is_finite(found.rotation) && is_finite(found.translation) && std::isfinite(found.scale);
}

struct PairProblem {
  using Model = Similarity;
  static constexpr int sample_size = 3, max_models = 1;

  const PointPairs& pairs;
  const TensorView<const double, 1>& thresholds;
  bool with_scale;

  int size() const { return static_cast<int>(pairs.source.size(0)); }
  double limit(std::ptrdiff_t i) const { return *thresholds.at(i) * *thresholds.at(i); }
  bool is_inlier(const Similarity& model, std::ptrdiff_t i) const {
    return squared_distance(pairs, i, model) <= limit(i);
  }

  int solve(const int* sample, Similarity* models) const {
    std::array<double, 9> x{}, y{};
    for (std::size_t k = 0; k < 3; ++k) {
      std::copy_n(pairs.source.at(sample[k]), 3, x.begin() + static_cast<std::ptrdiff_t>(3 * k));
      std::copy_n(pairs.target.at(sample[k]), 3, y.begin() + static_cast<std::ptrdiff_t>(3 * k));
    }
    const PointPairs three{{x.data(), {3, 3}}, {y.data(), {3, 3}}};
    for (const auto& side : {three.source, three.target}) {
      const Vector3 a = row(side, 1) - row(side, 0), b = row(side, 2) - row(side, 0);
      if (!(norm(cross(a, b)) > 1e-9 * std::max(dot(a, a), dot(b, b)))) return 0;
    }
    return fit(PairMoments(three, [](std::ptrdiff_t) { return 1.0; }), with_scale, models[0]) ? 1 : 0;
  }

  double score(const Similarity& model, double to_beat) const {
    double gain = 0.0;
    const int all = size();
    for (int i = 0; i < all; ++i) {
      gain += std::max(0.0, 1.0 - squared_distance(pairs, i, model) / limit(i));
      if (gain + (all - 1 - i) <= to_beat) return gain;
    }
    return gain;
  }

  // Least squares of the inliers, again and again until they stay the same.
  double refine(Similarity& model) const {
    int count = 0;
    for (int round = 0; round < 20; ++round) {
      const Similarity before = model;
      const PairMoments sums(pairs, [&](std::ptrdiff_t i) { return is_inlier(before, i) ? 1.0 / limit(i) : 0.0; });
      if (sums.count < 3 || !fit(sums, with_scale, model)) {
        model = before;
        return round == 0 ? -1.0 : count;
      }
      bool same = true;
      count = 0;
      for (int i = 0; i < size(); ++i) {
        const bool inside = is_inlier(model, i);
        count += inside;
        same = same && inside == is_inlier(before, i);
      }
      if (same) break;
    }
    return count;
  }
};

void check_pairs(const char* owner, const PointPairs& pairs) {
  check(pairs.source.size(1) == 3 && pairs.target.sizes() == pairs.source.sizes() &&
            pairs.source.size(0) <= (std::ptrdiff_t{1} << 27),
        owner, ": points are ", pairs.source.shape(), " and ", pairs.target.shape(),
        "; both must be Nx3, N at most 2^27");
  for (std::ptrdiff_t i = 0; i < pairs.source.size(0); ++i) {
    const bool finite = is_finite(row(pairs.source, i)) && is_finite(row(pairs.target, i));
    check(finite, owner, ": pair ", i, " is not finite; leave such ones out");
  }
}

Alignment told(const Similarity& found, int inliers) {
  return {true, found.rotation.values, found.translation.values, found.scale, inliers, 0};
}

}  // namespace

Alignment align_points(const PointPairs& pairs, const TensorView<const double, 1>& weights, bool with_scale) {
  const char* owner = "align_points";
  check_pairs(owner, pairs);
  check(weights.data() == nullptr || weights.size(0) == pairs.source.size(0), owner, ": there are ", weights.size(0),
        " weights for ", pairs.source.size(0), " pairs; they must be equal, or none");
  for (std::ptrdiff_t i = 0; i < weights.size(0); ++i) {
    check(*weights.at(i) >= 0 && std::isfinite(*weights.at(i)), owner, ": weight ", i, " is ", *weights.at(i),
          "; it must be 0 or above");
  }
  const bool even = weights.data() == nullptr;
  const PairMoments sums(pairs, [&](std::ptrdiff_t i) { return even ? 1.0 : *weights.at(i); });
  Similarity found;
  if (sums.count < 3 || on_a_line(sums.of_source, sums.source) || on_a_line(sums.of_target, sums.target) ||
      !fit(sums, with_scale, found)) {
    return {};
  }
  return told(found, sums.count);
}

Alignment align_points_robust(const PointPairs& pairs, const TensorView<const double, 1>& thresholds,
                              const RobustAlignmentOptions& options, const TensorView<std::uint8_t, 1>& inliers) {
  const char* owner = "align_points_robust";
  check_pairs(owner, pairs);
  const std::ptrdiff_t all = pairs.source.size(0);
  check(thresholds.size(0) == all && inliers.size(0) == all, owner, ": there are ", thresholds.size(0),
        " thresholds and room for ", inliers.size(0), " inliers of ", all, " pairs; they must be equal");
  for (std::ptrdiff_t i = 0; i < all; ++i) {
    check(*thresholds.at(i) > 0 && std::isfinite(*thresholds.at(i)), owner, ": threshold ", i, " is ",
          *thresholds.at(i), "; it must be a positive number of metres");
  }
  check(options.confidence > 0 && options.confidence < 1, owner, ": confidence is ", options.confidence,
        "; it must lie between 0 and 1");
  check(options.max_iterations >= 1, owner, ": max_iterations is ", options.max_iterations, "; it must be 1 or more");
  std::fill_n(inliers.data(), all, std::uint8_t{0});
  RansacOptions how;
  how.seed = options.seed;
  how.max_iterations = options.max_iterations;
  how.confidence = options.confidence;
  how.num_threads = options.num_threads;
  const PairProblem problem{pairs, thresholds, options.with_scale};
  const auto best = ransac(problem, how);
  Alignment result;
  if (best.found) {
    int count = 0;
    for (std::ptrdiff_t i = 0; i < all; ++i) {
      *inliers.at(i) = problem.is_inlier(best.model, i) ? 1 : 0;
      count += *inliers.at(i);
    }
    result = told(best.model, count);
  }
  result.iterations = best.iterations;
  return result;
}

}  // namespace geomvision::geometry

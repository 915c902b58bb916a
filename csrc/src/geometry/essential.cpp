#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "geometry/decompose.hpp"
#include "geometry/depth_prior.hpp"
#include "geometry/five_point.hpp"
#include "geometry/matches.hpp"
#include "geometry/ransac.hpp"
#include "geometry/sampson_refine.hpp"
#include "geometry/two_view_run.hpp"
#include "geomvision/check.hpp"
#include "geomvision/geometry/two_view.hpp"

namespace geomvision::geometry {
namespace {

// Working coordinates: pixels from the principal point, in units of a focal length common to both views, so that noise
// is alike in both. `to_rays` scales them to rays at z = 1.
struct Cameras {
  double unit;
  Matrix3 to_rays0 = Matrix3::identity(), to_rays1 = Matrix3::identity();

  Cameras(const Intrinsics& a, const Intrinsics& b) : unit(std::pow(std::abs(a.fx * a.fy * b.fx * b.fy), 0.25)) {
    to_rays0(0, 0) = unit / a.fx;
    to_rays0(1, 1) = unit / a.fy;
    to_rays1(0, 0) = unit / b.fx;
    to_rays1(1, 1) = unit / b.fy;
  }

  /// The matrix for working coordinates of one for rays.
  Matrix3 working(const Matrix3& essential) const { return to_rays1 * essential * to_rays0; }
};

struct PoseManifold {
  static constexpr int parameters = 5;
  const Cameras& cameras;
  Matrix3 rotation_01;
  Vector3 translation;

  Matrix3 essential() const { return skew(translation) * rotation_01; }
  Matrix3 matrix() const { return cameras.working(essential()); }

  Matrix<5, 9> tangents() const {
    Matrix<5, 9> made;
    const TangentBasis basis(translation);
    for (int p = 0; p < 5; ++p) {
      Vector3 axis;
      if (p < 3) axis[p] = 1.0;
      const Matrix3 slope = cameras.working(p < 3 ? skew(translation) * skew(axis) * rotation_01
                                                  : skew(p == 3 ? basis.b1 : basis.b2) * rotation_01);
      for (int k = 0; k < 9; ++k) made(p, k) = slope[k];
    }
    return made;
  }

  Pose pose() const { return {rotation_01, translation}; }

  void set(const Pose& pose) {
    rotation_01 = pose.rotation;
    translation = pose.translation;
  }

  void move(const Vector<5>& step) {
    const TangentBasis basis(translation);
    rotation_01 = rotation(vector3(step[0], step[1], step[2])) * rotation_01;
    translation = translation + basis.b1 * step[3] + basis.b2 * step[4];
    translation = translation * (1.0 / norm(translation));
  }
};

/// By how much errors must be smaller to count in the second search.
constexpr double sharper = 8.0;
/// Matches among which it takes place: of more, wrong ones do not agree by chance.
constexpr int few = 256;
/// Searches end after so many times the samples that led to the best pose: refined poses rarely need a second good one.
constexpr int patience = 5;
/// log of 1 in 150: evidence beyond is very strong (Kass & Raftery).
constexpr double rival_log_odds = -5.0106;

struct EssentialModel {
  Matrix3 essential;  // for rays
  Pose pose;          // this and what follows: of a refined one
  Mixture mixture;
  NormalSums sums;
  std::optional<double> log_likelihood;
  double log_evidence = 0.0;
};

struct EssentialProblem {
  using Model = EssentialModel;
  static constexpr int sample_size = 5, max_models = 10;
  const Matches& matches;
  const Cameras& cameras;
  double band, judged;  // errors are below the band; minimal models are judged by those below `judged`
  // Refinements run one at a time:
  DepthPrior& depths;
  std::vector<Matrix3>& ends;            // where they came to before depths are looked at
  std::vector<EssentialModel>& refined;  // all that came out

  int size() const { return matches.size(); }

  int solve(const int* sample, Model* models) const {
    Vector3 rays0[5], rays1[5];
    Matrix3 essentials[max_models];
    matches.take(sample, rays0, rays1);
    for (Vector3& ray : rays0) ray = cameras.to_rays0 * ray;
    for (Vector3& ray : rays1) ray = cameras.to_rays1 * ray;
    const int found = five_point(rays0, rays1, essentials);
    for (int i = 0; i < found; ++i) models[i].essential = essentials[i];
    return found;
  }

  double score(const Model& model, double to_beat) const {
    return model.log_likelihood ? *model.log_likelihood : gain(cameras.working(model.essential), judged, to_beat);
  }

  double gain(const Matrix3& working, double limit, double to_beat) const {
    return GEOMVISION_KERNEL(sampson_gain)(matches.columns(), working.values.data(), limit, to_beat);
  }

  double refine(Model& model) const {
    const EssentialParts parts(model.essential);
    PoseManifold manifold{cameras, parts.first, parts.translation};
    model.mixture = broad_mixture(band);
    model.mixture.sigma *= judged / band;
    NormalSums& sums = model.sums;
    depths.forget();
    if (!refine_sampson(matches.columns(), manifold, model.mixture, depths.values(), broad_steps, sums)) return -1.0;
    if (came_before(manifold.matrix(), model.mixture.sigma / std::sqrt(sums.weight))) return -1.0;
    if (!refine_with_depths(manifold, model.mixture, local_steps, 2, sums)) return -1.0;
    model.essential = manifold.essential();
    model.pose = manifold.pose();
    model.log_likelihood = depths.log_likelihood(manifold.matrix(), model.mixture);
    model.log_evidence = *model.log_likelihood + log_room<5>(sums, model.mixture.sigma);
    refined.push_back(model);
    return sums.weight;
  }

  /// Whether an earlier refinement came to the same place, closer than matches can tell: it would end there, too.
  bool came_before(const Matrix3& matrix, double deviation) const {
    for (const Matrix3& end : ends) {
      const double distance = std::min(norm(matrix - end), norm(matrix + end));
      if (distance < deviation) return true;
    }
    ends.push_back(matrix);
    return false;
  }

  /// Near a plane samples mostly lead to one of two poses: the other one is refined, too, and may be the likelier.
  void consider_twin(RansacResult<Model>& best) const {
    const PoseManifold manifold{cameras, best.model.pose.rotation, best.model.pose.translation};
    depths.forget();
    const auto twin = depths.twin(best.model.pose, manifold.matrix(), best.model.mixture);
    if (!twin) return;
    Model model;
    model.essential = skew(twin->translation) * twin->rotation;
    const double support = refine(model);
    if (support < 0 || *model.log_likelihood <= best.score) return;
    best.model = model;
    best.score = *model.log_likelihood;
    best.support = support;
  }

  bool refine_with_depths(PoseManifold& manifold, Mixture& mixture, int steps, int rounds, NormalSums& sums) const {
    for (int i = 0; i < rounds; ++i) {
      manifold.set(depths.in_front(manifold.pose(), manifold.matrix(), mixture));  // steps can turn it around
      depths.learn(manifold.pose(), manifold.matrix(), mixture);
      if (!refine_sampson(matches.columns(), manifold, mixture, depths.values(), steps, sums)) return false;
    }
    return true;
  }
};

void check_intrinsics(const Intrinsics& camera, const char* name) {
  for (const double focal : {camera.fx, camera.fy}) {
    check(std::isfinite(focal) && focal != 0, "estimate_essential: ", name, " has fx = ", camera.fx,
          ", fy = ", camera.fy, "; both must be finite and not 0");
  }
  check(std::isfinite(camera.cx) && std::isfinite(camera.cy), "estimate_essential: ", name,
        " has a principal point that is not finite");
}

void check_spread(const std::vector<double>& spread, const Points& points) {
  check(spread.empty() || spread.size() == static_cast<std::size_t>(points.size(0)),
        "estimate_essential: ", spread.size(), " spreads were given for ", points.size(0),
        " matches; give one each, or none");
  for (const double s : spread) {
    check(s > 0 && std::isfinite(s), "estimate_essential: a spread is ", s, "; it must be above 0");
  }
}

}  // namespace

EssentialEstimate estimate_essential(const Points& points0, const Points& points1, const Intrinsics& camera0,
                                     const Intrinsics& camera1, const std::vector<double>& spread0,
                                     const std::vector<double>& spread1, const TwoViewOptions& options,
                                     int num_threads) {
  check_matches("estimate_essential", points0, points1);
  check_options("estimate_essential", options);
  check_intrinsics(camera0, "camera0");
  check_intrinsics(camera1, "camera1");
  check_spread(spread0, points0);
  check_spread(spread1, points1);
  const Cameras cameras(camera0, camera1);
  const Matches matches(points0, points1, {camera0.cx, camera0.cy}, {camera1.cx, camera1.cy}, cameras.unit, spread0,
                        spread1, options.seed);
  const double band = options.max_error_px / cameras.unit;
  DepthPrior depths(matches, cameras.to_rays0, cameras.to_rays1);
  std::vector<Matrix3> ends;
  std::vector<EssentialModel> refined;
  const EssentialProblem problem{matches, cameras, band, band, depths, ends, refined};
  EssentialEstimate estimate;
  RansacOptions engine = engine_options(options, num_threads);
  engine.patience = patience;
  engine.second_chances = true;  // near a plane, refinements end at several poses
  auto best = ransac(problem, engine);
  if (best.found) problem.consider_twin(best);
  if (best.found && matches.size() <= few) {
    // Some wrong matches can help a wrong pose to fit more matches badly than the right one fits well: look for a
    // minimal model that fits better than the best one does.
    const EssentialProblem precise{matches, cameras, band, band / sharper, depths, ends, refined};
    engine.second_chances = false;
    engine.patience = 0;
    best = ransac(precise, engine, best, precise.gain(cameras.working(best.model.essential), precise.judged, 0.0));
  }
  estimate.iterations = best.iterations;
  if (!best.found) return estimate;
  PoseManifold pose{cameras, best.model.pose.rotation, best.model.pose.translation};
  Mixture mixture = best.model.mixture;
  NormalSums sums{};
  depths.forget();
  if (!problem.refine_with_depths(pose, mixture, final_steps, 3, sums)) {  // the best is what it was
    pose.set(best.model.pose);
    mixture = best.model.mixture;
    sums = best.model.sums;
  }
  const Matrix3 essential = pose.essential() * std::sqrt(0.5);  // of norm 1
  estimate.matrix = essential.values;
  estimate.rotation = pose.rotation_01.values;
  estimate.translation = pose.translation.values;
  estimate.score = problem.gain(pose.matrix(), band, 0.0);
  conclude(matches, pose, mixture, sums, cameras.unit, estimate);
  for (const EssentialModel& other : refined) {
    const double log_odds = other.log_evidence - best.model.log_evidence;
    if (other.log_likelihood == best.model.log_likelihood || !(log_odds > rival_log_odds)) continue;
    estimate.rivals.push_back({other.pose.rotation.values, other.pose.translation.values, log_odds});
  }
  return estimate;
}

}  // namespace geomvision::geometry

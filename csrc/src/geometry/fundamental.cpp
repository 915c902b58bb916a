#include <algorithm>
#include <cmath>
#include <vector>

#include "geometry/five_point.hpp"
#include "geometry/matches.hpp"
#include "geometry/ransac.hpp"
#include "geometry/sampson_refine.hpp"
#include "geometry/symmetric_eigen.hpp"
#include "geometry/two_view_run.hpp"
#include "geomvision/check.hpp"
#include "geomvision/geometry/two_view.hpp"

namespace geomvision::geometry {
namespace {

// F = U diag(1, s, 0) Vᵀ: two rotations and a ratio (Bartoli & Sturm, PAMI 2004).
struct FundamentalManifold {
  static constexpr int parameters = 7;
  Matrix3 u, v;
  double s = 1.0;

  explicit FundamentalManifold(const Matrix3& matrix) {
    const Svd3 svd(matrix);
    u = determinant(svd.u) < 0 ? svd.u * -1.0 : svd.u;
    v = determinant(svd.v) < 0 ? svd.v * -1.0 : svd.v;
    s = svd.s[1] / svd.s[0];
  }

  static Matrix3 middle(double first, double second) {
    Matrix3 made;
    made(0, 0) = first;
    made(1, 1) = second;
    return made;
  }

  Matrix3 matrix() const { return u * middle(1.0, s) * transposed(v); }

  Matrix<7, 9> tangents() const {
    Matrix<7, 9> made;
    for (int p = 0; p < 7; ++p) {
      Vector3 axis;
      if (p < 6) axis[p % 3] = 1.0;
      Matrix3 slope = u * middle(0.0, 1.0) * transposed(v);
      if (p < 3) slope = u * skew(axis) * middle(1.0, s) * transposed(v);
      if (p >= 3 && p < 6) slope = u * middle(1.0, s) * transposed(v * skew(axis));
      for (int k = 0; k < 9; ++k) made(p, k) = slope[k];
    }
    return made;
  }

  void move(const Vector<7>& step) {
    u = u * rotation(vector3(step[0], step[1], step[2]));
    v = v * rotation(vector3(step[3], step[4], step[5]));
    s += step[6];
  }
};

struct FundamentalProblem : PixelProblem<7, 3, seven_point> {
  std::vector<double> even;  // a prior that tells no match from another

  explicit FundamentalProblem(const PixelRun& run)
      : PixelProblem{run.matches, run.band}, even(static_cast<std::size_t>(run.matches.columns().padded), 1.0) {}

  double score(const Model& model, double to_beat) const {
    return GEOMVISION_KERNEL(sampson_gain)(matches.columns(), model.values.data(), band, to_beat);
  }

  double refine(Model& model) const {
    FundamentalManifold manifold(model);
    Mixture mixture = broad_mixture(band);
    NormalSums sums{};
    if (!refine_sampson(matches.columns(), manifold, mixture, even.data(), 2 * local_steps, sums)) return -1.0;
    model = manifold.matrix();
    return sums.weight;
  }

  void finish(const Matrix3& start, const PixelFrames& frames, TwoViewEstimate& estimate) const {
    FundamentalManifold manifold(start);
    Mixture mixture = broad_mixture(band);
    NormalSums sums{};
    if (!refine_sampson(matches.columns(), manifold, mixture, even.data(), 2 * final_steps, sums)) return;
    estimate.score = score(manifold.matrix(), 0.0);
    conclude(matches, manifold, mixture, sums, frames.unit, estimate);
    estimate.matrix = frames.fundamental(manifold.matrix()).values;
  }
};

}  // namespace

TwoViewEstimate estimate_fundamental(const Points& points0, const Points& points1, const TwoViewOptions& options,
                                     int num_threads) {
  const PixelRun run("estimate_fundamental", points0, points1, options);
  const FundamentalProblem problem(run);
  const auto best = ransac(problem, engine_options(options, num_threads));
  TwoViewEstimate estimate;
  estimate.iterations = best.iterations;
  if (best.found) problem.finish(best.model, run.frames, estimate);
  return estimate;
}

TwoViewEstimate refine_fundamental(const Points& points0, const Points& points1, const Entries& start,
                                   const TwoViewOptions& options) {
  const PixelRun run("refine_fundamental", points0, points1, options);
  const auto larger = [](double a, double b) { return std::abs(a) < std::abs(b); };
  const double largest = std::abs(*std::max_element(start.begin(), start.end(), larger));
  check(is_finite(Matrix3{start}) && largest > 0, "refine_fundamental: start is 0 or not finite");
  Matrix3 scaled{start};  // its scale says nothing, but could be beyond what squares hold
  for (double& entry : scaled.values) entry /= largest;
  const PixelFrames& frames = run.frames;
  const Matrix3 working = transposed(frames.to_pixels(frames.frame1)) * scaled * frames.to_pixels(frames.frame0);
  TwoViewEstimate estimate;
  FundamentalProblem(run).finish(working, frames, estimate);
  return estimate;
}

std::vector<Entries> eight_point_fundamental(const Points& points0, const Points& points1) {
  check_matches("eight_point_fundamental", points0, points1);
  if (points0.size(0) < 8) return {};
  const PixelFrames frames(points0, points1);
  Matrix<9, 9> moments;
  for (std::ptrdiff_t n = 0; n < points0.size(0); ++n) {
    const Vector3 a = frames.working(frames.frame0, points0.at(n)), b = frames.working(frames.frame1, points1.at(n));
    for (int i = 0; i < 9; ++i) {
      for (int j = 0; j < 9; ++j) moments(i, j) += b[i / 3] * a[i % 3] * b[j / 3] * a[j % 3];
    }
  }
  const SymmetricEigen<9> eigen(moments);
  if (!(eigen.values[1] > 1e-12 * eigen.values[8])) return {};  // more than one matrix fits: a degenerate set
  Matrix3 matrix;
  for (int i = 0; i < 9; ++i) matrix[i] = eigen.vectors(i, 0);
  return {frames.fundamental(FundamentalManifold(matrix).matrix()).values};
}

}  // namespace geomvision::geometry

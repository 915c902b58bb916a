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

struct FundamentalProblem {
  using Model = Matrix3;
  static constexpr int sample_size = 7, max_models = 3;
  const Matches& matches;
  double band;
  const std::vector<double>& even;  // a prior that tells no match from another

  int size() const { return matches.size(); }

  int solve(const int* sample, Model* models) const {
    Vector3 points0[7], points1[7];
    for (int i = 0; i < 7; ++i) {
      points0[i] = matches.point0(sample[i]);
      points1[i] = matches.point1(sample[i]);
    }
    return seven_point(points0, points1, models);
  }

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
};

void finish(const Matches& matches, const FundamentalProblem& problem, const Matrix3& start, const Frame& frame0,
            const Frame& frame1, double unit, TwoViewEstimate& estimate) {
  FundamentalManifold manifold(start);
  Mixture mixture = broad_mixture(problem.band);
  NormalSums sums{};
  if (!refine_sampson(matches.columns(), manifold, mixture, problem.even.data(), 2 * final_steps, sums)) return;
  estimate.score = problem.score(manifold.matrix(), 0.0);
  conclude(matches, manifold, mixture, sums, unit, estimate);
  estimate.matrix = in_pixels(manifold.matrix(), frame0, frame1, unit).values;
}

}  // namespace

TwoViewEstimate estimate_fundamental(const Points& points0, const Points& points1, const TwoViewOptions& options,
                                     int num_threads) {
  check_matches("estimate_fundamental", points0, points1);
  check_options("estimate_fundamental", options);
  TwoViewEstimate estimate;
  if (points0.size(0) < FundamentalProblem::sample_size) return estimate;
  const Frame frame0 = centre_of(points0), frame1 = centre_of(points1);
  const double unit = common_unit(points0, frame0, points1, frame1);
  const Matches matches(points0, points1, frame0, frame1, unit, {}, {}, options.seed);
  const std::vector<double> even(static_cast<std::size_t>(matches.columns().padded), 1.0);
  const FundamentalProblem problem{matches, options.max_error_px / unit, even};
  const auto best = ransac(problem, engine_options(options, num_threads));
  estimate.iterations = best.iterations;
  if (!best.found) return estimate;
  finish(matches, problem, best.model, frame0, frame1, unit, estimate);
  return estimate;
}

TwoViewEstimate refine_fundamental(const Points& points0, const Points& points1, const Entries& start,
                                   const TwoViewOptions& options) {
  check_matches("refine_fundamental", points0, points1);
  check_options("refine_fundamental", options);
  check(is_finite(Matrix3{start}) && norm(Matrix3{start}) > 0, "refine_fundamental: start is 0 or not finite");
  TwoViewEstimate estimate;
  if (points0.size(0) < FundamentalProblem::sample_size) return estimate;
  const Frame frame0 = centre_of(points0), frame1 = centre_of(points1);
  const double unit = common_unit(points0, frame0, points1, frame1);
  const Matches matches(points0, points1, frame0, frame1, unit, {}, {}, options.seed);
  const std::vector<double> even(static_cast<std::size_t>(matches.columns().padded), 1.0);
  const FundamentalProblem problem{matches, options.max_error_px / unit, even};
  const Matrix3 from0{{unit, 0, frame0.x, 0, unit, frame0.y, 0, 0, 1}};
  const Matrix3 from1{{unit, 0, frame1.x, 0, unit, frame1.y, 0, 0, 1}};
  finish(matches, problem, transposed(from1) * Matrix3{start} * from0, frame0, frame1, unit, estimate);
  return estimate;
}

std::vector<Entries> eight_point_fundamental(const Points& points0, const Points& points1) {
  check_matches("eight_point_fundamental", points0, points1);
  if (points0.size(0) < 8) return {};
  const Frame frame0 = centre_of(points0), frame1 = centre_of(points1);
  const double unit = common_unit(points0, frame0, points1, frame1);
  Matrix<9, 9> moments;
  for (std::ptrdiff_t n = 0; n < points0.size(0); ++n) {
    const Vector3 a = vector3((points0.at(n)[0] - frame0.x) / unit, (points0.at(n)[1] - frame0.y) / unit, 1.0);
    const Vector3 b = vector3((points1.at(n)[0] - frame1.x) / unit, (points1.at(n)[1] - frame1.y) / unit, 1.0);
    for (int i = 0; i < 9; ++i) {
      for (int j = 0; j < 9; ++j) moments(i, j) += b[i / 3] * a[i % 3] * b[j / 3] * a[j % 3];
    }
  }
  const SymmetricEigen<9> eigen(moments);
  if (!(eigen.values[1] > 1e-12 * eigen.values[8])) return {};  // more than one matrix fits: a degenerate set
  Matrix3 matrix;
  for (int i = 0; i < 9; ++i) matrix[i] = eigen.vectors(i, 0);
  return {in_pixels(FundamentalManifold(matrix).matrix(), frame0, frame1, unit).values};
}

}  // namespace geomvision::geometry

#include <algorithm>
#include <cmath>

#include "geometry/five_point.hpp"
#include "geometry/matches.hpp"
#include "geometry/ransac.hpp"
#include "geometry/sampson_refine.hpp"
#include "geometry/two_view_run.hpp"
#include "geomvision/geometry/two_view.hpp"

namespace geomvision::geometry {
namespace {

// The Sampson error of a homography (Hartley & Zisserman 2004, 4.2.6): e, whitened so that noise of both views counts.
struct Transfer {
  double e[2], whiten[3];  // whiten: l00, l10, l11 of L⁻¹, with L Lᵀ the covariance of e by noise of 1

  Transfer(const Matrix3& h, const Vector3& a, const Vector3& b) {
    const Vector3 p = h * a;
    const double u0 = h[0] - h[6] * b[0], u1 = h[1] - h[7] * b[0], v0 = h[3] - h[6] * b[1], v1 = h[4] - h[7] * b[1];
    const double uu = u0 * u0 + u1 * u1 + p[2] * p[2], vv = v0 * v0 + v1 * v1 + p[2] * p[2], uv = u0 * v0 + u1 * v1;
    const double first = std::sqrt(uu), second = std::sqrt(std::max(0.0, vv - uv * uv / uu));
    whiten[0] = 1.0 / first;
    whiten[1] = -uv / (uu * second);
    whiten[2] = 1.0 / second;
    const double x = p[0] - p[2] * b[0], y = p[1] - p[2] * b[1];
    e[0] = whiten[0] * x;
    e[1] = whiten[1] * x + whiten[2] * y;
  }

  double squared() const { return e[0] * e[0] + e[1] * e[1]; }
};

// Odds of an inlier with Gaussian errors in the plane, against outliers spread over a disc of radius `band`.
MixtureWeights plane_weights(const Mixture& m) {
  const double odds = m.share / (1.0 - m.share) * m.band * m.band / (2.0 * m.sigma * m.sigma);
  return {m.band, 1.0 / (128.0 * m.sigma * m.sigma), odds, nullptr};
}

struct HomographyProblem : PixelProblem<4, 1, four_point> {
  double score(const Model& model, double to_beat) const {
    double gain = 0.0;
    for (int i = 0; i < size(); ++i) {
      const double left = 1.0 - std::sqrt(Transfer(model, matches.point0(i), matches.point1(i)).squared()) / band;
      gain += left > 0 ? left * left : 0.0;
      if (i % 256 == 255 && gain + (size() - i - 1) <= to_beat) return gain;
    }
    return gain;
  }

  double refine(Model& model) const {
    Mixture mixture = broad_mixture(band);
    return improve(model, mixture, 2 * local_steps);
  }

  /// Gauss–Newton over the entries, at right angles to the matrix itself: its length is free.
  double improve(Matrix3& model, Mixture& mixture, int steps) const {
    double total = 0.0;
    for (int step = 0; step < steps; ++step) {
      model = model * (1.0 / norm(model));
      Matrix<9, 9> normal;
      Vector<9> move;
      double squares = 0.0, inside = 0.0;
      total = 0.0;
      const MixtureWeights w = plane_weights(mixture);
      for (int i = 0; i < size(); ++i) {
        const Vector3 a = matches.point0(i), b = matches.point1(i);
        const Transfer t(model, a, b);
        const double rr = t.squared();
        if (!(rr < band * band)) continue;
        double bell = std::max(0.0, 1.0 - rr * w.per_sigma);
        for (int k = 0; k < 6; ++k) bell *= bell;
        const double weight = bell * w.odds / (1.0 + bell * w.odds);
        inside += 1.0;
        total += weight;
        squares += weight * rr;
        double rows[2][9];
        for (int j = 0; j < 3; ++j) {
          rows[0][j] = t.whiten[0] * a[j];
          rows[0][3 + j] = 0.0;
          rows[0][6 + j] = -t.whiten[0] * a[j] * b[0];
          rows[1][j] = t.whiten[1] * a[j];
          rows[1][3 + j] = t.whiten[2] * a[j];
          rows[1][6 + j] = -(t.whiten[1] * b[0] + t.whiten[2] * b[1]) * a[j];
        }
        for (int r = 0; r < 2; ++r) {
          for (int p = 0; p < 9; ++p) {
            move[p] -= weight * rows[r][p] * t.e[r];
            for (int q = p; q < 9; ++q) normal(p, q) += weight * rows[r][p] * rows[r][q];
          }
        }
      }
      if (!(total > 4.0)) return -1.0;
      double trace = 0.0;
      for (int p = 0; p < 9; ++p) trace += normal(p, p);
      for (int p = 0; p < 9; ++p) {
        for (int q = p; q < 9; ++q) normal(q, p) = normal(p, q) += trace * model[p] * model[q];
      }
      for (int p = 0; p < 9; ++p) normal(p, p) += 1e-12 * trace;
      if (!solve_positive(normal, move) || !is_finite(move)) return -1.0;
      for (int p = 0; p < 9; ++p) model[p] += move[p];
      mixture.sigma = std::clamp(std::sqrt(0.5 * squares / std::max(1.0, total - 4.0)), band * 1e-3, 0.5 * band);
      mixture.share = std::clamp(total / std::max(1.0, inside), 0.01, 0.999);
      if (norm(move) < 1e-9) break;
    }
    model = model * (1.0 / norm(model));
    return total;
  }
};

}  // namespace

TwoViewEstimate estimate_homography(const Points& points0, const Points& points1, const TwoViewOptions& options,
                                    int num_threads) {
  const PixelRun run("estimate_homography", points0, points1, options);
  const HomographyProblem problem{{run.matches, run.band}};
  const auto best = ransac(problem, engine_options(options, num_threads));
  TwoViewEstimate estimate;
  estimate.iterations = best.iterations;
  if (!best.found) return estimate;
  Matrix3 model = best.model;
  Mixture mixture = broad_mixture(run.band);
  const double support = problem.improve(model, mixture, final_steps);
  if (support < 0) return estimate;
  estimate.found = true;
  estimate.support = support;
  estimate.score = problem.score(model, 0.0);
  estimate.noise_px = mixture.sigma * run.frames.unit;
  const double odds = plane_weights(mixture).odds;
  const double even = odds > 1.0 ? std::sqrt(128.0 * (1.0 - std::pow(odds, -1.0 / 64.0))) : 0.0;
  estimate.inlier_px = std::min(options.max_error_px, even * estimate.noise_px);
  const Matches& matches = run.matches;
  estimate.errors_px.resize(static_cast<std::size_t>(matches.size()));
  for (int i = 0; i < matches.size(); ++i) {
    const Transfer t(model, matches.point0(i), matches.point1(i));
    estimate.errors_px[static_cast<std::size_t>(matches.given_index(i))] = std::sqrt(t.squared()) * run.frames.unit;
  }
  estimate.matrix = run.frames.homography(model).values;
  return estimate;
}

}  // namespace geomvision::geometry

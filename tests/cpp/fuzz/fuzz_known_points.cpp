#include "fuzz.hpp"
#include "geomvision/geometry/absolute_pose.hpp"
#include "geomvision/geometry/alignment.hpp"

namespace gm = geomvision::geometry;
using fuzz::Random;
using fuzz::require;

namespace {

// Ordinary numbers, with repeated ones, zeros, far too large ones and none among them.
double coordinate(Random& random) {
  if (random.chance(0.05)) return random.one_of({0.0, 1.0, -1.0, 1e-9, 1e30, -1e30});
  if (random.chance(0.002)) return random.one_of({std::nan(""), 1e308, std::numeric_limits<double>::infinity()});
  return 10.0 * random.unit() - 5.0;
}

std::vector<double> rows(Random& random, int count, int columns) {
  std::vector<double> made;
  const bool repeats = random.chance(0.2), on_line = random.chance(0.1), flat = random.chance(0.2);
  for (int i = 0; i < count; ++i) {
    for (int k = 0; k < columns; ++k) {
      double value = coordinate(random);
      if (repeats && i > 1 && random.chance(0.7)) value = made[static_cast<std::size_t>(k)];
      if (on_line && i > 0) value = made[static_cast<std::size_t>(k)] * i;
      if (flat && k == 2) value = 1.0;
      made.push_back(value);
    }
  }
  return made;
}

void require_rotation(const gm::Entries& r) {
  for (int i = 0; i < 3; ++i) {
    for (int j = 0; j < 3; ++j) {
      double product = 0.0;
      for (int k = 0; k < 3; ++k) {
        product += r[static_cast<std::size_t>(3 * i + k)] * r[static_cast<std::size_t>(3 * j + k)];
      }
      require(std::abs(product - (i == j ? 1.0 : 0.0)) < 1e-8, "no rotation");
    }
  }
}

void require_pose(const gm::AbsolutePose& found, int count) {
  require(found.inliers >= 0 && found.inliers <= count, "more inliers than points");
  if (!found.found) return;
  require_rotation(found.pose.rotation);
  for (const double value : found.pose.translation) require(std::isfinite(value), "a translation that is none");
}

}  // namespace

FUZZ(absolute_pose) {
  const int count = random.chance(0.3) ? random.between(0, 7) : random.size();
  const std::vector<double> points = rows(random, count, 3);
  std::vector<double> charts;
  for (int i = 0; i < count; ++i) {
    const double u = 640.0 * random.unit(), v = 480.0 * random.unit(), f = random.chance(0.01) ? 0.0 : 500.0;
    charts.insert(charts.end(), {f, 0, 320.0 - u, 0, f, 240.0 - v, 0, 0, random.chance(0.02) ? -1.0 : 1.0});
  }
  const gm::SeenPoints seen{{points.data(), {count, 3}}, {charts.data(), {count, 3, 3}}};
  gm::AbsolutePoseSolver solver;
  gm::PerspectiveNPointOptions how;
  how.solver = random.one_of({gm::PnPSolver::sqpnp, gm::PnPSolver::epnp});
  how.refine = random.chance(0.5);
  require_pose(solver.perspective_n_point(seen, how), count);
  gm::AbsolutePoseOptions options;
  random.vary(options.max_error_px, {0.5, 4.0, 100.0});
  random.vary(options.confidence, {0.5, 0.99, 0.9999});
  options.max_iterations = random.one_of({1, 32, 100, 500, 0});
  options.seed = random.bits();
  options.num_threads = random.threads();
  std::vector<std::uint8_t> inliers(static_cast<std::size_t>(count));
  const gm::AbsolutePose found = solver.absolute_pose(seen, options, {inliers.data(), {count}});
  require_pose(found, count);
  if (found.found) require_pose(solver.refine_absolute_pose(seen, found.pose, options.max_error_px), count);
}

FUZZ(align_points) {
  const int count = random.chance(0.3) ? random.between(0, 5) : random.size();
  const std::vector<double> source = rows(random, count, 3), target = rows(random, count, 3);
  std::vector<double> weights(static_cast<std::size_t>(count));
  for (double& weight : weights) weight = random.chance(0.01) ? coordinate(random) : 0.01 + random.unit();
  const gm::PointPairs pairs{{source.data(), {count, 3}}, {target.data(), {count, 3}}};
  const gm::Alignment all = gm::align_points(pairs, {weights.data(), {count}}, random.chance(0.5));
  if (all.found) require_rotation(all.rotation);
  gm::RobustAlignmentOptions options;
  options.with_scale = random.chance(0.5);
  random.vary(options.confidence, {0.5, 0.9999});
  options.max_iterations = random.one_of({1, 32, 500, 0});
  options.num_threads = random.threads();
  std::vector<std::uint8_t> inliers(static_cast<std::size_t>(count));
  const gm::Alignment found =
      gm::align_points_robust(pairs, {weights.data(), {count}}, options, {inliers.data(), {count}});
  if (found.found) require_rotation(found.rotation);
}

FUZZ(p3p) {
  std::array<double, 9> rays{}, points{};
  for (double& value : rays) value = coordinate(random);
  for (double& value : points) value = coordinate(random);
  std::array<gm::CameraPose, 4> poses;
  const int count = gm::p3p(rays, points, poses);
  require(count >= 0 && count <= 4, "more than four poses");
  for (int i = 0; i < count; ++i) {
    for (const double value : poses[static_cast<std::size_t>(i)].rotation) require(std::isfinite(value), "no number");
  }
}

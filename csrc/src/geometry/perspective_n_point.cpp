#include <algorithm>
#include <cmath>

#include "geometry/pose_moments.hpp"
#include "geometry/symmetric_eigen.hpp"

namespace geomvision::geometry {
namespace {

Vector3 mean_of(const SeenPoints& seen) {
  Vector3 sum;
  const std::ptrdiff_t count = seen.points.size(0);
  for (std::ptrdiff_t i = 0; i < count; ++i) {
    for (int k = 0; k < 3; ++k) sum[k] += seen.points.at(i)[k];
  }
  return sum * (1.0 / static_cast<double>(count));
}

// Three points leave up to four poses.
bool four_differ(const std::vector<Seen>& seen) {
  std::array<Vector3, 3> known;
  std::size_t count = 0;
  for (const Seen& one : seen) {
    const auto is_this = [&one](const Vector3& other) { return other.values == one.point.values; };
    if (std::any_of(known.begin(), known.begin() + count, is_this)) continue;
    if (count == known.size()) return true;
    known[count++] = one.point;
  }
  return false;
}

// Whether the second extent of the points, whose mean is the origin, is nothing beside the first.
bool on_a_line(const PoseMoments& moments) {
  constexpr double share = 1e-4;
  Matrix3 spread;
  for (int i = 0; i < 3; ++i) {
    for (int j = 0; j < 3; ++j) spread(i, j) = moments.points(i, j) / moments.points(3, 3);
  }
  const SymmetricEigen<3> eigen(spread);
  return !(eigen.values[1] > share * share * eigen.values[2]);
}

}  // namespace

AbsolutePose pose_of_all(const SeenPoints& seen, const PerspectiveNPointOptions& options, PoseScratch& scratch) {
  std::vector<Seen>& all = scratch.all;
  AbsolutePose result;
  if (seen.points.size(0) < 4) return result;
  const Vector3 origin = mean_of(seen);
  gather(seen, origin, all);
  const PoseMoments moments(all);
  if (!moments.finite || !four_differ(all) || on_a_line(moments)) return result;
  RigidMotion motion;
  const bool found = options.solver == PnPSolver::epnp ? epnp(all, moments, motion) : sqpnp(all, moments, motion);
  if (!found) return result;
  result.inliers = static_cast<int>(all.size());
  if (options.refine) fit(all, motion, scratch.table);
  result.found = measure(all, motion, scratch.table, result);
  result.pose = with_origin(motion, origin);
  return result;
}

}  // namespace geomvision::geometry

#include "geometry/pose_fit.hpp"

#include <algorithm>
#include <cmath>

#include "geometry/small_solvers.hpp"
#include "geometry/tridiagonal_eigen.hpp"
#include "geomvision/check.hpp"
#include "kernels/pose_equations.hpp"

namespace geomvision::geometry {

bool NormalEquations::add(const Seen& seen, const RigidMotion& motion, double squared_threshold) {
  Vector3 p;
  double x, y;
  if (!error_of(seen, motion, p, x, y)) return false;
  const double squared = x * x + y * y;
  if (!(squared <= squared_threshold)) return false;
  const Matrix3& m = seen.chart;
  const double inverse_depth = 1.0 / (m(2, 0) * p[0] + m(2, 1) * p[1] + m(2, 2) * p[2]);
  const double error[2] = {x, y};
  double rows[2][6];
  for (int r = 0; r < 2; ++r) {
    Vector3 slope;  // of this coordinate by the point
    for (int k = 0; k < 3; ++k) slope[k] = (m(r, k) - error[r] * m(2, k)) * inverse_depth;
    const Vector3 turn = cross(p, slope);  // slope · (w x p) = w · (p x slope)
    for (int k = 0; k < 3; ++k) {
      rows[r][k] = turn[k];
      rows[r][3 + k] = slope[k];
    }
  }
  for (int i = 0; i < 6; ++i) {
    gradient[i] += rows[0][i] * x + rows[1][i] * y;
    for (int j = 0; j <= i; ++j) information(i, j) += rows[0][i] * rows[0][j] + rows[1][i] * rows[1][j];
  }
  squared_error += squared;
  gain += 1.0 - squared / squared_threshold;
  ++count;
  return true;
}

RigidMotion moved_by(const RigidMotion& motion, const Vector<6>& step) {
  const Matrix3 turn = rotation(vector3(step[0], step[1], step[2]));
  RigidMotion next{turn * motion.rotation, turn * motion.translation + vector3(step[3], step[4], step[5])};
  Matrix3& r = next.rotation;  // Gram-Schmidt: rounding must not add up
  Vector3 a = vector3(r[0], r[1], r[2]), b = vector3(r[3], r[4], r[5]);
  a = a * (1.0 / norm(a));
  b = b - a * dot(a, b);
  b = b * (1.0 / norm(b));
  const Vector3 c = cross(a, b);
  r = {{a[0], a[1], a[2], b[0], b[1], b[2], c[0], c[1], c[2]}};
  return next;
}

namespace {

NormalEquations equations(const PoseRows& rows, const RigidMotion& motion) {
  double pose[12], sums[kPoseSums];
  std::copy(motion.rotation.values.begin(), motion.rotation.values.end(), pose);
  std::copy(motion.translation.values.begin(), motion.translation.values.end(), pose + 9);
  GEOMVISION_KERNEL(pose_equations)(rows, pose, sums);
  NormalEquations sum;
  for (int i = 0, place = 0; i < 6; ++i) {
    for (int j = 0; j <= i; ++j, ++place) sum.information(i, j) = sums[place];
    sum.gradient[i] = sums[21 + i];
  }
  sum.squared_error = sums[27];
  sum.count = static_cast<int>(sums[28]);
  return sum;
}

}  // namespace

PoseRows tabulated(const std::vector<Seen>& seen, std::vector<double>& table) {
  const std::size_t count = seen.size(), padded = (count + kPoseLanes - 1) / kPoseLanes * kPoseLanes;
  table.assign(12 * padded, 0.0);
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t k = 0; k < 3; ++k) table[k * padded + i] = seen[i].point.values[k];
    for (std::size_t k = 0; k < 9; ++k) table[(3 + k) * padded + i] = seen[i].chart.values[k];
  }
  return {table.data(), table.data() + 3 * padded, static_cast<int>(padded)};
}

void fit(const std::vector<Seen>& seen, RigidMotion& motion, std::vector<double>& table) {
  const PoseRows rows = tabulated(seen, table);
  NormalEquations here = equations(rows, motion);
  double damping = 1e-6;
  for (int iteration = 0; iteration < 100 && damping < 1e12; ++iteration) {
    Matrix<6, 6> damped = here.information;
    for (int i = 0; i < 6; ++i) damped(i, i) += damping * here.information(i, i);
    Vector<6> step = here.gradient * -1.0;
    if (!solve_positive(damped, step) || !is_finite(step)) {
      damping = std::max(damping, 1e-6) * 100.0;
      continue;
    }
    const RigidMotion next = moved_by(motion, step);
    const NormalEquations there = equations(rows, next);
    const bool better = there.count == here.count && there.squared_error < here.squared_error;
    const bool small = norm(vector3(step[0], step[1], step[2])) < 1e-14 &&
                       norm(vector3(step[3], step[4], step[5])) <= 1e-14 * norm(next.translation);
    const double gained = here.squared_error - there.squared_error;
    if (better) {
      motion = next;
      here = there;
      damping *= 0.1;
    } else {
      damping = std::max(damping, 1e-9) * 10.0;
    }
    if (small || (better && gained <= 1e-13 * here.squared_error)) return;
  }
}

void keep_within(const std::vector<Seen>& seen, const RigidMotion& motion, double max_error_px,
                 std::vector<Seen>& near) {
  near.clear();
  near.reserve(seen.size());
  Vector3 moved;
  double x, y;
  for (const Seen& one : seen) {
    if (error_of(one, motion, moved, x, y) && x * x + y * y <= max_error_px * max_error_px) near.push_back(one);
  }
}

namespace {

// Standard deviation of a coordinate, from the median length of the errors (Rayleigh's distribution).
double noise_of(const std::vector<Seen>& fitted, const RigidMotion& motion, std::vector<double>& squared) {
  squared.clear();
  squared.reserve(fitted.size());
  Vector3 moved;
  double x, y;
  for (const Seen& one : fitted) {
    if (error_of(one, motion, moved, x, y)) squared.push_back(x * x + y * y);
  }
  if (squared.empty()) return 0.0;
  const auto half = squared.begin() + static_cast<std::ptrdiff_t>(squared.size() / 2);
  std::nth_element(squared.begin(), half, squared.end());
  return std::sqrt(*half / (2.0 * std::log(2.0)));
}

double gain_of(const std::vector<Seen>& seen, const RigidMotion& motion, double max_error_px) {
  NormalEquations sum;
  for (const Seen& one : seen) sum.add(one, motion, max_error_px * max_error_px);
  return sum.gain;
}

// Fits to those within the threshold, again and again as long as that gains.
bool fit_until_stable(const std::vector<Seen>& seen, double max_error_px, RigidMotion& motion,
                      std::vector<Seen>& fitted, std::vector<double>& table) {
  keep_within(seen, motion, max_error_px, fitted);
  double best = gain_of(seen, motion, max_error_px);
  for (int round = 0; round < 10; ++round) {
    if (fitted.size() < 4) return false;
    RigidMotion next = motion;
    fit(fitted, next, table);
    const double gain = gain_of(seen, next, max_error_px);
    if (!(gain > best)) return true;
    const bool settled = gain < best + 1e-4;
    motion = next;
    best = gain;
    if (settled) return true;
    keep_within(seen, motion, max_error_px, fitted);
  }
  return true;
}

}  // namespace

bool fit_to_inliers(const std::vector<Seen>& seen, double max_error_px, RigidMotion& motion, PoseScratch& scratch) {
  std::vector<Seen>&fitted = scratch.fitted, &narrowly = scratch.narrowly;
  if (!fit_until_stable(seen, max_error_px, motion, fitted, scratch.table)) return false;
  const double narrow = std::max(3.5 * noise_of(fitted, motion, scratch.values), 1e-6);
  if (!(narrow < max_error_px)) return true;
  RigidMotion next = motion;
  for (int round = 0; round < 3; ++round) {
    keep_within(seen, next, narrow, narrowly);
    if (2 * narrowly.size() < fitted.size() || narrowly.size() < 6) return true;
    fit(narrowly, next, scratch.table);
  }
  motion = next;
  std::swap(fitted, narrowly);
  return true;
}

bool measure(const std::vector<Seen>& fitted, const RigidMotion& motion, std::vector<double>& table,
             AbsolutePose& result) {
  const NormalEquations sum = equations(tabulated(fitted, table), motion);
  const double freedom = 2.0 * sum.count - 6.0, nan = std::numeric_limits<double>::quiet_NaN();
  result.noise_px = freedom > 0 ? std::sqrt(sum.squared_error / freedom) : nan;
  result.covariance.fill(nan);
  Vector<6> scale;  // translations and rotations are of different sizes
  for (int i = 0; i < 6; ++i) {
    scale[i] = 1.0 / std::sqrt(sum.information(i, i));
    if (!std::isfinite(scale[i])) return false;
  }
  Matrix<6, 6> scaled;
  for (int i = 0; i < 6; ++i) {
    for (int j = 0; j <= i; ++j) scaled(i, j) = scaled(j, i) = sum.information(i, j) * scale[i] * scale[j];
  }
  const TridiagonalEigen<6> eigen(scaled);
  if (!(eigen.values[0] > 1e-12 * eigen.values[5])) return false;
  for (int i = 0; i < 6; ++i) {
    for (int j = 0; j < 6; ++j) {
      double value = 0.0;
      for (int k = 0; k < 6; ++k) value += eigen.vectors(i, k) * eigen.vectors(j, k) / eigen.values[k];
      const auto place = static_cast<std::size_t>(6 * i + j);
      result.covariance[place] = value * scale[i] * scale[j] * result.noise_px * result.noise_px;
    }
  }
  return true;
}

void gather(const SeenPoints& seen, const Vector3& origin, std::vector<Seen>& rows) {
  rows.resize(static_cast<std::size_t>(seen.points.size(0)));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double* point = seen.points.at(i);
    for (int k = 0; k < 3; ++k) rows[i].point[k] = point[k] - origin[k];
    for (int k = 0; k < 3; ++k) std::copy_n(seen.charts.at(i, k), 3, rows[i].chart.values.begin() + 3 * k);
  }
}

Vector3 middle(const SeenPoints& seen, std::vector<double>& values) {
  Vector3 origin;
  values.resize(static_cast<std::size_t>(seen.points.size(0)));
  for (int k = 0; k < 3 && !values.empty(); ++k) {
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = *seen.points.at(i, k);
    const auto half = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), half, values.end());
    origin[k] = *half;
  }
  return origin;
}

CameraPose with_origin(const RigidMotion& motion, const Vector3& origin) {
  return pose_of({motion.rotation, motion.translation - motion.rotation * origin});
}

RigidMotion from_origin(const CameraPose& pose, const Vector3& origin) {
  const RigidMotion given = motion_of(pose);
  return {given.rotation, given.translation + given.rotation * origin};
}

void check_seen(const char* owner, const SeenPoints& seen) {
  const std::ptrdiff_t count = seen.points.size(0);
  check(seen.points.size(1) == 3 && seen.charts.size(0) == count && seen.charts.size(1) == 3 &&
            seen.charts.size(2) == 3 && count <= (std::ptrdiff_t{1} << 27),
        owner, ": points are ", seen.points.shape(), " and charts ", seen.charts.shape(),
        "; they must be Nx3 and Nx3x3, N at most 2^27");
  for (std::ptrdiff_t i = 0; i < count; ++i) {
    double none = 0.0;  // a number times 0; NaN of others
    for (int k = 0; k < 3; ++k) none += *seen.points.at(i, k) * 0.0;
    for (int k = 0; k < 9; ++k) none += *seen.charts.at(i, k / 3, k % 3) * 0.0;
    check(none == 0.0, owner, ": observation ", i, " is not finite; leave such ones out");
  }
}

}  // namespace geomvision::geometry

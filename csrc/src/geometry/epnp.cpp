#include <cmath>

#include "geometry/pose_moments.hpp"
#include "geometry/small_solvers.hpp"
#include "geometry/symmetric_eigen.hpp"
#include "geometry/tridiagonal_eigen.hpp"

// Every point is a weighted mean of a few control points, the same weights before and after a motion: what the camera
// saw is linear in where it has the control points. Sections and equations are those of Lepetit et al. 2009.
namespace geomvision::geometry {
namespace {

// Mean and principal axes of the points, whose mean is the origin; axes are as long as the standard deviations.
struct Axes {
  std::array<Vector3, 3> direction;
  std::array<double, 3> length{};  // descending

  explicit Axes(const PoseMoments& moments) {
    Matrix3 spread;
    for (int i = 0; i < 3; ++i) {
      for (int j = 0; j < 3; ++j) spread(i, j) = moments.points(i, j) / moments.points(3, 3);
    }
    const SymmetricEigen<3> eigen(spread);
    for (int k = 0; k < 3; ++k) {
      length[static_cast<std::size_t>(k)] = std::sqrt(std::max(0.0, eigen.values[2 - k]));
      Vector3& axis = direction[static_cast<std::size_t>(k)];
      for (int i = 0; i < 3; ++i) axis[i] = eigen.vectors(i, 2 - k);
      if (axis[0] + axis[1] + axis[2] < 0) axis = axis * -1.0;  // one of the two, as results differ a little
    }
  }
};

// The unknowns of rows (coefficients ..., value), no more than rows: Householder (Golub & Van Loan, 5.3). False where
// columns depend on each other, to rounding.
template <int rows>
bool least_squares(Matrix<rows, 7>& a, int unknowns, Vector<6>& solved) {
  for (int k = 0; k < unknowns; ++k) {
    double whole = 0.0, length = 0.0;
    for (int i = 0; i < rows; ++i) {
      whole += a(i, k) * a(i, k);
      length += i < k ? 0.0 : a(i, k) * a(i, k);
    }
    if (!(length > 1e-26 * whole)) return false;
    Vector<rows> v;
    for (int i = k; i < rows; ++i) v[i] = a(i, k);
    v[k] += v[k] > 0 ? std::sqrt(length) : -std::sqrt(length);
    const double scale = 2.0 / dot(v, v);
    for (int j = k; j < 7; ++j) {
      double along = 0.0;
      for (int i = k; i < rows; ++i) along += v[i] * a(i, j);
      for (int i = k; i < rows; ++i) a(i, j) -= scale * along * v[i];
    }
  }
  for (int k = unknowns; k-- > 0;) {
    solved[k] = a(k, 6);
    for (int j = k + 1; j < unknowns; ++j) solved[k] -= a(k, j) * solved[j];
    solved[k] /= a(k, k);
  }
  return true;
}

// With four control points, or three where the points lie in a plane (section 3.4).
template <int controls>
class Epnp {
 public:
  Epnp(const PoseMoments& moments, const Axes& axes) : moments_(moments), axes_(axes) {
    for (int j = 1; j < controls; ++j) {
      const auto axis = static_cast<std::size_t>(j - 1);
      for (int k = 0; k < 3; ++k) weights_(j, k) = axes.direction[axis][k] / axes.length[axis];
      for (int k = 0; k < 3; ++k) weights_(0, k) -= weights_(j, k);
    }
    weights_(0, 3) = 1.0;
    Matrix<3 * controls, 12> wide;
    for (int c = 0; c < controls; ++c) {
      for (int k = 0; k < 4; ++k) {
        for (int i = 0; i < 3; ++i) wide(3 * c + i, 3 * k + i) = weights_(c, k);
      }
    }
    const TridiagonalEigen<3 * controls> eigen(wide * moments.form * transposed(wide));  // of Mᵀ M, eq. 8
    for (int pair = 0, i = 0; i < controls; ++i) {
      for (int n = 0; n < controls; ++n) {
        for (int axis = 0; axis < 3; ++axis) kernel_[n][i][axis] = eigen.vectors(3 * i + axis, n);
      }
      for (int j = 0; j < i; ++j, ++pair) {
        for (int n = 0; n < controls; ++n) apart_[n][pair] = kernel_[n][i] - kernel_[n][j];
        const double a = axes.length[static_cast<std::size_t>(i - 1)];
        const double b = j == 0 ? 0.0 : axes.length[static_cast<std::size_t>(j - 1)];
        squared_[pair] = a * a + b * b;
      }
    }
  }

  // The best pose of any number of null vectors, if it is better than what is there.
  void improve(const std::vector<Seen>& seen, RigidMotion& best, double& least) const {
    // Of fewer than six points more than one vector is null, and any of them may have the largest part.
    const int starts = seen.size() < 6 ? 2 * controls - 1 : controls;
    for (int start = 1; start <= starts; ++start) {
      Vector<controls> betas = start <= controls ? started(start, 0) : started(controls, start - controls);
      polish(betas);
      const RigidMotion motion = motion_of(betas);
      const double error = squared_error_of(seen, motion);
      if (!(error < least)) continue;
      least = error;
      best = motion;
    }
  }

 private:
  static constexpr int pairs = controls * (controls - 1) / 2;

  double product(int a, int b, int pair) const { return dot(apart_[a][pair], apart_[b][pair]) * (a == b ? 1.0 : 2.0); }

  // Products of betas by least squares of the distances between control points (eq. 11 to 14); where there are more
  // products than distances, those with the beta `chief` alone.
  Vector<controls> started(int count, int chief) const {
    int a[6] = {}, b[6] = {}, unknowns = 0;
    const bool all = count * (count + 1) / 2 <= pairs;
    for (int i = all ? 0 : chief; i < (all ? count : chief + 1); ++i) {
      for (int j = all ? i : 0; j < count; ++j, ++unknowns) {
        a[unknowns] = i;
        b[unknowns] = j;
      }
    }
    Matrix<pairs, 7> system;  // unknowns, and the squared distance
    for (int pair = 0; pair < pairs; ++pair) {
      for (int u = 0; u < unknowns; ++u) system(pair, u) = product(a[u], b[u], pair);
      system(pair, 6) = squared_[pair];
    }
    Vector<controls> betas;
    Vector<6> right;
    if (!least_squares(system, unknowns, right)) return betas;
    int pivot = all ? 0 : chief;  // the largest square that is known
    for (int u = 0; u < unknowns; ++u) {
      if (a[u] == b[u] && std::abs(right[u]) > std::abs(right[pivot])) pivot = u;
    }
    const double size = std::sqrt(std::abs(right[pivot])), sign = right[pivot] < 0 ? -1.0 : 1.0;
    if (!(size > 0)) return betas;
    for (int u = 0; u < unknowns; ++u) {
      if (a[u] == a[pivot]) betas[b[u]] = sign * right[u] / size;
      if (b[u] == a[pivot]) betas[a[u]] = sign * right[u] / size;
    }
    return betas;
  }

  // Gauss-Newton on the distances between control points, over all betas (section 3.5).
  void polish(Vector<controls>& betas) const {
    double before = std::numeric_limits<double>::infinity();
    Vector<controls> last = betas;
    for (int iteration = 0; iteration < 10; ++iteration) {
      Matrix<controls, controls> normal;
      Vector<controls> step;
      double cost = 0.0;
      for (int pair = 0; pair < pairs; ++pair) {
        Vector3 between;
        for (int n = 0; n < controls; ++n) between = between + apart_[n][pair] * betas[n];
        const double wrong = squared_[pair] - dot(between, between);
        cost += wrong * wrong;
        Vector<controls> slope;
        for (int n = 0; n < controls; ++n) slope[n] = 2.0 * dot(apart_[n][pair], between);
        step = step + slope * wrong;
        normal = normal + slope * transposed(slope);
      }
      if (!(cost < before)) betas = last;
      if (!(cost < before * (1.0 - 1e-9))) return;
      before = cost;
      last = betas;
      double trace = 0.0;
      for (int n = 0; n < controls; ++n) trace += normal(n, n);
      for (int n = 0; n < controls; ++n) normal(n, n) += 1e-12 * trace;
      if (!solve_positive(normal, step)) return;
      betas = betas + step;
    }
  }

  // Where the camera has the control points, in front of it; and the rotation between them and those of the world. Of
  // weights whose mean is 0 and whose covariance is 1, no sum over points is left.
  RigidMotion motion_of(const Vector<controls>& betas) const {
    std::array<Vector3, controls> there;
    double depths = 0.0;
    for (int c = 0; c < controls; ++c) {
      Vector3& point = there[static_cast<std::size_t>(c)];
      for (int n = 0; n < controls; ++n) point = point + kernel_[n][c] * betas[n];
      for (int k = 0; k < 4; ++k) {
        for (int i = 0; i < 3; ++i) depths += weights_(c, k) * point[i] * moments_.ahead[3 * k + i];
      }
    }
    const double sign = depths < 0 ? -1.0 : 1.0;
    Matrix3 product;
    for (int c = 1; c < controls; ++c) {
      const auto axis = static_cast<std::size_t>(c - 1);
      const Vector3 turned = (there[axis + 1] - there[0]) * (sign * axes_.length[axis]);
      product = product + turned * transposed(axes_.direction[axis]);
    }
    return {nearest_rotation(product), there[0] * sign};
  }

  const PoseMoments& moments_;
  const Axes& axes_;
  Matrix<controls, 4> weights_;  // of (X, 1): the weights of the control points
  Vector3 kernel_[controls][controls], apart_[controls][pairs];
  double squared_[pairs];
};

}  // namespace

bool epnp(const std::vector<Seen>& seen, const PoseMoments& moments, RigidMotion& motion) {
  constexpr double flat = 0.1, plane = 1e-4;  // shares of the first extent: both ways are tried between them
  const Axes axes(moments);
  double least = std::numeric_limits<double>::infinity();
  if (axes.length[2] > plane * axes.length[0]) Epnp<4>(moments, axes).improve(seen, motion, least);
  if (axes.length[2] < flat * axes.length[0]) Epnp<3>(moments, axes).improve(seen, motion, least);
  return std::isfinite(least);
}

}  // namespace geomvision::geometry

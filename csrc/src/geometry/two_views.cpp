#include "geometry/two_views.hpp"

#include <algorithm>
#include <cmath>

#include "geomvision/check.hpp"

namespace geomvision::geometry {
namespace {

void cross(const double* a, const double* b, double* out) {
  out[0] = a[1] * b[2] - a[2] * b[1];
  out[1] = a[2] * b[0] - a[0] * b[2];
  out[2] = a[0] * b[1] - a[1] * b[0];
}

double dot(const double* a, const double* b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

double length(const double* a) { return std::hypot(a[0], a[1], a[2]); }

void multiply(const double* A, const double* B, double* out) {
  for (int i = 0; i < 3; ++i) {
    for (int j = 0; j < 3; ++j) out[3 * i + j] = A[3 * i] * B[j] + A[3 * i + 1] * B[3 + j] + A[3 * i + 2] * B[6 + j];
  }
}

}  // namespace

void take_apart(const Projection& projection, const char* op, int name, double* M, double* N, double* centre) {
  const bool finite = std::all_of(projection.begin(), projection.end(), [](double v) { return std::isfinite(v); });
  check(finite, op, ": projection ", name, " holds NaN or infinity; it must be finite");
  const double* P = projection.data();
  for (int i = 0; i < 3; ++i) std::copy_n(P + 4 * i, 3, M + 3 * i);
  const double third = length(M + 6);
  double rows[9];
  cross(M + 3, M + 6, rows);
  cross(M + 6, M, rows + 3);
  cross(M, M + 3, rows + 6);
  const double det = dot(M, rows);
  constexpr double least = 1e-12;  // of what rows at right angles give
  check(std::abs(det) > least * length(M) * length(M + 3) * third, op, ": the left 3x3 of projection ", name,
        " is singular; cameras at infinity (affine ones) are not allowed");
  const double scale = (det > 0 ? 1 : -1) / third;
  double translation[3];
  for (int i = 0; i < 3; ++i) {
    translation[i] = P[4 * i + 3];
    for (int j = 0; j < 3; ++j) N[3 * i + j] = rows[3 * j + i] / det;
  }
  for (int i = 0; i < 3; ++i) centre[i] = -dot(N + 3 * i, translation);
  for (int i = 0; i < 9; ++i) {
    M[i] *= scale;
    N[i] /= scale;
  }
}

TwoViews two_views(const Projection& projection0, const Projection& projection1, const char* op) {
  TwoViews views{};
  double centre1[3];
  take_apart(projection0, op, 0, views.M0, views.N0, views.centre);
  take_apart(projection1, op, 1, views.M1, views.N1, centre1);
  for (int i = 0; i < 3; ++i) views.base[i] = centre1[i] - views.centre[i];
  constexpr double rounding = 1e-12;
  const double baseline = length(views.base);
  check(baseline > rounding * (length(views.centre) + length(centre1)), op,
        ": both cameras are at one place (the baseline is ", baseline, "); points need two places");
  multiply(views.M1, views.N0, views.Q);
  for (int i = 0; i < 3; ++i) views.t[i] = -dot(views.M1 + 3 * i, views.base);
  Entries F{};
  for (int j = 0; j < 3; ++j) {  // columns of [t]x Q
    const double column[] = {views.Q[j], views.Q[3 + j], views.Q[6 + j]};
    double product[3];
    cross(views.t, column, product);
    for (int i = 0; i < 3; ++i) F[static_cast<std::size_t>(3 * i + j)] = product[i];
  }
  F = scaled(F, op);
  std::copy(F.begin(), F.end(), views.F);
  return views;
}

Entries scaled(const Entries& F, const char* op) {
  double most = 0;
  bool finite = true;
  for (const double value : F) {
    finite = finite && std::isfinite(value);
    most = std::max(most, std::abs(value));
  }
  check(finite && most > 0, op, ": F is zero or holds NaN or infinity; it must be a 3x3 matrix of numbers");
  Entries out = F;
  for (double& value : out) value /= most;
  return out;
}

PointRules checked(const TriangulationOptions& options, const char* op) {
  const int method = static_cast<int>(options.method);
  check(method >= static_cast<int>(TriangulationMethod::linear) &&
            method <= static_cast<int>(TriangulationMethod::optimal),
        op, ": method is ", method, "; allowed are linear (0), midpoint (1) and optimal (2)");
  check(options.sigma_px > 0 && std::isfinite(options.sigma_px * options.sigma_px), op, ": sigma_px is ",
        options.sigma_px, "; it must be above 0");
  constexpr double half_turn = 3.141592653589793;
  check(options.min_angle_rad >= 0 && options.min_angle_rad <= half_turn, op, ": min_angle_rad is ",
        options.min_angle_rad, "; allowed is between 0 and pi");
  return {options.method, options.sigma_px * options.sigma_px, options.min_angle_rad};
}

}  // namespace geomvision::geometry

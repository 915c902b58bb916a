#pragma once

#include <algorithm>
#include <array>
#include <cmath>

// Real roots of a polynomial by Sturm's theorem: how often the signs of its chain change tells how many roots lie in an
// interval; intervals are cut until each holds one, which bisection and Newton's method then find.
namespace geomvision::geometry {

template <int Degree>
class RealRoots {
 public:
  using Coefficients = std::array<double, Degree + 1>;  // that of x^i at i

  /// Roots of the polynomial, ascending in each of three ranges; multiple ones once. Returns how many.
  int operator()(const Coefficients& polynomial, double* roots) {
    if (!begin(polynomial)) return 0;
    double bound = 0.0;  // Cauchy's
    for (int i = 0; i < degree_[0]; ++i) bound = std::max(bound, std::abs(chain_[0][i] / chain_[0][degree_[0]]));
    bound += 1.0;
    found_ = 0;
    roots_ = roots;
    const double ends[] = {-bound, -1.0, 1.0, bound};
    int changes[4];
    for (int i = 0; i < 4; ++i) changes[i] = sign_changes(ends[i]);
    for (int i = 0; i < 3; ++i) isolate(ends[i], ends[i + 1], changes[i], changes[i + 1], 0);
    return found_;
  }

 private:
  // The chain p, p', -rem(p, p'), ... False for a constant, or what is not finite.
  bool begin(const Coefficients& polynomial) {
    chain_[0] = polynomial;
    if (!scaled(0, Degree)) return false;
    degree_[1] = degree_[0] - 1;
    for (int i = 0; i <= degree_[1]; ++i) chain_[1][i] = (i + 1) * chain_[0][i + 1];
    length_ = 2;
    while (degree_[length_ - 1] > 0) {
      Coefficients rest = chain_[length_ - 2];
      const Coefficients& divisor = chain_[length_ - 1];
      const int lower = degree_[length_ - 1];
      for (int d = degree_[length_ - 2]; d >= lower; --d) {
        const double ratio = rest[d] / divisor[lower];
        for (int i = 0; i < lower; ++i) rest[d - lower + i] -= ratio * divisor[i];
      }
      for (int i = 0; i < lower; ++i) chain_[length_][i] = -rest[i];
      const double size = largest(length_, lower - 1);
      if (!(size > 1e-13 * largest(length_ - 1, lower))) break;  // a common divisor: multiple roots
      degree_[length_] = lower - 1;
      if (!scaled(length_, lower - 1)) {
        ++length_;
        break;
      }
      ++length_;
    }
    return true;
  }

  double largest(int row, int degree) const {
    double size = 0.0;
    for (int i = 0; i <= degree; ++i) size = std::max(size, std::abs(chain_[row][i]));
    return size;
  }

  // Divide by the largest coefficient and forget leading ones that are nothing beside it.
  bool scaled(int row, int degree) {
    const double size = largest(row, degree);
    if (!(size > 0.0) || !std::isfinite(size)) return false;
    for (int i = 0; i <= degree; ++i) chain_[row][i] /= size;
    while (degree > 0 && !(std::abs(chain_[row][degree]) > 1e-14)) --degree;
    degree_[row] = degree;
    return degree > 0;
  }

  double value(int row, double x) const {
    double sum = chain_[row][degree_[row]];
    for (int i = degree_[row]; i-- > 0;) sum = sum * x + chain_[row][i];
    return sum;
  }

  int sign_changes(double x) const {
    int changes = 0;
    bool negative = value(0, x) < 0;
    for (int row = 1; row < length_; ++row) {
      const bool now = value(row, x) < 0;
      changes += now != negative;
      negative = now;
    }
    return changes;
  }

  void isolate(double low, double high, int changes_low, int changes_high, int depth) {
    const int count = changes_low - changes_high;
    if (count <= 0 || found_ == Degree) return;
    if (count == 1 && (value(0, low) < 0) != (value(0, high) < 0)) {
      roots_[found_++] = refine(low, high);
      return;
    }
    const double middle = is_far(low, high) ? std::copysign(std::sqrt(low * high), low) : 0.5 * (low + high);
    if (depth == 60) {
      roots_[found_++] = middle;
      return;
    }
    const int changes = sign_changes(middle);
    isolate(low, middle, changes_low, changes, depth + 1);
    isolate(middle, high, changes, changes_high, depth + 1);
  }

  static bool is_far(double low, double high) { return low * high > 0 && std::max(low / high, high / low) > 4.0; }

  // Newton's method, kept inside an interval at whose ends the signs differ.
  double refine(double low, double high) const {
    const bool rising = value(0, low) < 0;
    while (is_far(low, high)) {  // from afar Newton's steps are a tenth of the way
      const double middle = std::copysign(std::sqrt(low * high), low);
      if (!(middle > low && middle < high)) break;
      ((value(0, middle) < 0) == rising ? low : high) = middle;
    }
    double x = 0.5 * (low + high);
    for (int i = 0; i < 100; ++i) {
      double p = chain_[0][degree_[0]], slope = 0.0;
      for (int k = degree_[0]; k-- > 0;) {
        slope = slope * x + p;
        p = p * x + chain_[0][k];
      }
      if (p == 0.0) return x;
      ((p < 0) == rising ? low : high) = x;
      double next = x - p / slope;
      if (!(next > low && next < high)) next = 0.5 * (low + high);
      if (std::abs(next - x) <= 1e-9 * std::abs(next)) return next;  // what is left is the square of that
      x = next;
    }
    return x;
  }

  std::array<Coefficients, Degree + 2> chain_{};
  std::array<int, Degree + 2> degree_{};
  int length_ = 0, found_ = 0;
  double* roots_ = nullptr;
};

}  // namespace geomvision::geometry

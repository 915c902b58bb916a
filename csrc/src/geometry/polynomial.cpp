#include "geometry/polynomial.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace geomvision::geometry {
namespace {

double value(const Polynomial& p, double x) {
  double sum = 0;
  for (std::size_t i = p.size(); i-- > 0;) sum = sum * x + p[i];
  return sum;
}

Polynomial trimmed(Polynomial p) {
  while (!p.empty() && p.back() == 0) p.pop_back();
  return p;
}

// All x in (0, most] where the polynomial is 0, ascending: between the turning points it has one at most.
std::vector<double> roots(const Polynomial& p, double most) {
  std::vector<double> found;
  if (p.size() < 2) return found;
  std::vector<double> ends = roots(derivative(p), most);
  ends.push_back(most);
  double low = 0, at_low = value(p, 0);
  for (const double high : ends) {
    const double at_high = value(p, high);
    if ((at_low > 0) != (at_high > 0)) {
      double a = low, b = high;
      for (int i = 0; i < 200 && b - a > 1e-16 * b; ++i) {
        const double middle = a + 0.5 * (b - a);
        ((value(p, middle) > 0) == (at_low > 0) ? a : b) = middle;
      }
      found.push_back(b);
    }
    low = high;
    at_low = at_high;
  }
  return found;
}

}  // namespace

Polynomial product(const Polynomial& a, const Polynomial& b) {
  Polynomial out(a.empty() || b.empty() ? 0 : a.size() + b.size() - 1);
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t j = 0; j < b.size(); ++j) out[i + j] += a[i] * b[j];
  }
  return out;
}

Polynomial difference(const Polynomial& a, const Polynomial& b) {
  Polynomial out(std::max(a.size(), b.size()));
  for (std::size_t i = 0; i < a.size(); ++i) out[i] = a[i];
  for (std::size_t i = 0; i < b.size(); ++i) out[i] -= b[i];
  return out;
}

Polynomial derivative(const Polynomial& p) {
  Polynomial out;
  for (std::size_t i = 1; i < p.size(); ++i) out.push_back(static_cast<double>(i) * p[i]);
  return out;
}

double first_root(const Polynomial& p) {
  const Polynomial q = trimmed(p);
  if (q.size() < 2) return std::numeric_limits<double>::infinity();
  double most = 0;  // Fujiwara's bound
  const double last = q.back();
  for (std::size_t i = 0; i + 1 < q.size(); ++i) {
    const double share = std::abs(q[i] / last);
    if (share > 0) most = std::max(most, std::pow(share, 1.0 / static_cast<double>(q.size() - 1 - i)));
  }
  const std::vector<double> found = roots(q, std::min(2 * most, 1e15));
  return found.empty() ? std::numeric_limits<double>::infinity() : found.front();
}

}  // namespace geomvision::geometry

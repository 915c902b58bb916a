#pragma once

#include <vector>

namespace geomvision::geometry {

/// A polynomial's coefficients, lowest power first.
using Polynomial = std::vector<double>;

Polynomial product(const Polynomial& a, const Polynomial& b);
Polynomial difference(const Polynomial& a, const Polynomial& b);
Polynomial derivative(const Polynomial& p);

/// The smallest x > 0 where a polynomial that is above 0 at 0 is 0 or below; infinity where there is none.
double first_root(const Polynomial& p);

}  // namespace geomvision::geometry

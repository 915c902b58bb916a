#pragma once

#include <sstream>
#include <stdexcept>
#include <string>

namespace geomvision {

/// Throw std::invalid_argument with the parts put together, unless `condition` holds.
///
///     check(paths == 4 || paths == 8, "SGM: paths is ", paths, "; allowed are 4 and 8");
template <typename... Parts>
void check(bool condition, const Parts&... parts) {
  if (condition) return;
  std::ostringstream message;
  (message << ... << parts);
  throw std::invalid_argument(message.str());
}

/// Throw unless minimum <= value <= maximum; the message names the option and says what is allowed.
template <typename T>
void check_range(const char* owner, const char* option, T value, T minimum, T maximum) {
  check(value >= minimum && value <= maximum, owner, ": ", option, " is ", value, "; allowed is between ", minimum,
        " and ", maximum);
}

}  // namespace geomvision

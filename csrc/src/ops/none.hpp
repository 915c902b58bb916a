#pragma once

#include <limits>
#include <type_traits>

namespace geomvision::ops {

/// Whether a cost is none: the largest integer; infinity or NaN. A constant expression, for device code, too.
template <typename T>
constexpr bool is_none(T cost) {
  if constexpr (std::is_floating_point_v<T>) {
    return !(cost < std::numeric_limits<T>::infinity());
  } else {
    return cost == std::numeric_limits<T>::max();
  }
}

}  // namespace geomvision::ops

#pragma once

#include <algorithm>
#include <cstddef>

namespace geomvision::ops {

/// Where sample i of `many` lies between the `few` given ones (half-pixel centres; the border repeats). A constant
/// expression, so that device code takes it, too.
template <typename T>
struct Place {
  int low = 0, high = 0;
  T weight = 0;  // of high

  Place() = default;
  constexpr Place(std::ptrdiff_t i, std::ptrdiff_t many, std::ptrdiff_t few) {
    const double at =
        std::max(0.0, (static_cast<double>(i) + 0.5) * static_cast<double>(few) / static_cast<double>(many) - 0.5);
    low = static_cast<int>(std::min<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(at), few - 1));
    high = static_cast<int>(std::min<std::ptrdiff_t>(low + 1, few - 1));
    weight = static_cast<T>(at - low);
  }
};

}  // namespace geomvision::ops

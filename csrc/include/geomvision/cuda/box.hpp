#pragma once

#include <cstdint>
#include <type_traits>

#include "geomvision/cuda/device_view.hpp"

namespace geomvision::cuda {

/// `ops::box_aggregation` on a GPU: the same sizes, element types and results, to the last bit.
template <typename T>
void box_aggregation(DeviceView<const T, 3> volume, int window, bool mean,
                     DeviceView<std::conditional_t<std::is_same_v<T, double>, double, float>, 3> result,
                     Stream stream = nullptr);

}  // namespace geomvision::cuda

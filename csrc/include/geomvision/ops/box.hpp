#pragma once

#include <type_traits>

#include "geomvision/tensor.hpp"

namespace geomvision::ops {

/// Sum, or mean, of each disparity's costs over `window` x `window` pixels (odd), cut off at the image border.
///
/// volume: (height, width, disparities) of uint8, uint16, int32, float or double. Costs that are none (the largest
/// integer; infinity or NaN) are not counted, and stay none, which is NaN in the result. Sums run in double, in an
/// order that does not depend on the number of threads; those of integers are exact up to the rounding of the result.
template <typename T>
void box_aggregation(TensorView<const T, 3> volume, int window, bool mean,
                     TensorView<std::conditional_t<std::is_same_v<T, double>, double, float>, 3> result,
                     int num_threads = 0);

}  // namespace geomvision::ops

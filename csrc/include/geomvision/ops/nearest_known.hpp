#pragma once

#include "geomvision/tensor.hpp"

namespace geomvision::ops {

/// Of each pixel of a map (height, width) the nearest value that is known, its own if it is: to the left, to the right,
/// above and below; NaN where there is none. NaN in the map is what is not known. The result is (4, height, width) and
/// apart from the map.
void nearest_known(TensorView<const float, 2> map, TensorView<float, 3> result, int num_threads = 0);

}  // namespace geomvision::ops

#pragma once

#include "geomvision/image.hpp"
#include "geomvision/tensor.hpp"

namespace geomvision {

/// Luma of an RGB image (ITU-R BT.601).
///
/// `rgb` is (height, width, 3), the rows of its pixels without gaps. Integers are computed exactly, rounded once:
/// (4899 R + 9617 G + 1868 B + 8192) >> 14; floats are (0.299 R + 0.587 G) + 0.114 B. T is uint8_t, uint16_t or float.
/// Memory is what it waits for: one thread is the default. Throws std::invalid_argument when the sizes differ.
template <typename T>
void luma(TensorView<const T, 3> rgb, ImageView<T> grey, int num_threads = 1);

}  // namespace geomvision

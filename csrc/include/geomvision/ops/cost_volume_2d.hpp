#pragma once

#include <cstdint>
#include <type_traits>

#include "geomvision/tensor.hpp"

namespace geomvision::ops {

/// Costs of every displacement of at most `radius` pixels either way: |frame0(x, y) - frame1(x + dx, y + dy)|, or its
/// square, without any window. T: uint8, uint16, float or double.
///
/// Frames are (batch, height, width), grey. The volume is (batch, height, width, (2 radius + 1)^2), dy slowest:
/// candidate (dy + radius) * (2 radius + 1) + dx + radius. One outside of frame1 costs infinity. Costs of pixels that
/// are NaN or infinite are not numbers, or infinite. Radius: 0 to 127. Throws std::invalid_argument where sizes
/// disagree.
template <typename T>
void cost_volume_2d(TensorView<const T, 3> frame0, TensorView<const T, 3> frame1, int radius, bool squared,
                    TensorView<std::conditional_t<std::is_same_v<T, double>, double, float>, 4> volume,
                    int num_threads = 0);

/// Its derivative in both frames, where costs are finite. T: float or double. The derivative of |0| is 0.
template <typename T>
void cost_volume_2d_backward(TensorView<const T, 4> d_volume, TensorView<const T, 3> frame0,
                             TensorView<const T, 3> frame1, int radius, bool squared, TensorView<T, 3> d_frame0,
                             TensorView<T, 3> d_frame1, int num_threads = 0);

}  // namespace geomvision::ops

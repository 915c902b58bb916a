#pragma once

#include "geomvision/tensor.hpp"

namespace geomvision::ops {

/// Forward splatting (Niklaus & Liu, Softmax Splatting, CVPR 2020): every pixel is added, bilinearly, to the four
/// around the place it flows to; what falls outside is lost, and pixels whose flow is NaN or infinite go nowhere.
///
/// image: (batch, channels, height, width); flow: (batch, 2, height, width) as (dx, dy) in pixels; sum: as the image.
/// A mean is the sum of the image over the sum of an image of ones, a weighted mean likewise. Sums do not depend on
/// the number of threads. T is float or double. Throws std::invalid_argument when sizes disagree.
template <typename T>
void splat_sum(TensorView<const T, 4> image, TensorView<const T, 4> flow, TensorView<T, 4> sum, int num_threads = 0);

/// Its derivative in image and flow.
template <typename T>
void splat_sum_backward(TensorView<const T, 4> d_sum, TensorView<const T, 4> image, TensorView<const T, 4> flow,
                        TensorView<T, 4> d_image, TensorView<T, 4> d_flow, int num_threads = 0);

}  // namespace geomvision::ops

#pragma once

#include "geomvision/tensor.hpp"

// Cost volumes of stereo nets. Features are (batch, channels, height, width); candidate d of a volume compares
// left(x) with right(x - d). T is float or double. Sizes that disagree throw std::invalid_argument.

namespace geomvision::ops {

/// Mean product of each group of channels (Guo et al., GwcNet, CVPR 2019); 0 where x < d. One group: correlation.
/// volume: (batch, groups, disparities, height, width); groups must divide the channels.
template <typename T>
void group_wise_volume(TensorView<const T, 4> left, TensorView<const T, 4> right, TensorView<T, 5> volume,
                       int num_threads = 0);

template <typename T>
void group_wise_volume_backward(TensorView<const T, 5> d_volume, TensorView<const T, 4> left,
                                TensorView<const T, 4> right, TensorView<T, 4> d_left, TensorView<T, 4> d_right,
                                int num_threads = 0);

/// Mean absolute difference over the channels; right counts as 0 beyond its border (Wang et al., AnyNet, ICRA 2019).
/// volume: (batch, disparities, height, width).
template <typename T>
void difference_volume(TensorView<const T, 4> left, TensorView<const T, 4> right, TensorView<T, 4> volume,
                       int num_threads = 0);

/// Its derivative; 0 where both are equal.
template <typename T>
void difference_volume_backward(TensorView<const T, 4> d_volume, TensorView<const T, 4> left,
                                TensorView<const T, 4> right, TensorView<T, 4> d_left, TensorView<T, 4> d_right,
                                int num_threads = 0);

/// Left beside shifted right features (Kendall et al., GC-Net, ICCV 2017; PSMNet); both 0 where x < d.
/// volume: (batch, 2 channels, disparities, height, width).
template <typename T>
void concatenated_volume(TensorView<const T, 4> left, TensorView<const T, 4> right, TensorView<T, 5> volume,
                         int num_threads = 0);

template <typename T>
void concatenated_volume_backward(TensorView<const T, 5> d_volume, TensorView<T, 4> d_left, TensorView<T, 4> d_right,
                                  int num_threads = 0);

}  // namespace geomvision::ops

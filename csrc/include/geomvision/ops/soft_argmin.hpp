#pragma once

#include "geomvision/tensor.hpp"

namespace geomvision::ops {

/// Expected disparity under the softmax of negated costs (Kendall et al., ICCV 2017, eq. 1), differentiable in them.
///
/// costs: (batch, disparities, height, width); disparity: (batch, height, width), pixels. Candidate k stands for
/// first + k pixels. Throws std::invalid_argument when sizes disagree or there is no candidate.
void soft_argmin(TensorView<const float, 4> costs, TensorView<float, 3> disparity, double first = 0.0,
                 int num_threads = 0);
void soft_argmin(TensorView<const double, 4> costs, TensorView<double, 3> disparity, double first = 0.0,
                 int num_threads = 0);

/// Its derivative: d_costs[k] = -p[k] * (first + k - disparity) * d_disparity, with p the softmax.
void soft_argmin_backward(TensorView<const float, 3> d_disparity, TensorView<const float, 4> costs,
                          TensorView<float, 4> d_costs, int num_threads = 0);
void soft_argmin_backward(TensorView<const double, 3> d_disparity, TensorView<const double, 4> costs,
                          TensorView<double, 4> d_costs, int num_threads = 0);

/// Soft-argmin of costs that are first interpolated trilinearly to more disparities, rows and columns, as stereo nets
/// do at their end (Chang & Chen, PSMNet, CVPR 2018). Pixels are squares: centre i of n lies at (i + 1/2) / n of the
/// volume; beyond its outermost centres the costs repeat. Nothing of the size of the upsampled volume is held.
///
/// costs: (batch, disparities, height, width); disparity: (batch, new height, new width), in steps of the upsampled
/// candidates, of which there are `disparities` from `first` on. float is fastest where `disparities` is 2, 4 or 8
/// times what is given (at most 512) and the width at least twice.
void upsampled_soft_argmin(TensorView<const float, 4> costs, TensorView<float, 3> disparity, int disparities,
                           double first = 0.0, int num_threads = 0);
void upsampled_soft_argmin(TensorView<const double, 4> costs, TensorView<double, 3> disparity, int disparities,
                           double first = 0.0, int num_threads = 0);

/// Its derivative.
void upsampled_soft_argmin_backward(TensorView<const float, 3> d_disparity, TensorView<const float, 4> costs,
                                    TensorView<float, 4> d_costs, int disparities, int num_threads = 0);
void upsampled_soft_argmin_backward(TensorView<const double, 3> d_disparity, TensorView<const double, 4> costs,
                                    TensorView<double, 4> d_costs, int disparities, int num_threads = 0);

}  // namespace geomvision::ops

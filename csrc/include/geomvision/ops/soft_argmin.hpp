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

}  // namespace geomvision::ops

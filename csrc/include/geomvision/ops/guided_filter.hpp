#pragma once

#include <vector>

#include "geomvision/tensor.hpp"

namespace geomvision::ops {

/// Guided filter (He, Sun & Tang, TPAMI 2013): near each pixel the result is a linear function of the guide.
///
/// In every window of radius r the values p are fitted by a * I + b, a = (Sigma + epsilon)^-1 cov(I, p), and a pixel
/// takes the mean of all fits whose windows hold it. Windows end at the border of the image. Over the slices of a cost
/// volume this is the aggregation of Rhemann et al. (CVPR 2011). Sums run in double; a huge value spoils the windows
/// that hold it and no others. Keeps its memory between calls.
template <typename T>
class GuidedFilter {
 public:
  /// values, result: (height, width, slices); guide: (height, width, 1 or 3); epsilon in squared units of the guide,
  /// above 0, and never less than what rounding makes of a window's variances; radius 1 to 1000.
  void operator()(TensorView<const T, 3> values, TensorView<const T, 3> guide, int radius, double epsilon,
                  TensorView<T, 3> result, int num_threads = 0);

  /// With a guide of uint8 or uint16.
  template <typename Guide>
  void operator()(TensorView<const T, 3> values, TensorView<const Guide, 3> guide, int radius, double epsilon,
                  TensorView<T, 3> result, int num_threads = 0);

 private:
  template <int channels>
  void run(TensorView<const T, 3> values, TensorView<const T, 3> guide, int radius, TensorView<T, 3> result,
           bool all_afresh, int num_threads);

  std::vector<T> guide_;    // as T, where it is of another type
  std::vector<T> windows_;  // of each pixel's window: mean of the guide, upper triangle of (Sigma + epsilon)^-1
  std::vector<double> scratch_;
};

}  // namespace geomvision::ops

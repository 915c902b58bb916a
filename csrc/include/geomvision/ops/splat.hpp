#pragma once

#include <vector>

#include "geomvision/tensor.hpp"

namespace geomvision::ops {

/// Forward splatting (Niklaus & Liu, Softmax Splatting, CVPR 2020): every pixel is added, bilinearly, to the four
/// around the place it flows to; what falls outside is lost, and pixels whose flow is NaN or infinite go nowhere.
///
/// image: (batch, channels, height, width); flow: (batch, 2, height, width) as (dx, dy) in pixels; sum: as the image.
/// Sums do not depend on the number of threads. T is float or double. Throws std::invalid_argument when sizes disagree.
template <typename T>
void splat_sum(TensorView<const T, 4> image, TensorView<const T, 4> flow, TensorView<T, 4> sum, int num_threads = 0);

/// Its derivative in image and flow.
template <typename T>
void splat_sum_backward(TensorView<const T, 4> d_sum, TensorView<const T, 4> image, TensorView<const T, 4> flow,
                        TensorView<T, 4> d_image, TensorView<T, 4> d_flow, int num_threads = 0);

/// What a mean becomes where nothing lands.
enum class Holes { nan, zero };

/// Means of what lands instead of sums. An object keeps its scratch memory and serves one caller at a time.
template <typename T>
class MeanSplat {
 public:
  explicit MeanSplat(Holes holes = Holes::nan) : holes_(holes) {}

  /// Weighted by how near each pixel lands.
  void average(TensorView<const T, 4> image, TensorView<const T, 4> flow, TensorView<T, 4> mean, int num_threads = 0);

  /// And by exp(importance), importance: (batch, height, width): what is important hides what is not. 60 below the
  /// highest of an image counts as least. A pixel whose importance is NaN goes nowhere.
  void softmax(TensorView<const T, 4> image, TensorView<const T, 4> flow, TensorView<const T, 3> importance,
               TensorView<T, 4> mean, int num_threads = 0);

 private:
  void divide(TensorView<const T, 4> image, TensorView<const T, 4> flow, TensorView<T, 4> mean, int num_threads);

  Holes holes_;
  std::vector<T> weights_, ones_, landed_;
};

}  // namespace geomvision::ops

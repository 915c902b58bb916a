#pragma once

#include "geomvision/scratch.hpp"
#include "geomvision/tensor.hpp"

namespace geomvision::ops {

struct LocalCorrelationOptions {
  int radius = 4;    ///< displacements -radius ... radius in both directions
  int stride = 1;    ///< an output pixel for every `stride` pixels of the left image
  int dilation = 1;  ///< pixels from one displacement to the next
};

/// Correlation of each left feature with the right ones around it (Dosovitskiy et al., ICCV 2015, eq. 1, with patches
/// of one pixel; Sun et al., CVPR 2018, eq. 3): the mean over channels of their products, zero outside the right image
/// (zero or NaN where the left feature is NaN or infinite).
///
/// left, right: (batch, channels, height, width). out: (batch, side * side, ceil(height / stride), ceil(width /
/// stride)) with side = 2 radius + 1; plane (j + radius) * side + i + radius holds right pixel (x + i dilation,
/// y + j dilation). Throws std::invalid_argument when sizes disagree. T is float or double. An object keeps its
/// scratch memory: a second call on the same size allocates nothing. It serves one caller at a time.
template <typename T>
class LocalCorrelation {
 public:
  explicit LocalCorrelation(const LocalCorrelationOptions& options = {});
  LocalCorrelation(LocalCorrelation&&) noexcept;
  LocalCorrelation& operator=(LocalCorrelation&&) noexcept;
  ~LocalCorrelation();

  void operator()(TensorView<const T, 4> left, TensorView<const T, 4> right, TensorView<T, 4> out, int num_threads = 0);

  /// The derivatives in both inputs of a function whose derivative in `out` is d_out.
  void backward(TensorView<const T, 4> d_out, TensorView<const T, 4> left, TensorView<const T, 4> right,
                TensorView<T, 4> d_left, TensorView<T, 4> d_right, int num_threads = 0);

 private:
  struct Scratch;
  LocalCorrelationOptions options_;
  ScratchPointer<Scratch> scratch_;
};

}  // namespace geomvision::ops

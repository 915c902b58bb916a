#pragma once

#include "geomvision/scratch.hpp"
#include "geomvision/tensor.hpp"

namespace geomvision::ops {

/// Whether this processor multiplies tiles of bfloat16 (AMX), the system lets this process do so, and GEOMVISION_ISA
/// names no smaller set than avx512.
bool has_matrix_tiles();

/// Whether it multiplies pairs of bfloat16 in lanes (AVX512_BF16), likewise.
bool has_matrix_pairs();

struct ConvolutionOptions {
  int stride = 1;     ///< pixels from one result to the next, along x and along y
  int dilation = 1;   ///< pixels from one tap to the next
  bool relu = false;  ///< negative results become 0; NaN stays
  /// Factors of float are rounded to bfloat16 (8 bits of precision), sums stay float: several times as fast where the
  /// processor multiplies tiles of them (AMX), nearly twice where it multiplies pairs (AVX512_BF16), and elsewhere the
  /// same up to the order of sums.
  bool bfloat16 = false;
};

/// Convolution of features, as nets use it in inference: cross-correlation with `side` x `side` weights, the input
/// continued with side / 2 * dilation zeros on each side; then the bias, then a residual, then ReLU.
///
/// input: (batch, inputs, height, width); weight: (outputs, inputs, side, side) without gaps, its side odd and below
/// 64; bias: (outputs); result: (batch, outputs, ceil(height / stride), ceil(width / stride)); residual: of the size of
/// the result, and may be the result itself. Bias and residual may be default views: there is none then. T is float or
/// double. Sizes that disagree throw std::invalid_argument. Results do not depend on the number of threads. An object
/// keeps its scratch memory, a second call of the same size allocates nothing, and it serves one caller at a time.
template <typename T>
class Convolution {
 public:
  explicit Convolution(const ConvolutionOptions& options = {});
  Convolution(Convolution&&) noexcept;
  Convolution& operator=(Convolution&&) noexcept;
  ~Convolution();

  void operator()(TensorView<const T, 4> input, TensorView<const T, 4> weight, TensorView<const T, 1> bias,
                  TensorView<const T, 4> residual, TensorView<T, 4> result, int num_threads = 0);

 private:
  struct Scratch;
  ConvolutionOptions options_;
  ScratchPointer<Scratch> scratch_;
};

}  // namespace geomvision::ops

#pragma once

#include "geomvision/scratch.hpp"
#include "geomvision/tensor.hpp"

namespace geomvision::ops {

struct ConvexUpsamplingOptions {
  int factor = 4;       ///< fine pixels for a coarse one, along x and along y
  int dilation = 1;     ///< coarse pixels from one neighbour to the next
  bool repeats = true;  ///< neighbours beyond the border repeat it; else they are 0
};

/// Each fine pixel a convex sum of its 3 x 3 coarse neighbours (RAFT: Teed & Deng, ECCV 2020, sec. 3.3). With a factor
/// of 1 it spreads values along learned affinities (Cheng et al., ECCV 2018).
///
/// coarse: (batch, channels, height, width); logits: (batch, 9 factor^2, height, width), of the neighbours row by row,
/// for each fine pixel row by row: their softmax weighs. fine: (batch, channels, factor height, factor width). T is
/// float or double. Sizes that disagree throw std::invalid_argument. Results do not depend on the number of threads. An
/// object keeps its scratch memory, a second call of the same size allocates nothing, and it serves one caller at a
/// time.
template <typename T>
class ConvexUpsampling {
 public:
  explicit ConvexUpsampling(const ConvexUpsamplingOptions& options = {});
  ConvexUpsampling(ConvexUpsampling&&) noexcept;
  ConvexUpsampling& operator=(ConvexUpsampling&&) noexcept;
  ~ConvexUpsampling();

  void operator()(TensorView<const T, 4> coarse, TensorView<const T, 4> logits, TensorView<T, 4> fine,
                  int num_threads = 0);

 private:
  struct Scratch;
  ConvexUpsamplingOptions options_;
  ScratchPointer<Scratch> scratch_;
};

}  // namespace geomvision::ops

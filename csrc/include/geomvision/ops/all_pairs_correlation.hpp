#pragma once

#include "geomvision/scratch.hpp"
#include "geomvision/tensor.hpp"

namespace geomvision::ops {

/// Product of every feature of one image with every one of the other, divided by sqrt(channels) (RAFT: Teed & Deng,
/// ECCV 2020, eq. 1). Where few of them are looked up, see CorrelationLookup, which does without the volume.
///
/// features0: (batch, channels, height, width); features1: (batch, channels, height1, width1); volume: (batch, height,
/// width, height1, width1) without gaps. Or volume: (batch, height, width, width1), for products with the features of
/// the same row alone (RAFT-Stereo: Lipson et al., 3DV 2021, sec. 3.2); height1 must be the height then. T is float or
/// double. Sizes that disagree throw std::invalid_argument. An object keeps its scratch memory, a second call of the
/// same size allocates nothing, and it serves one caller at a time.
template <typename T>
class AllPairsCorrelation {
 public:
  AllPairsCorrelation();
  AllPairsCorrelation(AllPairsCorrelation&&) noexcept;
  AllPairsCorrelation& operator=(AllPairsCorrelation&&) noexcept;
  ~AllPairsCorrelation();

  void operator()(TensorView<const T, 4> features0, TensorView<const T, 4> features1, TensorView<T, 5> volume,
                  int num_threads = 0);
  void operator()(TensorView<const T, 4> features0, TensorView<const T, 4> features1, TensorView<T, 4> volume,
                  int num_threads = 0);

  /// The derivatives in both features of a function whose derivative in the volume is d_volume, without gaps.
  void backward(TensorView<const T, 5> d_volume, TensorView<const T, 4> features0, TensorView<const T, 4> features1,
                TensorView<T, 4> d_features0, TensorView<T, 4> d_features1, int num_threads = 0);
  void backward(TensorView<const T, 4> d_volume, TensorView<const T, 4> features0, TensorView<const T, 4> features1,
                TensorView<T, 4> d_features0, TensorView<T, 4> d_features1, int num_threads = 0);

 private:
  struct Scratch;
  ScratchPointer<Scratch> scratch_;
};

/// The next level of a correlation pyramid: means over 2 x 2 pixels of the second image, or over 2 where the volume is
/// one row high; an odd last one is left out. Halved before, a level is looked up by `VolumeLookup(radius, level)`.
///
/// volume: (batch, height, width, height1, width1); half: (batch, height, width, height1 / 2 or 1, width1 / 2).
template <typename T>
void halve_volume(TensorView<const T, 5> volume, TensorView<T, 5> half, int num_threads = 0);

/// Its derivative.
template <typename T>
void halve_volume_backward(TensorView<const T, 5> d_half, TensorView<T, 5> d_volume, int num_threads = 0);

}  // namespace geomvision::ops

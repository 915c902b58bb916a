#pragma once

#include "geomvision/scratch.hpp"
#include "geomvision/tensor.hpp"

namespace geomvision::ops {

/// Windows of one level of an all-pairs correlation volume (RAFT, RAFT-Stereo): what CorrelationLookup computes
/// without the volume, see there for the order of channels.
///
/// volume: (batch, height, width, height1, width1), halved `level` times in its last two axes. coordinates: (batch, 2,
/// height, width), in pixels of level 0; or (batch, 1, height, width) for x alone, when the volume is one row high.
/// out: (batch, side * side or side, height, width). T is float or double; sizes that disagree throw
/// std::invalid_argument. An object keeps its scratch memory and serves one caller at a time.
template <typename T>
class VolumeLookup {
 public:
  explicit VolumeLookup(int radius = 4, int level = 0);
  VolumeLookup(VolumeLookup&&) noexcept;
  VolumeLookup& operator=(VolumeLookup&&) noexcept;
  ~VolumeLookup();

  void operator()(TensorView<const T, 5> volume, TensorView<const T, 4> coordinates, TensorView<T, 4> out,
                  int num_threads = 0);
  void backward(TensorView<const T, 4> d_out, TensorView<const T, 4> coordinates, TensorView<T, 5> d_volume,
                int num_threads = 0);
  void backward_coordinates(TensorView<const T, 4> d_out, TensorView<const T, 5> volume,
                            TensorView<const T, 4> coordinates, TensorView<T, 4> d_coordinates, int num_threads = 0);

 private:
  struct Scratch;
  int radius_, level_;
  ScratchPointer<Scratch> scratch_;
};

}  // namespace geomvision::ops

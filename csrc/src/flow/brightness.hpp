#pragma once

#include <vector>

#include "geomvision/image.hpp"

namespace geomvision::flow {

/// Slow changes of brightness from one frame to the next, over cells of the image. Grid and weights are those of
/// geomvision/flow/_brightness.py, in the same order.
class Brightness {
 public:
  /// Frame 0 in the light of frame 1, as far as the flow (u, v) says. `wide` is frame 1 padded by 1 and 2 pixels.
  /// Valid until the next call.
  const Image<float>& follow(const Image<float>& frame0, const Image<float>& wide, const Image<float>& u,
                             const Image<float>& v, int cell, int num_threads);

 private:
  Image<float> lit_, sums_, weights_, grid_;
};

}  // namespace geomvision::flow

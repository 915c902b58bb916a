#pragma once

#include <vector>

#include "geomvision/image.hpp"

namespace geomvision::flow {

/// Patches of frame 0 that descend to their place in frame 1, and the flow they agree on (Kroeger et al., ECCV 2016).
class PatchSearch {
 public:
  PatchSearch(int size, int step, int descents) : size_(size), step_(step), descents_(descents) {}

  /// Better flow (u, v). Frames are at least as large as a patch.
  void improve(const Image<float>& frame0, const Image<float>& frame1, Image<float>& u, Image<float>& v,
               int num_threads);

 private:
  int size_, step_, descents_;
  Image<float> padded0_, padded1_, patches_u_, patches_v_, weights_;
};

}  // namespace geomvision::flow

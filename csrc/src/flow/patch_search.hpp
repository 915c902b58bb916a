#pragma once

#include <vector>

#include "geomvision/image.hpp"
#include "kernels/patch_search.hpp"

namespace geomvision::flow {

/// Patches of frame 0 that descend to their place in frame 1, and the flow they agree on (Kroeger et al., ECCV 2016).
class PatchSearch {
 public:
  PatchSearch(int size, int step, int descents, int propagations)
      : size_(size), step_(step), descents_(descents), propagations_(propagations) {}

  /// Better flow (u, v). Frames are at least as large as a patch.
  void improve(const Image<float>& frame0, const Image<float>& frame1, Image<float>& u, Image<float>& v,
               int num_threads);

 private:
  int top(const PatchFrames& frames, int j) const;  // of a row of patches
  void descend(const PatchFrames& frames, const Image<float>& u, const Image<float>& v, int num_threads);
  void propagate(const PatchFrames& frames, int num_threads);
  void vote(const PatchFrames& frames, Image<float>& u, Image<float>& v, int num_threads);

  int size_, step_, descents_, propagations_;
  Image<float> padded0_, padded1_, patches_u_, patches_v_, next_u_, next_v_, weights_;
};

}  // namespace geomvision::flow

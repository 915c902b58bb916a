#pragma once

#include <cstddef>

#include "dispatch.hpp"

// Patches of frame 0 in frame 1. The loops of geomvision/flow/_patches.py in Python are the reference: the same
// operations on floats in the same order, sums in eight lanes. Sides are 8 or 16.

namespace geomvision {

/// Both frames with their border pixels repeated: frame 0 by 1, frame 1 by `size` before and `size + 1` after.
struct PatchFrames {
  const float* origin0;  // pixel (0, 0)
  const float* origin1;
  std::ptrdiff_t stride0, stride1;
  int width, height;
  int size, step;  // side of a patch, distance of neighbours; the last one is moved into the image
};

/// What was found in a row of patches and in those above and below; at the border these are the row itself.
struct PatchRows {
  const float* u[3];
  const float* v[3];
};

}  // namespace geomvision

// Displacements of a row of `count` patches whose upper border is y: given a start, by at most `descents` steps.
GEOMVISION_DECLARE_KERNEL(void, patch_descend,
                          (const PatchFrames& frames, int y, int count, int descents, float* u, float* v));

// The same once each patch has tried what those beside it in `found` have, and gone on from the best that leaves less
// than half of its error.
GEOMVISION_DECLARE_KERNEL(void, patch_propagate,
                          (const PatchFrames& frames, int y, int count, int descents, const PatchRows& found, float* u,
                           float* v));

// Add what such a row says of the pixels of row `y` of the image: weight, weight times u, weight times v. `top` is the
// patches' upper border.
GEOMVISION_DECLARE_KERNEL(void, patch_votes,
                          (const PatchFrames& frames, int top, int count, const float* u, const float* v, int y,
                           float* weights, float* sums_u, float* sums_v));

#pragma once

#include <cstdint>

#include "dispatch.hpp"

namespace geomvision::kernels {

/// The winners of both views of a row, `no_disparity` where there is none; all of them lead into the image, the left
/// ones to right pixels that have one. They are at most 8192 large.
///
/// The right view contradicts a left winner where it sees that pixel more than `tolerance` (negative: all may be) from
/// where the left one does, at a pixel both views agree on.
struct RowCheck {
  int width, tolerance;
  const std::int16_t *left, *right;  // `width` + 1 elements each, of which the last says nothing
  std::int32_t* partners;            // scratch: `width` elements
  std::int16_t *told, *apart;        // scratch: `width` + 1 elements each
  std::uint8_t* seen;                // scratch: `width` + 1 elements
};

}  // namespace geomvision::kernels

// Left winners that the right view contradicts get NaN and confidence 0; the confidence of the others is divided by one
// more than the views are apart. `hidden` are pixels without a confirmed winner that no right pixel points at; none
// where everything is tolerated.
GEOMVISION_DECLARE_KERNEL(void, check_row,
                          (const RowCheck& row, float* disparity, float* confidence, std::uint8_t* hidden));

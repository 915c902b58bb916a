#pragma once

#include <cstdint>

#include "dispatch.hpp"

namespace geomvision::kernels {

/// The winners of both views of a row, `no_disparity` where there is none. They are at most 8192 large.
///
/// The right view contradicts a left winner where it sees that pixel more than `tolerance` (negative: all may be) from
/// where the left one does, at a pixel both views agree on.
struct RowCheck {
  enum { agrees, mismatched, occluded, unknown };  // numbers of stereo::Agreement

  int width, tolerance;
  const std::int16_t *left, *right;  // `left` has `width` + 1 elements, of which the last is no winner
  std::int32_t* partners;            // scratch: `width` elements
  std::int16_t *told, *apart;        // scratch: `width` + 1 elements each
  std::uint8_t* seen;                // scratch: `width` + 1 elements
};

}  // namespace geomvision::kernels

// Of winners that lead into the image, the left ones to right pixels that have one: left winners that the right view
// contradicts get NaN and confidence 0; the confidence of the others is divided by one more than the views are apart.
// `hidden` are pixels without a confirmed winner that no right pixel points at; none where everything is tolerated.
GEOMVISION_DECLARE_KERNEL(void, check_row,
                          (const RowCheck& row, float* disparity, float* confidence, std::uint8_t* hidden));

// Of any winners: each left pixel's agreement, see stereo::left_right_check; all agree where everything is tolerated.
// Confidence is divided by one more than the views are apart, and 0 where the right view has no winner.
GEOMVISION_DECLARE_KERNEL(void, weigh_row, (const RowCheck& row, float* confidence, std::uint8_t* agreement));

#pragma once

#include <cstdint>

#include "dispatch.hpp"

// Where depth may jump: kernels of the left image's contrast.

namespace geomvision::kernels {

/// Penalties of jumps: p2 * usual / change, rounded down, at most p2 and at least p1 (P2 = P2' / |dI|, Hirschmueller
/// 2008, section 2.3). Changes above 255 count as 255.
struct SGMJumps {
  int p1, p2, usual;
  std::uint8_t of_change[256];

  SGMJumps(int p1_, int p2_, int usual_) : p1(p1_), p2(p2_), usual(usual_) {
    for (int change = 0; change < 256; ++change) {
      const int lowered = p2 * usual / (change > usual ? change : usual);
      of_change[change] = static_cast<std::uint8_t>(lowered > p1 ? lowered : p1);
    }
  }
};

}  // namespace geomvision::kernels

// Sum of the absolute differences of a row's neighbours and of those to the row above (null: none), and its smallest
// value. Exact.
GEOMVISION_DECLARE_KERNEL(void, sgm_contrast_u8,
                          (const std::uint8_t* row, const std::uint8_t* above, int width, std::uint64_t* sum,
                           int* least));
GEOMVISION_DECLARE_KERNEL(void, sgm_contrast_u16,
                          (const std::uint16_t* row, const std::uint16_t* above, int width, std::uint64_t* sum,
                           int* least));

// guide[x] = (row[x] - least) * units, at most 65535.
GEOMVISION_DECLARE_KERNEL(void, sgm_guide_u8,
                          (const std::uint8_t* row, int width, double least, double units, std::uint16_t* guide));
GEOMVISION_DECLARE_KERNEL(void, sgm_guide_u16,
                          (const std::uint16_t* row, int width, double least, double units, std::uint16_t* guide));
GEOMVISION_DECLARE_KERNEL(void, sgm_guide_f32,
                          (const float* row, int width, double least, double units, std::uint16_t* guide));

// Penalties of jumps between pixels of the guide.
GEOMVISION_DECLARE_KERNEL(void, sgm_jumps,
                          (const std::uint16_t* here, const std::uint16_t* before, int width, const SGMJumps& penalties,
                           std::uint8_t* jumps));

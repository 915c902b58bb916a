#pragma once

#include <cstdint>

#include "dispatch.hpp"

// Where depth may jump: kernels of the left image's contrast.

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

// Penalty of a jump between pixels of the guide: p2 * usual / change, at most p2 and at least p1 (P2 = P2' / |dI|,
// Hirschmueller 2008, section 2.3). Changes above 255 count as 255.
GEOMVISION_DECLARE_KERNEL(void, sgm_jumps,
                          (const std::uint16_t* here, const std::uint16_t* before, int width, int p1, int p2, int usual,
                           std::uint8_t* jumps));

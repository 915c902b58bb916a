#pragma once

#include <cstddef>
#include <cstdint>

#include "dispatch.hpp"

// Census words of one row (Zabih & Woodfill, ECCV 1994). Bit i is set where the i-th neighbour, row by row and
// without the centre, is darker than the centre. `rows` are the window's rows, each readable `radius_x` pixels
// before 0 and after width - 1.
GEOMVISION_DECLARE_KERNEL(void, census_row_u16,
                          (const std::uint16_t* const* rows, int radius_x, int radius_y, int width,
                           std::uint64_t* words));
GEOMVISION_DECLARE_KERNEL(void, census_row_f32,
                          (const float* const* rows, int radius_x, int radius_y, int width, std::uint64_t* words));

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

// The same words in planes of `bits` (4 or 8; SGM wants `census_plane_bits()`), one byte for each pixel and plane:
// plane p of pixel x is planes[p * pitch + x]. Where `mirrored`, the rows run from right to left.
GEOMVISION_DECLARE_KERNEL(int, census_plane_bits, ());
GEOMVISION_DECLARE_KERNEL(void, census_planes_u8,
                          (const std::uint8_t* const* rows, int radius_x, int radius_y, bool mirrored, int bits,
                           int width, int pitch, std::uint8_t* planes));
GEOMVISION_DECLARE_KERNEL(void, census_planes_u16,
                          (const std::uint16_t* const* rows, int radius_x, int radius_y, bool mirrored, int bits,
                           int width, int pitch, std::uint8_t* planes));
GEOMVISION_DECLARE_KERNEL(void, census_planes_f32,
                          (const float* const* rows, int radius_x, int radius_y, bool mirrored, int bits, int width,
                           int pitch, std::uint8_t* planes));

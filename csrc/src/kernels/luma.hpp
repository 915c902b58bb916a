#pragma once

#include <cstddef>
#include <cstdint>

#include "dispatch.hpp"

// Luma of `count` pixels, red, green and blue side by side.
GEOMVISION_DECLARE_KERNEL(void, luma_row, (const std::uint8_t* rgb, std::ptrdiff_t count, std::uint8_t* grey));
GEOMVISION_DECLARE_KERNEL(void, luma_row_16, (const std::uint16_t* rgb, std::ptrdiff_t count, std::uint16_t* grey));
GEOMVISION_DECLARE_KERNEL(void, luma_row_float, (const float* rgb, std::ptrdiff_t count, float* grey));

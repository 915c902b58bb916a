#pragma once

#include <cstdint>

#include "dispatch.hpp"

// Rows of disparity maps, NaN where there is no estimate.

// Medians of 3 x 3 windows, for x = 1 ... width - 2: of the estimates alone, of an even number the lower one; NaN
// stays.
GEOMVISION_DECLARE_KERNEL(void, median_3x3,
                          (const float* above, const float* here, const float* below, int width, float* medians));

// joined[x] is 1 where the row's pixel x belongs to the region of pixel x - 1, linked[x] where it belongs to that of
// the pixel above (`above` may be null): where they differ by at most `range`. estimated[x] is 0 for NaN.
GEOMVISION_DECLARE_KERNEL(void, region_links,
                          (const float* above, const float* here, int width, float range, std::uint8_t* joined,
                           std::uint8_t* linked, std::uint8_t* estimated));

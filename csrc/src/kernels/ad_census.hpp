#pragma once

#include <cstdint>

#include "dispatch.hpp"

// The inner loops of AD-census (Mei et al., ICCV Workshops 2011); disparity is the fastest index of every volume.

// Running sums: next[i] = sums[i] + values[i].
GEOMVISION_DECLARE_KERNEL(void, add_costs,
                          (const std::uint32_t* sums, const std::uint16_t* values, int count, std::uint32_t* next));
GEOMVISION_DECLARE_KERNEL(void, add_sums,
                          (const std::uint32_t* sums, const std::uint32_t* values, int count, std::uint32_t* next));

// What lies between two running sums, as it is, and times a factor, rounded.
GEOMVISION_DECLARE_KERNEL(void, subtract_sums,
                          (const std::uint32_t* begin, const std::uint32_t* end, int count, std::uint32_t* between));
GEOMVISION_DECLARE_KERNEL(void, average_sums,
                          (const std::uint32_t* begin, const std::uint32_t* end, int count, float factor,
                           std::uint16_t* average));

// One step of a scan (eq. 7) from the pixel whose sums are `previous` (readable at -1 and `count`, where they hold
// 60000) with smallest value `previous_min`. small[0] and large[0] are the penalties of steps where the right view does
// not change, [1] where it does (changed[i] is 0xffff). Writes `current`, adds it to `sums`, returns its smallest
// value.
GEOMVISION_DECLARE_KERNEL(std::uint16_t, scan_step,
                          (const std::uint16_t* cost, const std::uint16_t* previous, std::uint16_t previous_min,
                           int count, const std::uint16_t* changed, const std::uint16_t* small,
                           const std::uint16_t* large, std::uint16_t* current, std::uint16_t* sums));

// Hamming distances of one left word against `count` consecutive right words, and their sum.
GEOMVISION_DECLARE_KERNEL(int, hamming_run,
                          (std::uint64_t left, const std::uint64_t* right, int count, std::uint8_t* distances));

// Smallest of `count` values; `count` is at least 1.
GEOMVISION_DECLARE_KERNEL(std::uint16_t, smallest_u16, (const std::uint16_t* values, int count));

// Offer the sums of one left pixel to the right pixels they belong to: where sums[i] < best[i], best[i] = sums[i] and
// winner[i] = i.
GEOMVISION_DECLARE_KERNEL(void, offer_sums,
                          (const std::uint16_t* sums, int count, std::uint16_t* best, std::int16_t* winner));

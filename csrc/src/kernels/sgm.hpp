#pragma once

#include <cstdint>

#include "dispatch.hpp"

// The inner loops of semi-global matching; disparity is the fastest index of every volume. Plain loops over bytes,
// in integers that cannot overflow (see SGMOptions::p2), so that every instruction set gives the same numbers.

// Hamming distances of one left word against `count` consecutive right words, and their sum.
GEOMVISION_DECLARE_KERNEL(int, hamming_run,
                          (std::uint64_t left, const std::uint64_t* right, int count, std::uint8_t* distances));

// One step of a path (Hirschmueller 2008, eq. 13) from the pixel whose path costs are `previous` (readable at -1 and
// `count`, where they hold 255) with smallest value `previous_min`. Writes `current`, adds it to `sums`, and returns
// its smallest value.
GEOMVISION_DECLARE_KERNEL(std::uint8_t, path_step,
                          (const std::uint8_t* cost, const std::uint8_t* previous, std::uint8_t previous_min, int count,
                           std::uint8_t p1, std::uint8_t p2, std::uint8_t* current, std::uint16_t* sums));

// Smallest of `count` values; `count` is at least 1.
GEOMVISION_DECLARE_KERNEL(std::uint16_t, smallest_u16, (const std::uint16_t* values, int count));

// Offer the sums of one left pixel to the right pixels they belong to: where sums[i] < best[i], best[i] = sums[i] and
// winner[i] = i.
GEOMVISION_DECLARE_KERNEL(void, offer_sums,
                          (const std::uint16_t* sums, int count, std::uint16_t* best, std::int16_t* winner));

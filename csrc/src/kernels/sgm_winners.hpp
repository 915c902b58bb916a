#pragma once

#include <cstdint>

#include "dispatch.hpp"

// From sums (in the layout of kernels/sgm.hpp) to disparities. `indices` are the disparities' indices in that layout,
// `pads` 65535 where a word is none, else 0.

namespace geomvision::kernels {

/// Of each pixel: the smallest sum, its index, the smallest sum more than one pixel away (65535: there is none), and
/// the sums beside the winner (0 where it is the first or the last).
struct SGMWinners {
  std::uint16_t *least, *index, *second, *before, *after;
};

enum class SGMFit { none, parabola, equiangular };

}  // namespace geomvision::kernels

// Winners of the left view; the smallest index of equal sums. Marks padding in `sums` with 65535.
GEOMVISION_DECLARE_KERNEL(void, sgm_choose,
                          (std::uint16_t* sums, int pixels, int vectors, int count, const std::uint16_t* indices,
                           const std::uint16_t* pads, const SGMWinners& winners));

// Offer the sums of up to 16 pixels (where they are below 4095) or up to 32 (2047) to the right pixels they belong to.
// Candidate i of pixel x has place p = first - x + i: with C = 2 * vectors, where its sum is below
// best[p % C * pitch + p / C] it becomes that one, and i the index there. No `best` begins with more than 4095 or 2047.
// There are 20 words more to be written to after the last place of each class. `keys` has room for
// 4 * (C * (lanes / 2 + 20) + 32) words.
GEOMVISION_DECLARE_KERNEL(void, sgm_offer,
                          (const std::uint16_t* sums, int pixels, int vectors, int first, int pitch,
                           std::uint16_t* keys, std::uint16_t* best, std::uint16_t* index));

// Disparities of winners: whole pixels (`none` where another is as good, or not worse by `uniqueness` percent), fitted
// ones (NaN there), and margins (second - least) / second, 0 where there is no second.
GEOMVISION_DECLARE_KERNEL(void, sgm_estimate,
                          (const SGMWinners& winners, int pixels, int first, int count, int uniqueness, SGMFit fit,
                           std::int16_t none, std::int16_t* whole, float* disparity, float* margin));

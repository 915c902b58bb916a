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

/// What the right pixels of a row were offered. Candidate i of pixel x belongs to the one at place x - i, which is of
/// class place % C with C = 2 * vectors. A class is as wide as a vector; the right pixel begun last is its first word.
struct SGMOffers {
  std::uint16_t *best, *from;                // of right pixels that may get more: the smallest sum, and who offered it
  std::uint16_t *closed_best, *closed_from;  // of others, one for each pixel
};

enum class SGMFit { none, parabola, equiangular };

}  // namespace geomvision::kernels

// Winners of the left view; the smallest index of equal sums. Marks padding in `sums` with 65535.
GEOMVISION_DECLARE_KERNEL(void, sgm_choose,
                          (std::uint16_t* sums, int pixels, int vectors, int count, const std::uint16_t* indices,
                           const std::uint16_t* pads, const SGMWinners& winners));

// Offer the sums of a row's pixels from x on, those before have done so, to the right pixels they belong to. Of equal
// sums the first one stays. `best` begins with 65535 everywhere. Pixel x closes the right pixel at place x - W, where W
// are all candidates, padding too: its offers are written to `closed_...[0]`, those that the next one closes to [1].
// The numbers of pixels are taken modulo 2^16.
GEOMVISION_DECLARE_KERNEL(void, sgm_offer,
                          (const std::uint16_t* sums, int pixels, int vectors, int x, const SGMOffers& offers));

// Disparities of winners: whole pixels (`none` where another is as good, or not worse by `uniqueness` percent), fitted
// ones (NaN there), and margins (second - least) / second, 0 where there is no second.
GEOMVISION_DECLARE_KERNEL(void, sgm_estimate,
                          (const SGMWinners& winners, int pixels, int first, int count, int uniqueness, SGMFit fit,
                           std::int16_t none, std::int16_t* whole, float* disparity, float* margin));

#pragma once

#include <cstddef>
#include <cstdint>

#include "dispatch.hpp"

// The inner loops of semi-global matching. A pixel's costs are bytes, one for each disparity, padded with 255 to V
// whole vectors of `sgm_lanes()`; all is integer and cannot overflow (see SGMOptions::p2), so every instruction set
// gives the same numbers. Candidate i lies in vector i % V, lane i / V: neighbours are in other vectors, and only those
// of the first and the last one in another lane. Sums are 16-bit words, for each vector of bytes first those of its
// even lanes, then of its odd ones.

namespace geomvision::kernels {

/// One path through consecutive pixels of a row: each pointer belongs to the first of them. A pixel's path costs are
/// bytes in the layout of the costs; `before` are those of the pixel that the path comes from, and may be `here`.
struct SGMPath {
  const std::uint8_t* before;
  const std::uint8_t* least_before;  // the smallest of them
  const std::uint8_t* jump;          // penalty of larger steps, for each pixel
  std::uint8_t* here;
  std::uint8_t* least;
};

/// What becomes of the sums: not wanted; begun from one more path's costs (`other`); what was summed before (`other`,
/// its words, which may be `sums`) and these paths.
enum class SGMSums { none, begin, add };

/// Census words of a row in planes of 4 or 8 bits (`census_plane_bits`), or a caller's costs (`volume` not null).
struct SGMCosts {
  const std::uint8_t* left;   // plane p of pixel i: left[p * left_pitch + i]
  const std::uint8_t* right;  // with j = pixels - 1 - i: plane p of candidate k of pixel i is, see sgm_split,
                              // right[(p * V + (j + k) % V) * right_pitch + (j + k) / V]
  int left_pitch, right_pitch, planes;
  int pixels;          // how many the row has
  int match;           // column of the first pixel's first candidate
  int width;           // of the right image: candidates beyond it cost `neutral` or the mean of those inside
  int count, neutral;  // disparities; what cannot be seen costs that much at most
  const std::uint8_t* volume;
  std::ptrdiff_t volume_stride;
  std::uint8_t* unpacked;  // not null: two planes of 4 bits are one of `planes`, the first in its low bits. Those of
                           // the pixels that are asked for are taken apart here, in `sgm_unpacked_bytes`
};

}  // namespace geomvision::kernels

GEOMVISION_DECLARE_KERNEL(int, sgm_lanes, ());

// Byte i of a row to place i / parts of part i % parts.
GEOMVISION_DECLARE_KERNEL(void, sgm_split,
                          (const std::uint8_t* from, int width, int parts, int pitch, std::uint8_t* to));

// Room for packed planes of so many pixels.
GEOMVISION_DECLARE_KERNEL(std::size_t, sgm_unpacked_bytes, (int planes, int pixels, int vectors));

// Costs of pixels begin ... end - 1 of a row, that of `begin` first.
GEOMVISION_DECLARE_KERNEL(void, sgm_costs,
                          (const SGMCosts& source, int begin, int end, int vectors, std::uint8_t* costs));

// The same from the last pixel to the first, and the path in that direction through them.
GEOMVISION_DECLARE_KERNEL(void, sgm_costs_and_west,
                          (const SGMCosts& source, int begin, int end, const SGMPath& west, int vectors,
                           std::uint8_t p1, std::uint8_t* costs));

// One step (Hirschmueller 2008, eq. 13) of each of `count` <= 4 paths at each of `pixels`. A path may come from the
// pixel before in the same row.
GEOMVISION_DECLARE_KERNEL(void, sgm_advance,
                          (const SGMPath* paths, int count, const std::uint8_t* costs, int pixels, int vectors,
                           std::uint8_t p1, SGMSums mode, const std::uint8_t* other, std::uint16_t* sums));

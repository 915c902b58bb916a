#pragma once

#include <cstddef>
#include <cstdint>

#include "dispatch.hpp"

// The inner loops of a plane sweep over census costs. Pixels are looked up in fixed point, so that every instruction
// set gives the same words.

namespace geomvision::kernels {

/// Radii of the census window; pixels of a row of words at most, a multiple of 64; bytes of a pixel's word.
constexpr int sweep_radius_x = 4, sweep_radius_y = 3, sweep_row = 128, sweep_word_bytes = 8;

/// Pixels of a row of the reference by one plane: ray r is the source's pixel (M r + b)[:2] / (M r + b)[2].
struct SweepRow {
  const std::uint32_t* corners;  // of source pixel (x, y): the bytes at (x, y), (x + 1, y), (x, y + 1), (x + 1, y + 1)
  const std::uint32_t* known;    // the same of a mask whose bytes are 255 where there is a picture; null: everywhere
  int width, height;             // of the source
  const float *x, *y, *z;        // rays
  const float *M, *b;            // 3 x 3 row by row, and 3
  int count;
};

}  // namespace geomvision::kernels

// Grey levels times 256 where the plane leads, of the nearest pixel where that is outside, and 255 where it is inside.
GEOMVISION_DECLARE_KERNEL(void, sweep_look_up,
                          (const SweepRow& row, std::uint16_t* __restrict grey, std::uint8_t* __restrict inside));

// Census words (`census_planes_u16`) of up to `sweep_row` pixels, in an order of their own: `sweep_word_bytes` times
// `sweep_row` bytes. `rows` are those of the window, at their first pixel.
GEOMVISION_DECLARE_KERNEL(void, sweep_words, (const std::uint16_t* const* rows, int width, std::uint8_t* words));

// Bits in which the words of such rows differ from others, 255 where `inside` is 0. The buffers of pixels have room for
// `width` rounded up to a multiple of 8, `scratch` for words.
GEOMVISION_DECLARE_KERNEL(void, sweep_differences,
                          (const std::uint16_t* const* rows, const std::uint8_t* words, std::uint8_t* scratch,
                           const std::uint8_t* inside, int width, std::uint8_t* __restrict bits));

// Rounded mean of the smaller half of each pixel's costs below 255, `unseen` where there is none. Those of source s are
// bits[s * pitch ...], and are left in another order; `total` is scratch.
GEOMVISION_DECLARE_KERNEL(void, sweep_best_half,
                          (std::uint8_t* bits, int pitch, int sources, int count, std::uint8_t unseen,
                           std::uint16_t* total, std::uint8_t* seen, std::uint8_t* best));

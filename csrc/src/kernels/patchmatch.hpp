#pragma once

#include <cstddef>
#include <cstdint>

#include "dispatch.hpp"

// What slanted planes cost (Bleyer, Rhemann & Rother, BMVC 2011, eq. 3 to 6), in integers: every instruction set and
// every order of summation gives the same number.

namespace geomvision {

/// Grey levels times 64 and half their horizontal central differences, rows `stride` apart, readable `border` pixels
/// before and after each row, where they hold what matches nothing.
struct PaddedLevels {
  static constexpr int border = 64;
  static constexpr std::int16_t no_value = 32000, no_gradient = 20000;

  const std::int16_t* values;
  const std::int16_t* gradients;
  std::ptrdiff_t stride;
  int width, height;
};

/// The window and the weights of the cost. Factors are fractions of 2^15, thresholds 64ths of a level.
struct PatchRules {
  int radius, step;
  std::uint16_t contrast;                 // 8 / gamma, in 2^16ths of an eighth per 64th of a level
  std::int16_t tau_colour, tau_gradient;  // truncation
  std::int16_t colour, gradient;          // 1 - alpha and alpha
  alignas(64) std::int16_t support[64];   // 255 exp(-k / 8)
};

/// What a pixel compares: in pieces of 16 taps of one window row, the nearest rows first, levels and gradients of its
/// own view and their support weights (once for each half).
struct Patch {
  static constexpr int lanes = 16, most = 3 * 35;

  int count = 0;
  int dx[most], dy[most];
  alignas(64) std::int16_t seen[most][2 * lanes];
  alignas(64) std::int16_t weight[most][2 * lanes];
};

/// A plane as one pixel sees it: slopes and the disparity at that pixel, 2^16ths.
struct PixelPlane {
  std::int32_t a, b, d;
};

}  // namespace geomvision

// The taps of the window around (x, y); none outside the image.
GEOMVISION_DECLARE_KERNEL(void, load_patch,
                          (const PatchRules& rules, const PaddedLevels& image, int x, int y, Patch& patch));

// Sum over the taps of weight times dissimilarity to the other view at x - d, interpolated; or any number of at least
// `limit` where it would not be less.
GEOMVISION_DECLARE_KERNEL(std::uint32_t, plane_cost,
                          (const PatchRules& rules, const Patch& patch, const PaddedLevels& other, int x, int y,
                           PixelPlane plane, std::uint32_t limit));

#pragma once

#include "kernels/lanes.hpp"

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

// 2^t of every lane for t <= 127, within 1.5e-7 of it; what is below 2^-126 becomes 2^-126, NaN stays.
[[gnu::always_inline]] inline Floats exp2(Floats t) {
  t = t < -126.0f ? Floats{} - 126.0f : t;
  const Floats shifted = t + 12582912.0f;  // 1.5 * 2^23: the integer is in the low bits now
  const Floats f = t - (shifted - 12582912.0f);
  // A least-maximum fit of 2^f for |f| <= 1/2.
  Floats p = fma(f, Floats{} + 0.00132647238f, Floats{} + 0.00967151299f);
  p = fma(f, p, Floats{} + 0.0555073358f);
  p = fma(f, p, Floats{} + 0.240222424f);
  p = fma(f, p, Floats{} + 0.693147004f);
  p = fma(f, p, Floats{} + 1.0f);
  const Ints scale = ((Ints)shifted << 23) + 0x3f800000;
  return p * (Floats)scale;
}

constexpr float kLog2e = 1.44269504f;

}  // namespace
}  // namespace geomvision::kernels::GEOMVISION_ISA

#pragma once

#include <cstddef>
#include <cstdint>

#include "dispatch.hpp"

// One row of a volume: `width` pixels, `apart` elements apart, of `count` candidates. `none` as in ops/winners.hpp.
//
// keys: scratch, right_key<T> for each of `width` pixels.
#define GEOMVISION_DECLARE_WINNERS(T, Key, suffix)                                                                   \
  GEOMVISION_DECLARE_KERNEL(                                                                                         \
      void, winners_##suffix,                                                                                        \
      (const T* volume, std::ptrdiff_t apart, int width, int count, int first, float* winners, T* cost, T* second)); \
  GEOMVISION_DECLARE_KERNEL(                                                                                         \
      void, right_winners_##suffix,                                                                                  \
      (const T* volume, std::ptrdiff_t apart, int width, int count, int first, Key* keys, float* winners))

GEOMVISION_DECLARE_WINNERS(std::uint8_t, std::uint32_t, u8);
GEOMVISION_DECLARE_WINNERS(std::uint16_t, std::uint32_t, u16);
GEOMVISION_DECLARE_WINNERS(std::int32_t, std::int64_t, i32);
GEOMVISION_DECLARE_WINNERS(float, std::int64_t, f32);
#undef GEOMVISION_DECLARE_WINNERS

#pragma once

#include <cstdint>

/// Instantiate for what grey images are made of: 8 and 16 bits, float and double.
#define GEOMVISION_FOR_IMAGE_TYPES(INSTANTIATE) \
  INSTANTIATE(std::uint8_t);                    \
  INSTANTIATE(std::uint16_t);                   \
  INSTANTIATE(float);                           \
  INSTANTIATE(double)

#include "kernels/luma.hpp"

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

template <typename T>
inline void weigh(const T* __restrict rgb, std::ptrdiff_t count, T* __restrict grey) {
  for (std::ptrdiff_t x = 0; x < count; ++x) {
    const std::uint32_t red = rgb[3 * x], green = rgb[3 * x + 1], blue = rgb[3 * x + 2];
    grey[x] = static_cast<T>((4899 * red + 9617 * green + 1868 * blue + 8192) >> 14);
  }
}

}  // namespace

void luma_row(const std::uint8_t* rgb, std::ptrdiff_t count, std::uint8_t* grey) { weigh(rgb, count, grey); }

void luma_row_16(const std::uint16_t* rgb, std::ptrdiff_t count, std::uint16_t* grey) { weigh(rgb, count, grey); }

void luma_row_float(const float* __restrict rgb, std::ptrdiff_t count, float* __restrict grey) {
  for (std::ptrdiff_t x = 0; x < count; ++x) {
    grey[x] = (0.299f * rgb[3 * x] + 0.587f * rgb[3 * x + 1]) + 0.114f * rgb[3 * x + 2];
  }
}

}  // namespace geomvision::kernels::GEOMVISION_ISA

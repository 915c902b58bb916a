#include "kernels/census.hpp"

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

template <typename T>
void census_row(const T* const* rows, int radius_x, int radius_y, int width, std::uint64_t* words) {
  for (int x = 0; x < width; ++x) words[x] = 0;
  const T* centre = rows[radius_y];
  int bit = 0;
  for (int dy = -radius_y; dy <= radius_y; ++dy) {
    const T* row = rows[radius_y + dy];
    for (int dx = -radius_x; dx <= radius_x; ++dx) {
      if (dx == 0 && dy == 0) continue;
      for (int x = 0; x < width; ++x) words[x] |= static_cast<std::uint64_t>(row[x + dx] < centre[x]) << bit;
      ++bit;
    }
  }
}

}  // namespace

void census_row_u16(const std::uint16_t* const* rows, int radius_x, int radius_y, int width, std::uint64_t* words) {
  census_row(rows, radius_x, radius_y, width, words);
}

void census_row_f32(const float* const* rows, int radius_x, int radius_y, int width, std::uint64_t* words) {
  census_row(rows, radius_x, radius_y, width, words);
}

}  // namespace geomvision::kernels::GEOMVISION_ISA

#include "kernels/sgm_guide.hpp"

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

template <typename T>
void contrast(const T* __restrict row, const T* __restrict above, int width, std::uint64_t* sum, int* least) {
  constexpr int piece = 32768;  // so that 32 bits hold its sum
  std::uint64_t total = 0;
  int smallest = 65535;
  for (int begin = 0; begin < width; begin += piece) {
    const int end = begin + piece < width ? begin + piece : width;
    std::uint32_t part = 0;
    for (int x = begin > 0 ? begin : 1; x < end; ++x) {
      const int change = row[x] - row[x - 1];
      part += static_cast<std::uint32_t>(change < 0 ? -change : change);
    }
    total += part;
    part = 0;
    for (int x = begin; above != nullptr && x < end; ++x) {
      const int change = row[x] - above[x];
      part += static_cast<std::uint32_t>(change < 0 ? -change : change);
    }
    total += part;
    for (int x = begin; x < end; ++x) smallest = row[x] < smallest ? row[x] : smallest;
  }
  *sum = total;
  *least = smallest;
}

template <typename T>
void scale(const T* __restrict row, int width, double least, double units, std::uint16_t* __restrict guide) {
  for (int x = 0; x < width; ++x) {
    const double value = (static_cast<double>(row[x]) - least) * units;
    guide[x] = static_cast<std::uint16_t>(static_cast<int>(value < 65535.0 ? value : 65535.0));
  }
}

}  // namespace

void sgm_contrast_u8(const std::uint8_t* row, const std::uint8_t* above, int width, std::uint64_t* sum, int* least) {
  contrast(row, above, width, sum, least);
}

void sgm_contrast_u16(const std::uint16_t* row, const std::uint16_t* above, int width, std::uint64_t* sum, int* least) {
  contrast(row, above, width, sum, least);
}

void sgm_guide_u8(const std::uint8_t* row, int width, double least, double units, std::uint16_t* guide) {
  scale(row, width, least, units, guide);
}

void sgm_guide_u16(const std::uint16_t* row, int width, double least, double units, std::uint16_t* guide) {
  scale(row, width, least, units, guide);
}

void sgm_guide_f32(const float* row, int width, double least, double units, std::uint16_t* guide) {
  scale(row, width, least, units, guide);
}

void sgm_jumps(const std::uint16_t* __restrict here, const std::uint16_t* __restrict before, int width, int p1, int p2,
               int usual, std::uint8_t* __restrict jumps) {
  const auto whole = static_cast<float>(p2 * usual);
  for (int x = 0; x < width; ++x) {
    const int difference = here[x] - before[x], size = difference < 0 ? -difference : difference;
    const int least = size > usual ? size : usual, change = least < 255 ? least : 255;
    // rounded down; no quotient of such small integers lies so close below the next one that the division reaches it
    const int lowered = static_cast<int>(whole / static_cast<float>(change)), kept = lowered > p1 ? lowered : p1;
    jumps[x] = static_cast<std::uint8_t>(kept);
  }
}

}  // namespace geomvision::kernels::GEOMVISION_ISA

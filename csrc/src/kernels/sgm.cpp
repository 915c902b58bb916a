#include "kernels/sgm.hpp"

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

template <typename T>
inline T smaller(T a, T b) {
  return a < b ? a : b;
}

// Number of set bits; compilers know this form and use the machine's instruction where there is one.
inline std::uint8_t set_bits(std::uint64_t word) {
  word = word - ((word >> 1) & 0x5555555555555555u);
  word = (word & 0x3333333333333333u) + ((word >> 2) & 0x3333333333333333u);
  word = (word + (word >> 4)) & 0x0f0f0f0f0f0f0f0fu;
  return static_cast<std::uint8_t>((word * 0x0101010101010101u) >> 56);
}

}  // namespace

int hamming_run(std::uint64_t left, const std::uint64_t* __restrict right, int count,
                std::uint8_t* __restrict distances) {
  for (int i = 0; i < count; ++i) distances[i] = set_bits(left ^ right[i]);
  int sum = 0;
  for (int i = 0; i < count; ++i) sum += distances[i];
  return sum;
}

std::uint8_t path_step(const std::uint8_t* __restrict cost, const std::uint8_t* __restrict previous,
                       std::uint8_t previous_min, int count, std::uint8_t p1, std::uint8_t p2,
                       std::uint8_t* __restrict current, std::uint16_t* __restrict sums) {
  // min(a, b + P1, P2) is taken as min(a, P2, min(b, P2 - P1) + P1): the same, and never above 255.
  const auto most = static_cast<std::uint8_t>(p2 - p1);
  std::uint8_t least = 255;
  for (int i = 0; i < count; ++i) {
    const auto same = static_cast<std::uint8_t>(previous[i] - previous_min);
    const auto near = static_cast<std::uint8_t>(smaller(previous[i - 1], previous[i + 1]) - previous_min);
    const auto moved = static_cast<std::uint8_t>(smaller(near, most) + p1);
    const auto value = static_cast<std::uint8_t>(cost[i] + smaller(smaller(same, p2), moved));
    current[i] = value;
    sums[i] = static_cast<std::uint16_t>(sums[i] + value);
    least = smaller(least, value);
  }
  return least;
}

std::uint16_t smallest_u16(const std::uint16_t* values, int count) {
  std::uint16_t least = values[0];
  for (int i = 1; i < count; ++i) least = smaller(least, values[i]);
  return least;
}

void offer_sums(const std::uint16_t* __restrict sums, int count, std::uint16_t* __restrict best,
                std::int16_t* __restrict winner) {
  for (int i = 0; i < count; ++i) {
    const bool better = sums[i] < best[i];
    best[i] = better ? sums[i] : best[i];
    winner[i] = better ? static_cast<std::int16_t>(i) : winner[i];
  }
}

}  // namespace geomvision::kernels::GEOMVISION_ISA

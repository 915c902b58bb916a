#include "kernels/ad_census.hpp"

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

inline std::uint16_t smaller(std::uint16_t a, std::uint16_t b) { return a < b ? a : b; }

}  // namespace

void add_costs(const std::uint32_t* __restrict sums, const std::uint16_t* __restrict values, int count,
               std::uint32_t* __restrict next) {
  for (int i = 0; i < count; ++i) next[i] = sums[i] + values[i];
}

void add_sums(const std::uint32_t* __restrict sums, const std::uint32_t* __restrict values, int count,
              std::uint32_t* __restrict next) {
  for (int i = 0; i < count; ++i) next[i] = sums[i] + values[i];
}

void subtract_sums(const std::uint32_t* __restrict begin, const std::uint32_t* __restrict end, int count,
                   std::uint32_t* __restrict between) {
  for (int i = 0; i < count; ++i) between[i] = end[i] - begin[i];
}

void average_sums(const std::uint32_t* __restrict begin, const std::uint32_t* __restrict end, int count, float factor,
                  std::uint16_t* __restrict average) {
  for (int i = 0; i < count; ++i) {
    const auto sum = static_cast<std::int32_t>(end[i] - begin[i]);  // signed, as machines convert that faster
    average[i] = static_cast<std::uint16_t>(static_cast<std::int32_t>(static_cast<float>(sum) * factor + 0.5f));
  }
}

std::uint16_t scan_step(const std::uint16_t* __restrict cost, const std::uint16_t* __restrict previous,
                        std::uint16_t previous_min, int count, const std::uint16_t* __restrict changed,
                        const std::uint16_t* __restrict small, const std::uint16_t* __restrict large,
                        std::uint16_t* __restrict current, std::uint16_t* __restrict sums) {
  const std::uint16_t small_same = small[0], small_changed = small[1], large_same = large[0], large_changed = large[1];
  std::uint16_t least = 0xffff;
  for (int i = 0; i < count; ++i) {
    const std::uint16_t step = changed[i] != 0 ? small_changed : small_same;
    const std::uint16_t jump = changed[i] != 0 ? large_changed : large_same;
    const auto same = static_cast<std::uint16_t>(previous[i] - previous_min);
    const auto near = static_cast<std::uint16_t>(smaller(previous[i - 1], previous[i + 1]) - previous_min + step);
    const auto value = static_cast<std::uint16_t>(cost[i] + smaller(smaller(same, near), jump));
    current[i] = value;
    sums[i] = static_cast<std::uint16_t>(sums[i] + value);
    least = smaller(least, value);
  }
  return least;
}

namespace {

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

std::uint16_t smallest_u16(const std::uint16_t* values, int count) {
  std::uint16_t least = values[0];
  for (int i = 1; i < count; ++i) least = values[i] < least ? values[i] : least;
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

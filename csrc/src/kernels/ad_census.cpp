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

}  // namespace geomvision::kernels::GEOMVISION_ISA

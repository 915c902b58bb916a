#include "kernels/block_search.hpp"

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

constexpr int lanes = 8;
typedef std::int32_t Whole __attribute__((vector_size(4 * lanes), aligned(4), may_alias));
typedef float Real __attribute__((vector_size(4 * lanes), aligned(4), may_alias));

template <bool squared>
void add_terms(const std::uint16_t* __restrict a, const std::uint16_t* __restrict b, int count, std::int32_t sign,
               std::int32_t* __restrict sums) {
  for (int i = 0; i < count; ++i) {
    const std::int32_t difference = static_cast<std::int32_t>(a[i]) - static_cast<std::int32_t>(b[i]);
    const std::int32_t size = difference < 0 ? -difference : difference;
    sums[i] += sign * (squared ? size * size : size);
  }
}

}  // namespace

void block_terms_u16(const std::uint16_t* a, const std::uint16_t* b, int count, bool squared, std::int32_t sign,
                     std::int32_t* sums) {
  (squared ? add_terms<true> : add_terms<false>)(a, b, count, sign, sums);
}

void block_terms_i64(const std::int64_t* __restrict a, const std::int64_t* __restrict b, int count, std::int32_t sign,
                     std::int32_t* __restrict sums) {
  for (int i = 0; i < count; ++i) {
    sums[i] += sign * __builtin_popcountll(static_cast<unsigned long long>(a[i] ^ b[i]));
  }
}

void block_costs(const std::int32_t* sums, int count, int window, const float* columns, float rows, float* costs) {
  for (int i = 0; i < count; i += lanes) {
    Whole sum = *reinterpret_cast<const Whole*>(sums + i);
    for (int k = 1; k < window; ++k) sum += *reinterpret_cast<const Whole*>(sums + i + k);
    const Real area = *reinterpret_cast<const Real*>(columns + i) * rows;
    *reinterpret_cast<Real*>(costs + i) = __builtin_convertvector(sum, Real) / area;
  }
}

void keep_least_blocks(const float* __restrict costs, int count, std::int32_t dx, std::int32_t dy,
                       float* __restrict least, std::int32_t* __restrict best_dx, std::int32_t* __restrict best_dy) {
  for (int i = 0; i < count; ++i) {
    const bool better = costs[i] < least[i];
    least[i] = better ? costs[i] : least[i];
    best_dx[i] = better ? dx : best_dx[i];
    best_dy[i] = better ? dy : best_dy[i];
  }
}

void keep_blocks_around(const float* __restrict costs, int count, std::int32_t dx, std::int32_t dy,
                        const std::int32_t* __restrict best_dx, const std::int32_t* __restrict best_dy,
                        const BlockSurroundings& kept) {
  float* __restrict second = kept.second, * __restrict left = kept.left, * __restrict right = kept.right;
  float* __restrict above = kept.above, * __restrict below = kept.below;
  for (int i = 0; i < count; ++i) {
    const std::int32_t x = dx - best_dx[i], y = dy - best_dy[i];
    const float cost = costs[i];
    const bool away = (x > 1) | (x < -1) | (y > 1) | (y < -1);
    second[i] = (away & (cost < second[i])) ? cost : second[i];
    left[i] = ((x == -1) & (y == 0)) ? cost : left[i];
    right[i] = ((x == 1) & (y == 0)) ? cost : right[i];
    above[i] = ((x == 0) & (y == -1)) ? cost : above[i];
    below[i] = ((x == 0) & (y == 1)) ? cost : below[i];
  }
}

}  // namespace geomvision::kernels::GEOMVISION_ISA

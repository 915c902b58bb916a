#include "kernels/block_matching.hpp"

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

struct Absolute {
  static std::int32_t of(std::int32_t a, std::int32_t b) { return a < b ? b - a : a - b; }
};

struct Squared {
  static std::int64_t of(std::int32_t a, std::int32_t b) {
    const std::int64_t difference = a - b;
    return difference * difference;
  }
};

struct Product {
  static std::int64_t of(std::uint32_t a, std::uint32_t b) { return static_cast<std::int64_t>(a * b); }
};

struct Hamming {
  static std::int32_t of(std::uint64_t a, std::uint64_t b) {
    std::uint64_t bits = a ^ b;  // no popcount instruction in the baseline: halves, quarters, bytes
    bits -= (bits >> 1) & 0x5555555555555555U;
    bits = (bits & 0x3333333333333333U) + ((bits >> 2) & 0x3333333333333333U);
    bits = (bits + (bits >> 4)) & 0x0f0f0f0f0f0f0f0fU;
    return static_cast<std::int32_t>((bits * 0x0101010101010101U) >> 56);
  }
};

template <typename Term, typename Pixel, typename Sum>
void slide(const Pixel* left, const Pixel* right, const Pixel* left_leaving, const Pixel* right_leaving, int columns,
           int count, Sum* sums) {
  for (int i = 0; i < columns; ++i) {
    const Pixel* candidates = right + (columns - 1 - i);
    Sum* sum = sums + static_cast<std::int64_t>(i) * count;
    const Pixel here = left[i];
    if (left_leaving == nullptr) {
      for (int k = 0; k < count; ++k) sum[k] += Term::of(here, candidates[k]);
      continue;
    }
    const Pixel* gone = right_leaving + (columns - 1 - i);
    const Pixel was = left_leaving[i];
    for (int k = 0; k < count; ++k) sum[k] += Term::of(here, candidates[k]) - Term::of(was, gone[k]);
  }
}

template <typename Sum>
void move_window(const Sum* entering, const Sum* leaving, int count, Sum* window) {
  for (int k = 0; k < count; ++k) window[k] += entering[k] - leaving[k];
}

std::int32_t smallest(const std::int32_t* cost, int begin, int end, std::int32_t start) {
  std::int32_t least = start;
  for (int k = begin; k < end; ++k) least = cost[k] < least ? cost[k] : least;
  return least;
}

}  // namespace

void slide_absolute(const std::uint16_t* left, const std::uint16_t* right, const std::uint16_t* left_leaving,
                    const std::uint16_t* right_leaving, int columns, int count, std::int32_t* sums) {
  slide<Absolute>(left, right, left_leaving, right_leaving, columns, count, sums);
}

void slide_squared(const std::uint16_t* left, const std::uint16_t* right, const std::uint16_t* left_leaving,
                   const std::uint16_t* right_leaving, int columns, int count, std::int64_t* sums) {
  slide<Squared>(left, right, left_leaving, right_leaving, columns, count, sums);
}

void slide_product(const std::uint16_t* left, const std::uint16_t* right, const std::uint16_t* left_leaving,
                   const std::uint16_t* right_leaving, int columns, int count, std::int64_t* sums) {
  slide<Product>(left, right, left_leaving, right_leaving, columns, count, sums);
}

void slide_hamming(const std::uint64_t* left, const std::uint64_t* right, const std::uint64_t* left_leaving,
                   const std::uint64_t* right_leaving, int columns, int count, std::int32_t* sums) {
  slide<Hamming>(left, right, left_leaving, right_leaving, columns, count, sums);
}

void move_window_i32(const std::int32_t* entering, const std::int32_t* leaving, int count, std::int32_t* window) {
  move_window(entering, leaving, count, window);
}

void move_window_i64(const std::int64_t* entering, const std::int64_t* leaving, int count, std::int64_t* window) {
  move_window(entering, leaving, count, window);
}

void shifted_costs(const std::int64_t* window, int count, int shift, std::int32_t* cost) {
  for (int k = 0; k < count; ++k) cost[k] = static_cast<std::int32_t>(window[k] >> shift);
}

void correlation_costs(const std::int64_t* window, const std::int64_t* right_sums, const double* right_scales,
                       int count, std::int64_t area, std::int64_t left_sum, double left_scale, std::int32_t none,
                       std::int32_t* cost) {
  for (int k = 0; k < count; ++k) {
    const double covariance = static_cast<double>(area * window[k] - left_sum * right_sums[k]);
    const double r = covariance * left_scale * right_scales[k];
    const double scaled = (1.0 - r) * 134217728.0 + 0.5;
    cost[k] = right_scales[k] == 0.0 ? none : static_cast<std::int32_t>(scaled);
  }
}

void two_best(const std::int32_t* cost, int count, std::int32_t none, int* best, std::int32_t* second) {
  const std::int32_t least = smallest(cost, 0, count, none);
  int winner = 0;
  while (winner < count - 1 && cost[winner] != least) ++winner;
  *best = winner;
  *second = smallest(cost, winner + 2, count, smallest(cost, 0, winner - 1, none));
}

void offer_to_right(const std::int32_t* cost, int count, int first, std::int32_t* right_cost,
                    std::int32_t* right_disparity) {
  for (int k = 0; k < count; ++k) {
    const bool better = cost[k] < right_cost[k];
    right_cost[k] = better ? cost[k] : right_cost[k];
    right_disparity[k] = better ? first + k : right_disparity[k];
  }
}

}  // namespace geomvision::kernels::GEOMVISION_ISA

#pragma once

#include <cstdint>

#include "dispatch.hpp"

// Sums over windows by running sums (McDonnell, CGIP 1981) and the winners of both views, in one sweep along a row.
//
// Costs have 16 bits and lie side by side, the largest disparity first: lane j belongs to the disparity
// first + padded - 1 - j, so that a left pixel meets its candidates in a run of right pixels. `padded` is `count`
// rounded up to whole stripes of lanes. A cost of 65535 is no candidate; sums must stay below it.
//
// The costs of a row stay where they are and become those of the next one: a window that moves down gains what its
// columns gain, and what a row of windows gains is once more a running sum.
namespace geomvision::kernels {

constexpr int most_lanes = 32;  // of any instruction set

/// A left row and the right one, continued beyond their ends: left[i] meets right[i] ... right[i + padded - 1].
template <typename T>
struct MatchedRows {
  const T* left;
  const T* right;
};

/// What each left pixel's costs say.
template <typename Cost>
struct Winners {
  Cost* winner;  // place of the smallest cost, 0 being the smallest disparity
  Cost* least;
  Cost* second;  // the smallest more than one place from the winner
  Cost* before;  // beside the winner
  Cost* after;
};
using RowWinners = Winners<std::int32_t>;
using NarrowWinners = Winners<std::uint16_t>;

struct RowSearch {
  int width, radius;  // the radius is at most most_radius
  int first, count, padded;
  std::uint16_t* costs;    // of pixel x at x * cost_stride(padded), behind a vector of no candidates
  std::uint16_t* scratch;  // search_scratch(padded) elements
  NarrowWinners found;     // `width` + most_lanes each
  // At x + first + padded - 1 the disparity of right pixel x, `no_disparity` where it has none. A block of lanes and
  // `padded` longer than the row.
  std::int16_t* from_right;
};

constexpr int most_radius = 15;
constexpr std::int16_t no_disparity = -32768;

/// From the costs of a pixel to those of the next: between them lies a vector of no candidates.
constexpr int cost_stride(int padded) { return padded + most_lanes; }
/// Elements that hold the costs of a row.
constexpr std::int64_t cost_elements(int width, int padded) {
  return static_cast<std::int64_t>(width) * cost_stride(padded) + most_lanes;
}
constexpr int search_scratch(int padded) { return (2 * most_radius + 6) * padded + (6 * most_lanes + 2) * most_lanes; }

}  // namespace geomvision::kernels

// Disparities are padded to a multiple of this.
GEOMVISION_DECLARE_KERNEL(int, search_stripe, ());

// Sum up the windows over 2 * radius + 1 rows. As many distances as `together` fit a byte.
GEOMVISION_DECLARE_KERNEL(void, sum_byte_windows,
                          (const RowSearch& row, const MatchedRows<std::uint8_t>* rows, int together));

// Replace the row that leaves the windows by the one that enters, then search. For the first, which is faster, bytes
// differ by less than 64.
GEOMVISION_DECLARE_KERNEL(void, search_small_bytes,
                          (const RowSearch& row, const MatchedRows<std::uint8_t>& entering,
                           const MatchedRows<std::uint8_t>& leaving));
GEOMVISION_DECLARE_KERNEL(void, search_bytes,
                          (const RowSearch& row, const MatchedRows<std::uint8_t>& entering,
                           const MatchedRows<std::uint8_t>& leaving));

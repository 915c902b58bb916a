#pragma once

#include <cstdint>

#include "dispatch.hpp"

// Sums over windows by running sums (McDonnell, CGIP 1981) and the winners of both views, in one sweep along a row.
//
// Costs have 16 bits and lie side by side, the largest disparity first: lane j belongs to the disparity
// first + padded - 1 - j, so that a left pixel meets its candidates in a run of right pixels. `padded` is `count`
// rounded up to whole vectors. A cost of 65535 is no candidate; sums must stay below it.
namespace geomvision::kernels {

constexpr int most_lanes = 32;  // of any instruction set
constexpr std::uint16_t no_place = 32768;

/// A left row and the right one, continued beyond their ends: left[i] meets right[i] ... right[i + padded - 1].
template <typename T>
struct MatchedRows {
  const T* left;
  const T* right;
};

/// What each left pixel's costs say.
struct RowWinners {
  std::int32_t* winner;  // place of the smallest cost, 0 being the smallest disparity
  std::int32_t* least;
  std::int32_t* second;  // the smallest more than one place from the winner
  std::int32_t* before;  // beside the winner
  std::int32_t* after;
};

struct RowSearch {
  int width, radius;
  int first, count, padded;
  std::uint16_t* sums;     // of columns: width + 2 * radius times `padded`
  std::uint16_t* scratch;  // search_scratch(padded) elements
  RowWinners found;        // `width` each
  // At x + first + padded - 1 the place of right pixel x, no_place where it has none. Two blocks of lanes and `padded`
  // longer than the row.
  std::uint16_t* from_right;
};

constexpr int search_scratch(int padded) { return most_lanes * (padded + 2 * most_lanes) + 4 * (padded + most_lanes); }

}  // namespace geomvision::kernels

// Vector lanes: disparities are padded to a multiple.
GEOMVISION_DECLARE_KERNEL(int, search_lanes, ());

// Add absolute differences of a row to the sums of its columns.
GEOMVISION_DECLARE_KERNEL(void, add_bytes, (const RowSearch& row, const MatchedRows<std::uint8_t>& entering));

// Replace the row that leaves the columns by the one that enters, then search. For the first, which is faster, all
// bytes are below 128.
GEOMVISION_DECLARE_KERNEL(void, search_small_bytes,
                          (const RowSearch& row, const MatchedRows<std::uint8_t>& entering,
                           const MatchedRows<std::uint8_t>& leaving));
GEOMVISION_DECLARE_KERNEL(void, search_bytes,
                          (const RowSearch& row, const MatchedRows<std::uint8_t>& entering,
                           const MatchedRows<std::uint8_t>& leaving));

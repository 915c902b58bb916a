#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>

#include "geomvision/tensor.hpp"

namespace geomvision::ops {

// Volumes are (rows, width, disparities) of uint8, uint16, int32 or float; candidate k is the disparity first + k.
// Rows do not know of each other: a batch is a taller volume. Disparities are float, NaN where there is none.

/// The cost of a candidate that is none: the largest of its type, infinity in float (where NaN means none as well).
template <typename T>
constexpr T no_candidate =
    std::is_floating_point_v<T> ? std::numeric_limits<T>::infinity() : std::numeric_limits<T>::max();

/// The disparity of smallest cost (the smallest of equal ones), its cost, and the smallest cost more than one candidate
/// away from it; `no_candidate` where there is none. At most 65535 candidates.
template <typename T>
void winner_takes_all(TensorView<const T, 3> volume, int first, TensorView<float, 2> disparity, TensorView<T, 2> cost,
                      TensorView<T, 2> second, int num_threads = 0);

/// The right view's disparities from the left view's costs: right pixel x has the candidates left x + d.
template <typename T>
void right_winners(TensorView<const T, 3> volume, int first, TensorView<float, 2> disparity, int num_threads = 0);

/// Adds to each whole-pixel winner where the minimum lies beside it, by a fit through its cost and its neighbours':
/// "parabola", or "equiangular" (two lines of equal and opposite slope; Shimizu & Okutomi, ICCV 2001). Winners that
/// lack a neighbour, or are dearer than one, stay. `refined` may be the winners themselves.
template <typename T>
void subpixel(TensorView<const T, 3> volume, TensorView<const float, 2> winners, int first, const std::string& fit,
              TensorView<float, 2> refined, int num_threads = 0);

/// Keeps winners that beat the second best by `percent`: 100 * cost < (100 - percent) * second; so a tie has no
/// winner. `margin` becomes (second - cost) / second; 0 where there is no second best, or no winner.
template <typename T>
void uniqueness(TensorView<const float, 2> disparity, TensorView<const T, 2> cost, TensorView<const T, 2> second,
                int percent, TensorView<float, 2> kept, TensorView<float, 2> margin, int num_threads = 0);

/// What became of each left pixel (0 agrees, 1 mismatched, 2 occluded, 3 no estimate but visible), disparities rounded
/// to whole pixels for matching.
///
/// A pixel fails when its match lies outside the right image, or when its match forms a pair with another left pixel,
/// each being the other's winner, whose disparity differs by more than `tolerance`: pairs that agree exclude others.
/// A failed pixel is mismatched when some right pixel points at it, as it is visible then, and occluded when none does
/// (Hirschmueller, TPAMI 2008, section 2.6.2).
void left_right_check(TensorView<const float, 2> left, TensorView<const float, 2> right, double tolerance,
                      TensorView<std::uint8_t, 2> codes, int num_threads = 0);

}  // namespace geomvision::ops

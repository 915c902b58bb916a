#pragma once

#include <cstdint>
#include <type_traits>

#include "geomvision/image.hpp"
#include "geomvision/tensor.hpp"

// Matching costs of a rectified grey pair: volumes (height, width, disparities) without gaps, candidate k comparing
// left x with right x - first - k. Images are uint8, uint16, float or double; NaN gives NaN. Candidates outside the
// right image cost NaN in a floating volume, the largest number in one of integers: none, as `ops/winners.hpp` has it.
// Sizes that disagree throw std::invalid_argument.
namespace geomvision::ops {

/// What costs of images of T are counted in when they are not whole numbers.
template <typename T>
using Real = std::conditional_t<std::is_same_v<T, double>, double, float>;

/// Absolute differences: exact, the next larger integer for integers.
template <typename T>
using Difference = std::conditional_t<std::is_same_v<T, std::uint8_t>, std::uint16_t,
                                      std::conditional_t<std::is_same_v<T, std::uint16_t>, std::int32_t, T>>;

/// Squared differences: exact for bytes, rounded to float for uint16.
template <typename T>
using Square = std::conditional_t<std::is_same_v<T, std::uint8_t>, std::uint16_t, Real<T>>;

/// |left - right|.
template <typename T>
void absolute_differences(ImageView<const T> left, ImageView<const T> right, int first,
                          TensorView<Difference<T>, 3> volume, int num_threads = 0);

/// (left - right) squared.
template <typename T>
void squared_differences(ImageView<const T> left, ImageView<const T> right, int first, TensorView<Square<T>, 3> volume,
                         int num_threads = 0);

/// The derivatives of either in both images; T is float or double. That of |0| is 0.
template <typename T>
void differences_backward(TensorView<const T, 3> d_volume, ImageView<const T> left, ImageView<const T> right, int first,
                          bool squared, ImageView<T> d_left, ImageView<T> d_right, int num_threads = 0);

/// How far each intensity lies from the other image's between half a pixel before and behind, the smaller of both
/// ways round (Birchfield & Tomasi, PAMI 1998); the border pixels go on beyond the border.
template <typename T>
void birchfield_tomasi(ImageView<const T> left, ImageView<const T> right, int first, TensorView<Real<T>, 3> volume,
                       int num_threads = 0);

/// 1 - correlation of `window` x `window` pixels (odd), or with `means` of those less their means (ZNCC): 0 ... 2.
/// Either image repeats its border pixels. NaN as well where a window has no light (means: no variance) to speak of:
/// 1e-12 of the mean square it would need.
template <typename T>
void correlation_costs(ImageView<const T> left, ImageView<const T> right, int first, int window, bool means,
                       TensorView<Real<T>, 3> volume, int num_threads = 0);

}  // namespace geomvision::ops

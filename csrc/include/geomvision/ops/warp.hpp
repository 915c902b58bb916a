#pragma once

#include <cstdint>

#include "geomvision/tensor.hpp"

// Backward warping: look an image up where a displacement field points. Pixel (x, y) of the result is the image at
// (x + dx, y + dy). Pixel centres lie at integers; inside is [0, width - 1] x [0, height - 1]; NaN is never inside.

namespace geomvision::ops {

/// Between pixels: bilinear, or cubic convolution with a = -1/2, the border repeating (Keys, 1981).
enum class Interpolation { bilinear, bicubic };

/// What a pixel becomes that points outside: NaN, 0, or the nearest place inside (0 where it points to NaN).
enum class Outside { nan, zero, border };

struct WarpOptions {
  Interpolation mode = Interpolation::bilinear;
  Outside outside = Outside::nan;
};

/// Images, their channels side by side: image (height, width, channels), displacement (h, w, 2) as (dx, dy) in pixels,
/// warped (h, w, channels). In is std::uint8_t, std::uint16_t or float; Out is In or float. Integers are rounded to
/// nearest. `inside` (h, w) becomes 1 where the displacement points inside; leave it out when it is not needed.
/// Throws std::invalid_argument when sizes disagree, or when integers would have to be NaN.
template <typename In, typename Out>
void warp(TensorView<const In, 3> image, TensorView<const float, 3> displacement, TensorView<Out, 3> warped,
          WarpOptions options = {}, int num_threads = 0, TensorView<std::uint8_t, 2> inside = {});

/// The right view as the left one sees it: the same by (-disparity, 0). disparity: (h, w), x_right = x_left -
/// disparity.
template <typename In, typename Out>
void warp_by_disparity(TensorView<const In, 3> right, TensorView<const float, 2> disparity, TensorView<Out, 3> warped,
                       WarpOptions options = {}, int num_threads = 0, TensorView<std::uint8_t, 2> inside = {});

/// Features: image (batch, channels, height, width), displacement (batch, 2, h, w), warped (batch, channels, h, w),
/// inside (batch, h, w). T is float or double.
template <typename T>
void warp_features(TensorView<const T, 4> image, TensorView<const T, 4> displacement, TensorView<T, 4> warped,
                   WarpOptions options = {}, int num_threads = 0, TensorView<std::uint8_t, 3> inside = {});

/// The same by (-disparity, 0); disparity: (batch, h, w).
template <typename T>
void warp_features_by_disparity(TensorView<const T, 4> right, TensorView<const T, 3> disparity, TensorView<T, 4> warped,
                                WarpOptions options = {}, int num_threads = 0, TensorView<std::uint8_t, 3> inside = {});

/// The derivative of `warp_features` in image and displacement; pixels that point outside give none.
template <typename T>
void warp_features_backward(TensorView<const T, 4> d_warped, TensorView<const T, 4> image,
                            TensorView<const T, 4> displacement, TensorView<T, 4> d_image,
                            TensorView<T, 4> d_displacement, WarpOptions options = {}, int num_threads = 0);

}  // namespace geomvision::ops

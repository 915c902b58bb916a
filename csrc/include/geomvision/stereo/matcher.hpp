#pragma once

#include <cstdint>

#include "geomvision/image.hpp"

namespace geomvision::stereo {

/// What every matcher of rectified pairs does, so that a program may choose one when it runs.
///
/// Images are grey, of equal size: 8 or 16 bits or floats. Disparities are pixels, NaN where there is no estimate. A
/// second call of the same size into the caller's memory allocates nothing. What does not fit throws
/// std::invalid_argument. One object serves one thread at a time.
class Matcher {
 public:
  using Bytes = ImageView<const std::uint8_t>;
  using Words = ImageView<const std::uint16_t>;
  using Floats = ImageView<const float>;

  virtual ~Matcher() = default;
  Matcher(const Matcher&) = delete;
  Matcher& operator=(const Matcher&) = delete;

  Image<float> operator()(Bytes left, Bytes right) { return matched(left, right); }
  Image<float> operator()(Words left, Words right) { return matched(left, right); }
  Image<float> operator()(Floats left, Floats right) { return matched(left, right); }

  /// Into the caller's memory, which may be that of an image.
  void operator()(Bytes left, Bytes right, ImageView<float> disparity) { match(left, right, disparity); }
  void operator()(Words left, Words right, ImageView<float> disparity) { match(left, right, disparity); }
  void operator()(Floats left, Floats right, ImageView<float> disparity) { match(left, right, disparity); }

  /// How sure the last call was of each pixel, in [0, 1]; 0 for pixels without their own estimate.
  virtual ImageView<const float> confidence() const = 0;

  /// 1 where the last call found that the right view does not see the pixel, else 0; all 0 without left-right check.
  virtual ImageView<const std::uint8_t> occluded() const = 0;

 protected:
  Matcher() = default;
  Matcher(Matcher&&) = default;
  Matcher& operator=(Matcher&&) = default;

 private:
  virtual void match(Bytes left, Bytes right, ImageView<float> disparity) = 0;
  virtual void match(Words left, Words right, ImageView<float> disparity) = 0;
  virtual void match(Floats left, Floats right, ImageView<float> disparity) = 0;

  template <typename T>
  Image<float> matched(ImageView<const T> left, ImageView<const T> right) {
    Image<float> disparity(left.width(), left.height());
    match(left, right, disparity.view());
    return disparity;
  }
};

}  // namespace geomvision::stereo

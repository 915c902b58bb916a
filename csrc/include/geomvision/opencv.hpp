#pragma once

// Optional: needs OpenCV's core headers, which the library itself does not. Include it where cv::Mat meets geomvision.

#include <cstdint>
#include <opencv2/core.hpp>

#include "geomvision/check.hpp"
#include "geomvision/image.hpp"

namespace geomvision {

/// Borrow the pixels of a one-channel cv::Mat, or of a region of one; nothing is copied, and the Mat must outlive the
/// view. Throws std::invalid_argument when the Mat does not hold single T's, or has more than two dimensions.
template <typename T>
ImageView<const T> as_view(const cv::Mat& mat) {
  check(mat.dims <= 2, "as_view: the Mat has ", mat.dims, " dimensions; an image has 2");
  check(mat.empty() || mat.type() == cv::traits::Type<T>::value, "as_view: the Mat is ", cv::typeToString(mat.type()),
        "; asked for is ", cv::typeToString(cv::traits::Type<T>::value), ": convert it first");
  return {mat.ptr<T>(), mat.cols, mat.rows, static_cast<std::ptrdiff_t>(mat.step1())};
}

template <typename T>
ImageView<T> as_view(cv::Mat& mat) {
  const ImageView<const T> view = as_view<T>(static_cast<const cv::Mat&>(mat));
  return {const_cast<T*>(view.data()), view.width(), view.height(), view.stride()};
}

/// `matcher(left, right)` on grey Mats of 8 or 16 unsigned bits or floats. `disparity` becomes CV_32F of their size,
/// pixels, NaN where there is no estimate; it is allocated only when its size or type changes. It may be one of the
/// images: of floats, their pixels become disparities.
template <typename Matcher>
void match(Matcher& matcher, const cv::Mat& left_image, const cv::Mat& right_image, cv::Mat& disparity) {
  const cv::Mat left = left_image, right = right_image;  // keep their pixels where `disparity` is one of them
  check(left.dims <= 2 && right.dims <= 2, "match: the Mats have ", left.dims, " and ", right.dims,
        " dimensions; images have 2");
  check(left.type() == right.type(), "match: left is ", cv::typeToString(left.type()), ", right is ",
        cv::typeToString(right.type()), "; they must be equal");
  disparity.create(left.rows, left.cols, CV_32F);
  const ImageView<float> result = as_view<float>(disparity);
  switch (left.type()) {
    case CV_8UC1:
      return matcher(as_view<std::uint8_t>(left), as_view<std::uint8_t>(right), result);
    case CV_16UC1:
      return matcher(as_view<std::uint16_t>(left), as_view<std::uint16_t>(right), result);
    case CV_32FC1:
      return matcher(as_view<float>(left), as_view<float>(right), result);
    default:
      check(false, "match: the images are ", cv::typeToString(left.type()),
            "; allowed are CV_8UC1, CV_16UC1 and CV_32FC1: convert them to grey first");
  }
}

}  // namespace geomvision

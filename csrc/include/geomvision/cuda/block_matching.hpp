#pragma once

#include <cstdint>

#include "geomvision/cuda/device_view.hpp"
#include "geomvision/stereo/block_matching.hpp"

namespace geomvision::cuda {

/// `stereo::BlockMatching` on a GPU: the same options and equal results, to the last bit.
///
///     gv::cuda::BlockMatching matching({.max_disparity = 96, .cost = "zncc"});
///     matching(left, right, disparity, confidence, occluded, stream);
///
/// Memory comes from the stream's pool; costs are not kept. Nothing waits, so nothing is refused for what it holds:
/// where an image of floats holds NaN or infinity there is no estimate in any pixel.
class BlockMatching {
 public:
  /// Throws std::invalid_argument when an option is not allowed.
  explicit BlockMatching(stereo::BlockMatchingOptions options = {});

  const stereo::BlockMatchingOptions& options() const { return options_; }

  /// Grey images and maps of the same (height, width). Confidence and occluded pixels may be left out: {}.
  void operator()(DeviceView<const std::uint8_t, 2> left, DeviceView<const std::uint8_t, 2> right,
                  DeviceView<float, 2> disparity, DeviceView<float, 2> confidence = {},
                  DeviceView<std::uint8_t, 2> occluded = {}, Stream stream = nullptr) const;
  void operator()(DeviceView<const std::uint16_t, 2> left, DeviceView<const std::uint16_t, 2> right,
                  DeviceView<float, 2> disparity, DeviceView<float, 2> confidence = {},
                  DeviceView<std::uint8_t, 2> occluded = {}, Stream stream = nullptr) const;
  void operator()(DeviceView<const float, 2> left, DeviceView<const float, 2> right, DeviceView<float, 2> disparity,
                  DeviceView<float, 2> confidence = {}, DeviceView<std::uint8_t, 2> occluded = {},
                  Stream stream = nullptr) const;

 private:
  struct Maps {
    DeviceView<float, 2> disparity, confidence;
    DeviceView<std::uint8_t, 2> occluded;
  };
  template <typename T>
  void run(DeviceView<const T, 2> left, DeviceView<const T, 2> right, Maps maps, Stream stream) const;

  stereo::BlockMatchingOptions options_;
};

}  // namespace geomvision::cuda

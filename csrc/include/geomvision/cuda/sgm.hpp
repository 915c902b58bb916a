#pragma once

#include <cstdint>

#include "geomvision/cuda/device_view.hpp"
#include "geomvision/stereo/sgm.hpp"

namespace geomvision::cuda {

/// `stereo::SGM` on a GPU: the same options and equal results, of at most 2048 disparities.
///
///     gv::cuda::SGM sgm({.max_disparity = 96});
///     sgm(left, right, disparity, confidence, occluded, stream);
///
/// All directions are followed at once. That takes, in bytes, paths + 1 times the pixels and disparities, and where it
/// would be more than 4 GiB some directions come after the others; memory comes from the stream's pool. Where a device
/// has not enough, std::runtime_error says how much is needed. Nothing waits, so nothing is refused for what it holds:
/// what NaN in an image leads to means nothing.
class SGM {
 public:
  /// Throws std::invalid_argument when an option is not allowed.
  explicit SGM(stereo::SGMOptions options = {});

  const stereo::SGMOptions& options() const { return options_; }

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

  /// From costs that the caller computed: (height, width, max_disparity - min_disparity), see `stereo::SGM`. Costs
  /// above 255 - p2 count as that.
  void operator()(DeviceView<const std::uint8_t, 3> costs, DeviceView<const std::uint8_t, 2> left,
                  DeviceView<float, 2> disparity, DeviceView<float, 2> confidence = {},
                  DeviceView<std::uint8_t, 2> occluded = {}, Stream stream = nullptr) const;
  void operator()(DeviceView<const std::uint8_t, 3> costs, DeviceView<const std::uint16_t, 2> left,
                  DeviceView<float, 2> disparity, DeviceView<float, 2> confidence = {},
                  DeviceView<std::uint8_t, 2> occluded = {}, Stream stream = nullptr) const;
  void operator()(DeviceView<const std::uint8_t, 3> costs, DeviceView<const float, 2> left,
                  DeviceView<float, 2> disparity, DeviceView<float, 2> confidence = {},
                  DeviceView<std::uint8_t, 2> occluded = {}, Stream stream = nullptr) const;

 private:
  struct Maps {
    DeviceView<float, 2> disparity, confidence;
    DeviceView<std::uint8_t, 2> occluded;
  };
  template <typename T>
  void run(DeviceView<const T, 2> left, DeviceView<const T, 2> right, Maps maps, Stream stream) const;
  template <typename T>
  void match_costs(DeviceView<const std::uint8_t, 3> costs, DeviceView<const T, 2> left, Maps maps,
                   Stream stream) const;
  template <typename T, typename Costs>
  void match(DeviceView<const T, 2> left, int first, int count, const Costs& costs, Maps maps, Stream stream) const;

  stereo::SGMOptions options_;
};

}  // namespace geomvision::cuda

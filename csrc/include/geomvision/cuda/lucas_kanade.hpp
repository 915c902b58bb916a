#pragma once

#include <cstdint>
#include <vector>

#include "geomvision/cuda/device_view.hpp"
#include "geomvision/flow/lucas_kanade.hpp"

namespace geomvision::cuda {

/// `flow::LucasKanade` on a GPU: the same options, the same operations on floats in the same order, and so the same
/// results to the last bit.
///
///     cuda::LucasKanade lucas_kanade({...});
///     lucas_kanade(frame0, frame1, flow, confidence, occluded, stream);  // (height, width); the last three may be
///     left out
///
/// Frames are not looked through, since nothing waits for the GPU: where a float frame holds NaN or values beyond a
/// million, the flow around them is no estimate. Sizes that disagree throw std::invalid_argument. An object may serve
/// several callers at a time.
class LucasKanade {
 public:
  using Bytes = DeviceView<const std::uint8_t, 2>;
  using Words = DeviceView<const std::uint16_t, 2>;
  using Floats = DeviceView<const float, 2>;
  using Field = DeviceView<flow::Vec2f, 2>;

  /// Throws std::invalid_argument when an option is out of range. num_threads is not looked at.
  explicit LucasKanade(const flow::LucasKanadeOptions& options = {});

  /// Into given images; see `flow::PyramidalFlow`.
  void operator()(Bytes frame0, Bytes frame1, Field flow, DeviceView<float, 2> confidence = {},
                  DeviceView<std::uint8_t, 2> occluded = {}, Stream stream = nullptr) const;
  void operator()(Words frame0, Words frame1, Field flow, DeviceView<float, 2> confidence = {},
                  DeviceView<std::uint8_t, 2> occluded = {}, Stream stream = nullptr) const;
  void operator()(Floats frame0, Floats frame1, Field flow, DeviceView<float, 2> confidence = {},
                  DeviceView<std::uint8_t, 2> occluded = {}, Stream stream = nullptr) const;

 private:
  template <typename T>
  void estimate(DeviceView<const T, 2> frame0, DeviceView<const T, 2> frame1, Field flow,
                DeviceView<float, 2> confidence, DeviceView<std::uint8_t, 2> occluded, Stream stream) const;

  flow::LucasKanadeOptions options_;
  std::vector<float> weights_;  ///< of the two values k away in a window, k = 0 ... window / 2
};

}  // namespace geomvision::cuda

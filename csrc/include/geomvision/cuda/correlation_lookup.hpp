#pragma once

#include "geomvision/cuda/device_view.hpp"
#include "geomvision/ops/correlation_lookup.hpp"

namespace geomvision::cuda {

/// `ops::CorrelationLookup` on a GPU: the same sizes, options and results. Packed features are those of the CPU; floats
/// of the others agree to 1e-5 of the products' size (they are summed in another order). Made for float, where the
/// windows of 32 pixels, with their features, find room in shared memory: to radius 6 with 256 channels on any device;
/// others are computed sample by sample. Memory does not grow with the volume.
template <typename T>
class CorrelationLookup {
 public:
  explicit CorrelationLookup(const ops::CorrelationLookupOptions& options = {});

  std::ptrdiff_t positions(std::ptrdiff_t height, std::ptrdiff_t width) const;
  static std::ptrdiff_t padded_channels(std::ptrdiff_t channels) { return (channels + 15) / 16 * 16; }

  void pack(DeviceView<const T, 4> features1, DeviceView<T, 3> packed, Stream stream = nullptr) const;
  void pack_backward(DeviceView<const T, 3> d_packed, DeviceView<T, 4> d_features1, Stream stream = nullptr) const;

  void operator()(DeviceView<const T, 4> features0, DeviceView<const T, 3> packed, std::ptrdiff_t height1,
                  std::ptrdiff_t width1, DeviceView<const T, 4> coordinates, DeviceView<T, 4> out,
                  Stream stream = nullptr) const;

  /// Pixels that meet one position add to d_packed in no fixed order: results of two calls may differ by rounding.
  /// Features that are not finite spoil d_features0 of pixels nearby, too.
  void backward(DeviceView<const T, 4> d_out, DeviceView<const T, 4> features0, DeviceView<const T, 3> packed,
                std::ptrdiff_t height1, std::ptrdiff_t width1, DeviceView<const T, 4> coordinates,
                DeviceView<T, 4> d_features0, DeviceView<T, 3> d_packed, Stream stream = nullptr) const;
  void backward_coordinates(DeviceView<const T, 4> d_out, DeviceView<const T, 4> features0,
                            DeviceView<const T, 3> packed, std::ptrdiff_t height1, std::ptrdiff_t width1,
                            DeviceView<const T, 4> coordinates, DeviceView<T, 4> d_coordinates,
                            Stream stream = nullptr) const;

 private:
  ops::CorrelationLookupOptions options_;
};

/// `ops::CorrelationLookup1D`, without what it keeps from one lookup to the next. Each call packs features1 for itself,
/// in memory that it gives back. The same words on results as above.
template <typename T>
class CorrelationLookup1D {
 public:
  explicit CorrelationLookup1D(const ops::CorrelationLookupOptions& options = {});

  void operator()(DeviceView<const T, 4> features0, DeviceView<const T, 4> features1, DeviceView<const T, 3> x,
                  DeviceView<T, 4> out, Stream stream = nullptr) const;
  void backward(DeviceView<const T, 4> d_out, DeviceView<const T, 4> features0, DeviceView<const T, 4> features1,
                DeviceView<const T, 3> x, DeviceView<T, 4> d_features0, DeviceView<T, 4> d_features1,
                Stream stream = nullptr) const;
  void backward_coordinates(DeviceView<const T, 4> d_out, DeviceView<const T, 4> features0,
                            DeviceView<const T, 4> features1, DeviceView<const T, 3> x, DeviceView<T, 3> d_x,
                            Stream stream = nullptr) const;

 private:
  ops::CorrelationLookupOptions options_;
};

}  // namespace geomvision::cuda

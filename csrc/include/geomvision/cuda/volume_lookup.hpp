#pragma once

#include "geomvision/cuda/device_view.hpp"

namespace geomvision::cuda {

/// `ops::VolumeLookup` on a GPU: the same sizes and results, floats to 1e-5 of the volume's largest. A product belongs
/// to one pixel, so that its derivative is gathered: results of two calls are equal. The volume must have no gaps.
template <typename T>
class VolumeLookup {
 public:
  explicit VolumeLookup(int radius = 4, int level = 0);

  void operator()(DeviceView<const T, 5> volume, DeviceView<const T, 4> coordinates, DeviceView<T, 4> out,
                  Stream stream = nullptr) const;
  void backward(DeviceView<const T, 4> d_out, DeviceView<const T, 4> coordinates, DeviceView<T, 5> d_volume,
                Stream stream = nullptr) const;
  void backward_coordinates(DeviceView<const T, 4> d_out, DeviceView<const T, 5> volume,
                            DeviceView<const T, 4> coordinates, DeviceView<T, 4> d_coordinates,
                            Stream stream = nullptr) const;

 private:
  int radius_, level_;
};

/// `ops::halve_volume` on a GPU, to the last bit: the next level of a correlation pyramid, of an
/// `AllPairsCorrelation` for instance.
template <typename T>
void halve_volume(DeviceView<const T, 5> volume, DeviceView<T, 5> half, Stream stream = nullptr);

/// Its derivative.
template <typename T>
void halve_volume_backward(DeviceView<const T, 5> d_half, DeviceView<T, 5> d_volume, Stream stream = nullptr);

}  // namespace geomvision::cuda

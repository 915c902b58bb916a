#pragma once

#include "geomvision/cuda/device_view.hpp"

namespace geomvision::cuda {

/// `ops::AllPairsCorrelation` on a GPU: the same sizes, floats to 1e-5 and doubles to 1e-13 of the largest sum of a
/// product's magnitudes. Sums have one order: results of two calls are equal. No array may have gaps.
///
/// The arithmetic is that of T, never of fewer bits. Who has cuBLAS at hand (torch has) multiplies with that.
template <typename T>
class AllPairsCorrelation {
 public:
  void operator()(DeviceView<const T, 4> features0, DeviceView<const T, 4> features1, DeviceView<T, 5> volume,
                  Stream stream = nullptr) const;
  void operator()(DeviceView<const T, 4> features0, DeviceView<const T, 4> features1, DeviceView<T, 4> volume,
                  Stream stream = nullptr) const;

  void backward(DeviceView<const T, 5> d_volume, DeviceView<const T, 4> features0, DeviceView<const T, 4> features1,
                DeviceView<T, 4> d_features0, DeviceView<T, 4> d_features1, Stream stream = nullptr) const;
  void backward(DeviceView<const T, 4> d_volume, DeviceView<const T, 4> features0, DeviceView<const T, 4> features1,
                DeviceView<T, 4> d_features0, DeviceView<T, 4> d_features1, Stream stream = nullptr) const;
};

}  // namespace geomvision::cuda

#pragma once

#include "cuda/launch.cuh"

// What all cost volumes of features hold their arguments to.

namespace geomvision::cuda {

template <typename T>
void check_features(const char* op, const DeviceView<const T, 4>& left, const DeviceView<const T, 4>& right) {
  check(left.sizes() == right.sizes(), op, ": left is ", left.shape(), ", right is ", right.shape(),
        "; they must be equal");
}

template <typename T, typename U, int Rank>
void check_volume(const char* op, const DeviceView<const T, 4>& left, const DeviceView<U, Rank>& volume,
                  std::ptrdiff_t channels) {
  bool fits =
      volume.size(0) == left.size(0) && volume.size(Rank - 2) == left.size(2) && volume.size(Rank - 1) == left.size(3);
  if (Rank == 5) fits = fits && volume.size(1) == channels;
  check(fits, op, ": features are ", left.shape(), ", the volume is ", volume.shape(),
        "; batch, height and width must be equal, and the channels of the volume ", channels);
  check(left.size(2) * left.size(3) < (std::ptrdiff_t{1} << 31), op, ": features are ", left.shape(),
        "; allowed are below 2^31 pixels");
}

template <typename T>
void check_gradients(const char* op, const DeviceView<const T, 4>& left, const DeviceView<T, 4>& d_left,
                     const DeviceView<T, 4>& d_right) {
  check(d_left.sizes() == left.sizes() && d_right.sizes() == left.sizes(), op, ": features are ", left.shape(),
        ", gradients are ", d_left.shape(), " and ", d_right.shape(), "; they must be equal");
}

}  // namespace geomvision::cuda

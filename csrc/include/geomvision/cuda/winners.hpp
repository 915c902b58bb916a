#pragma once

#include <cstdint>
#include <string>

#include "geomvision/cuda/device_view.hpp"
#include "geomvision/ops/winners.hpp"

// `ops/winners.hpp` on a GPU: volumes (rows, width, disparities) of uint8, uint16, int32 or float, the same results to
// the last bit. Rows do not know of each other: a batch is a taller volume.
namespace geomvision::cuda {

/// `ops::winner_takes_all` on a GPU.
template <typename T>
void winner_takes_all(DeviceView<const T, 3> volume, int first, DeviceView<float, 2> disparity, DeviceView<T, 2> cost,
                      DeviceView<T, 2> second, Stream stream = nullptr);

/// `ops::right_winners` on a GPU.
template <typename T>
void right_winners(DeviceView<const T, 3> volume, int first, DeviceView<float, 2> disparity, Stream stream = nullptr);

/// `ops::subpixel` on a GPU; `refined` may be the winners themselves.
template <typename T>
void subpixel(DeviceView<const T, 3> volume, DeviceView<const float, 2> winners, int first, const std::string& fit,
              DeviceView<float, 2> refined, Stream stream = nullptr);

/// `ops::uniqueness` on a GPU.
template <typename T>
void uniqueness(DeviceView<const float, 2> disparity, DeviceView<const T, 2> cost, DeviceView<const T, 2> second,
                int percent, DeviceView<float, 2> kept, DeviceView<float, 2> margin, Stream stream = nullptr);

/// `ops::left_right_check` on a GPU.
void left_right_check(DeviceView<const float, 2> left, DeviceView<const float, 2> right, double tolerance,
                      DeviceView<std::uint8_t, 2> codes, Stream stream = nullptr);

}  // namespace geomvision::cuda

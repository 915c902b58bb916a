#pragma once

#include <cstdint>
#include <string>

#include "geomvision/cuda/device_view.hpp"

namespace geomvision::cuda {

/// `ops::census_transform` on a GPU: the same words.
template <typename T>
void census_transform(DeviceView<const T, 2> image, const std::string& window, DeviceView<std::int64_t, 2> words,
                      Stream stream = nullptr);

/// `ops::hamming_distances` on a GPU: the same volume, which must have no gaps.
void hamming_distances(DeviceView<const std::int64_t, 2> left, DeviceView<const std::int64_t, 2> right, int first,
                       DeviceView<std::uint8_t, 3> volume, Stream stream = nullptr);

}  // namespace geomvision::cuda

#pragma once

#include <cstdint>
#include <string>

#include "cuda/launch.cuh"

namespace geomvision::cuda {

/// Matching costs on a GPU: of each pixel `pitch` bytes, of which `count` are candidates' and the others 255.
struct CostVolume {
  int height, width, count, pitch;
  std::size_t bytes() const {
    return static_cast<std::size_t>(height) * static_cast<std::size_t>(width) * static_cast<std::size_t>(pitch);
  }
  std::ptrdiff_t pixels() const { return static_cast<std::ptrdiff_t>(height) * width; }
};

/// Distances of census words for disparities from `first` on. A candidate outside the right image costs a third of the
/// bits, and no more than the mean of those inside.
template <typename T>
void census_costs(DeviceView<const T, 2> left, DeviceView<const T, 2> right, const std::string& window, int first,
                  const CostVolume& volume, std::uint8_t* costs, Stream stream);

/// Costs that a caller computed; larger ones than `most` count as `most`.
void given_costs(DeviceView<const std::uint8_t, 3> given, int most, const CostVolume& volume, std::uint8_t* costs,
                 Stream stream);

}  // namespace geomvision::cuda

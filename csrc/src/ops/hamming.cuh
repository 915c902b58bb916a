#pragma once

#include <cstdint>

#include "cuda/launch.cuh"

namespace geomvision::cuda {

/// Hamming distances of left x and right x - first - k for k < count, 255 where there is no such right pixel; of each
/// pixel `pitch` bytes, 255 after the last.
void distances(const Cells<const std::int64_t, 2>& left, const Cells<const std::int64_t, 2>& right, int first,
               int count, int pitch, std::uint8_t* costs, Stream stream);

}  // namespace geomvision::cuda

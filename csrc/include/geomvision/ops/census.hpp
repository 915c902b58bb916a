#pragma once

#include <cstdint>
#include <string>

#include "geomvision/image.hpp"
#include "geomvision/tensor.hpp"

namespace geomvision::ops {

/// Census words (Zabih & Woodfill, ECCV 1994): bit i is set where the i-th neighbour, row by row without the centre, is
/// darker than the centre; the image repeats its border pixels. Neighbourhoods, width x height: "5x5", "7x7", "9x7"
/// (24, 48, 62 bits), and "sparse": every second column and row of 9x7, 20 bits (after Humenberger et al., CVIU 2010).
template <typename T>
void census_transform(ImageView<const T> image, const std::string& window, TensorView<std::int64_t, 2> words,
                      int num_threads = 0);

/// In how many bits the words of left x and right x - first - k differ: (height, width, disparities) without gaps, 255
/// where that lies outside the right image.
void hamming_distances(TensorView<const std::int64_t, 2> left, TensorView<const std::int64_t, 2> right, int first,
                       TensorView<std::uint8_t, 3> volume, int num_threads = 0);

}  // namespace geomvision::ops

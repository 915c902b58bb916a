#pragma once

#include <algorithm>
#include <functional>
#include <vector>

#include "geomvision/check.hpp"
#include "geomvision/image.hpp"
#include "geomvision/parallel.hpp"
#include "kernels/matching_costs.hpp"

namespace geomvision::ops {

constexpr int farthest = 1 << 20;  // pixels

template <typename A, typename B, typename V>
void check_pair(const char* op, const A& left, const B& right, int first, const V& volume) {
  check(left.width() == right.width() && left.height() == right.height(), op, ": left is ", left.width(), "x",
        left.height(), ", right is ", right.width(), "x", right.height(), " pixels; they must be equal");
  check(volume.size(0) == left.height() && volume.size(1) == left.width(), op, ": the volume is ", volume.shape(),
        ", the images are ", left.width(), "x", left.height(), " pixels; it must be (height, width, disparities)");
  check(volume.is_packed(), op, ": the volume has gaps; it must have none");
  check(first >= -farthest && first <= farthest && volume.size(2) <= farthest, op, ": the first disparity is ", first,
        " of ", volume.size(2), "; allowed are ", farthest, " px either way, and as many");
}

template <typename T, typename V>
kernels::VolumeRow volume_row(const ImageView<const T>& image, int first, const V& volume) {
  return {image.width(), first, static_cast<int>(volume.size(2))};
}

// body(y, mirrored) for every row, each with its right row read from right to left.
template <typename T, typename Body>
void each_row(const ImageView<const T>& right, int num_threads, const Body& body) {
  const auto rows = [&](int begin, int end) {
    std::vector<T> mirrored(static_cast<std::size_t>(right.width()));
    for (int y = begin; y < end; ++y) {
      std::reverse_copy(right.row(y), right.row(y) + right.width(), mirrored.begin());
      body(y, mirrored.data());
    }
  };
  parallel_for(right.width() == 0 ? 0 : right.height(), num_threads, std::ref(rows), 4);
}

}  // namespace geomvision::ops

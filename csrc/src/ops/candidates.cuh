#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include "cuda/launch.cuh"
#include "ops/matched_rows.hpp"

// Volumes of a rectified pair on a GPU: candidate k of left pixel x compares it with right pixel x - first - k.

namespace geomvision::cuda {

template <typename A, typename B, typename V>
void check_pair(const char* op, const A& left, const B& right, int first, const V& volume) {
  check(left.sizes() == right.sizes(), op, ": left is ", left.shape(), ", right is ", right.shape(),
        "; they must be equal");
  check(volume.size(0) == left.size(0) && volume.size(1) == left.size(1), op, ": the volume is ", volume.shape(),
        ", the images are ", left.shape(), "; it must be (height, width, disparities)");
  require_packed(op, "the volume", volume);
  check(first >= -ops::farthest && first <= ops::farthest && volume.size(2) <= ops::farthest, op,
        ": the first disparity is ", first, " of ", volume.size(2), "; allowed are ", ops::farthest,
        " px either way, and as many");
}

namespace candidates {

constexpr int block = 256;

/// The cost of a candidate outside the right image.
template <typename Cost>
constexpr Cost nothing() {
  using Limits = std::numeric_limits<Cost>;
  return std::is_floating_point_v<Cost> ? Limits::quiet_NaN() : Limits::max();
}

/// A few costs that one store writes.
template <typename Cost>
struct alignas(sizeof(Cost) * (sizeof(Cost) > 4 ? 2 : 4)) Some {
  static constexpr int count = sizeof(Cost) > 4 ? 2 : 4;
  Cost costs[count];
};

/// `Of` compares what Of::seen(row, x, width) makes of a left pixel with right pixels: Of::cost(seen, row, x, width).
/// The elements of a row, pixels and candidates alike, are dealt out in runs of a few.
template <typename Of>
__global__ void __launch_bounds__(block)
    compare(Cells<const typename Of::Pixel, 2> left, Cells<const typename Of::Pixel, 2> right, int first, int count,
            int pieces, typename Of::Cost* volume) {
  using Cost = typename Of::Cost;
  constexpr int some = Some<Cost>::count;
  const int y = static_cast<int>(blockIdx.x) / pieces, width = left.sizes[1], elements = width * count;
  const int at = ((static_cast<int>(blockIdx.x) - y * pieces) * block + static_cast<int>(threadIdx.x)) * some;
  if (at >= elements) return;
  const auto* seen_row = left.at(y);
  const auto* met_row = right.at(y);
  Cost* row = volume + static_cast<std::int64_t>(y) * elements;
  int x = at / count, k = at - x * count;
  auto seen = Of::seen(seen_row, x, width);
  Some<Cost> found;
  for (int i = 0; i < some; ++i) {
    const int met = x - first - k;
    found.costs[i] = met >= 0 && met < width ? Of::cost(seen, met_row, met, width) : nothing<Cost>();
    if (++k == count && x + 1 < width) {
      k = 0;
      seen = Of::seen(seen_row, ++x, width);
    }
  }
  if (elements % some == 0 && reinterpret_cast<std::uintptr_t>(volume) % sizeof(found) == 0) {
    *reinterpret_cast<Some<Cost>*>(row + at) = found;
  } else {
    for (int i = 0; i < some; ++i) {
      if (at + i < elements) row[at + i] = found.costs[i];
    }
  }
}

template <typename Of>
void fill(const char* op, DeviceView<const typename Of::Pixel, 2> left, DeviceView<const typename Of::Pixel, 2> right,
          int first, DeviceView<typename Of::Cost, 3> volume, Stream stream) {
  check_pair(op, left, right, first, volume);
  if (volume.empty()) return;
  constexpr int of_block = block * Some<typename Of::Cost>::count;
  const std::ptrdiff_t elements = volume.size(1) * volume.size(2);
  check(elements < (std::ptrdiff_t{1} << 31) - of_block, op, ": a row of the volume has ", elements,
        " elements; allowed are fewer than 2^31");
  const auto pieces = static_cast<int>(blocks(elements, of_block));
  using Image = Cells<const typename Of::Pixel, 2>;
  launch(compare<Of>, blocks(volume.size(0) * pieces, 1), block, 0, stream, Image(left), Image(right), first,
         static_cast<int>(volume.size(2)), pieces, volume.data());
}

}  // namespace candidates
}  // namespace geomvision::cuda

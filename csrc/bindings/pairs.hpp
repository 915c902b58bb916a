#pragma once

#include "planes.hpp"

namespace geomvision::bindings {

/// Volumes of `count` candidates: run(left, right, volume) for every pair of two batches (batch, height, width).
template <typename Cost, typename T, typename Run>
Array<Cost> each_pair(const Array<T>& left, const Array<T>& right, int count, const Run& run) {
  const auto l = tensor<3>(left, "left"), r = tensor<3>(right, "right");
  require_same_start(l, "left", r, "right", 3);
  if (count < 0) throw std::invalid_argument("count is " + std::to_string(count) + "; it must not be negative");
  Output<Cost, 4> volume({l.size(0), l.size(1), l.size(2), count});
  without_gil([&] {
    for (std::ptrdiff_t b = 0; b < l.size(0) && !volume.view.empty(); ++b) {
      run(plane(l, b), plane(r, b), part(volume.view, b));
    }
  });
  return volume.array;
}

}  // namespace geomvision::bindings

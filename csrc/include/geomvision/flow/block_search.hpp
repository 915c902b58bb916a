#pragma once

#include <cstdint>

#include "geomvision/tensor.hpp"

namespace geomvision::flow {

/// Options of `block_search`; those of the Python class `flow.BlockMatching` of the same names mean the same.
struct BlockSearchOptions {
  int radius = 4;        ///< displacements of at most so many pixels along x and along y are tried, 0 ... 127
  int window = 9;        ///< side of the square window, odd, 1 ... 31
  bool squared = false;  ///< squared differences instead of absolute ones; for levels alone
  int num_threads = 0;   ///< 0: all cores; results do not depend on it
};

/// What a search found; views of (planes, height, width).
struct BlockSearchResult {
  TensorView<std::int32_t, 3> displacement;  ///< dx, dy of the least cost; of equal ones the first, dy slowest
  /// The least cost; the least of those more than a pixel away along x or y; the costs to the left, right, above and
  /// below. Infinity where there is none.
  TensorView<float, 3> costs;
};

/// Exhaustive block matching: for each pixel the displacement at which windows of frame 1 look most like frame 0's.
///
///     flow::block_search(frame0, frame1, {.radius = 16}, {displacement, costs});
///
/// A cost is the mean over the part of the window that lies in both frames; candidates whose own pixel lies outside of
/// frame 1 are none. T: levels below 1024 (std::uint16_t), whose differences are summed, or census words
/// (std::int64_t), whose differing bits are. No volume is held. Throws std::invalid_argument when sizes disagree, or a
/// level is too high.
template <typename T>
void block_search(TensorView<const T, 2> frame0, TensorView<const T, 2> frame1, const BlockSearchOptions& options,
                  const BlockSearchResult& result);

}  // namespace geomvision::flow

#pragma once

#include <cstddef>
#include <cstdint>
#include <tuple>
#include <vector>

#include "geomvision/image.hpp"
#include "kernels/window_search.hpp"
#include "stereo/window_costs.hpp"

namespace geomvision::stereo {

/// Sums of absolute differences of bytes that fit 16 bits, and the winners of both views. Keeps its memory.
class ByteWindows {
 public:
  /// What a thread needs to itself.
  struct Room {
    std::vector<std::uint16_t> costs, scratch;
    std::vector<std::int16_t> from_right;
    std::vector<kernels::MatchedRows<std::uint8_t>> first;  // rows of the first window

    auto buffers() { return std::tie(costs, scratch, from_right, first); }
  };

  /// The cost of a candidate that is none.
  static constexpr std::int32_t none = 65535;

  /// Whether sums of window * window differences of at most `spread` levels fit.
  static bool fits(int window, int spread) {
    return window / 2 <= kernels::most_radius && window * window * spread < none;
  }

  /// Take a pair as it is, or its clipped gradients (see xsobel_row).
  void take(ImageView<const std::uint8_t> left, ImageView<const std::uint8_t> right, const WindowSearch& search,
            bool gradients, int num_threads);

  /// Sum up the windows before row y is searched.
  void start(Room& room, int y) const;

  /// The winners of row y; rows follow each other. Returns the right view's disparities, or `no_disparity`, until the
  /// next search of the room.
  const std::int16_t* search(Room& room, int y, const kernels::NarrowWinners& found) const;

 private:
  kernels::RowSearch row_search(Room& room) const;
  kernels::MatchedRows<std::uint8_t> rows(int y) const;

  int width_ = 0, height_ = 0, spread_ = 0, padded_ = 0;
  WindowSearch search_;
  std::size_t left_stride_ = 0, right_stride_ = 0;
  Image<std::uint8_t> gradients_[2];
  std::vector<std::uint8_t> left_, right_;
};

}  // namespace geomvision::stereo

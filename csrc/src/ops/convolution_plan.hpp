#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "geomvision/ops/convolution.hpp"

namespace geomvision::ops {

/// How a convolution's input is packed, piece by piece of its result: of each channel (or pair of channels) the rows
/// that a piece looks at, continued with zeros, and of each row the columns that lie `stride` apart beside each other.
class ConvolutionPlan {
 public:
  using Size = std::ptrdiff_t;

  /// For results of so many pixels, and packed columns of so many bytes over all channels. It fills `taps`: from the
  /// first packed element of a row of results to those of its taps.
  ConvolutionPlan(Size side, const ConvolutionOptions& options, Size height, Size width, Size column_bytes,
                  Size threads, std::vector<Size>& taps);

  /// Of a piece of the result, in pixels.
  Size rows() const { return rows_; }
  Size columns() const { return columns_; }

  Size packed_rows() const { return packed_rows_; }
  Size row_size() const { return stride_ * phase_size_; }
  Size channel_step() const { return packed_rows_ * row_size(); }
  /// From one row of results to the next.
  Size row_step() const { return stride_ * row_size(); }

  /// The packed row `row` of a piece whose results begin at (y, x), from a channel of `height` rows `step` apart.
  template <typename T>
  void pack(const T* channel, Size height, Size width, Size step, Size y, Size x, Size row, T* to) const {
    const Size at = y * stride_ - border_ + row;
    if (at < 0 || at >= height) {
      std::fill_n(to, row_size(), T(0));
      return;
    }
    for (Size phase = 0; phase < stride_; ++phase, to += phase_size_) {
      pack_phase(channel + at * step, width, x * stride_ - border_ + phase, to);
    }
  }

 private:
  // Columns start, start + stride ... of a row, zeros where there are none.
  template <typename T>
  void pack_phase(const T* row, Size width, Size start, T* to) const {
    const Size from = std::min(start < 0 ? pieces(-start, stride_) : 0, phase_size_);
    const Size stop = std::clamp(start < width ? pieces(width - start, stride_) : 0, from, phase_size_);
    std::fill_n(to, from, T(0));
    if (stride_ == 1) {
      std::copy_n(row + start + from, stop - from, to + from);
    } else {
      for (Size i = from; i < stop; ++i) to[i] = row[start + i * stride_];
    }
    std::fill_n(to + stop, phase_size_ - stop, T(0));
  }

  static Size pieces(Size count, Size size) { return (count + size - 1) / size; }

  Size stride_, border_, rows_, columns_, packed_rows_, phase_size_;
};

}  // namespace geomvision::ops

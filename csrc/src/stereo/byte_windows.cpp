#include "stereo/byte_windows.hpp"

#include <algorithm>
#include <functional>

#include "geomvision/parallel.hpp"
#include "stereo/matched_levels.hpp"

namespace geomvision::stereo {
namespace {

constexpr int cache_line = 64;

// A row continued by its end pixels to `length`, its first pixel at `lead` (anywhere, also outside).
void continue_row(const std::uint8_t* row, int width, int lead, int length, std::uint8_t* continued) {
  const int begin = std::clamp(lead, 0, length), end = std::clamp(lead + width, begin, length);
  std::fill(continued, continued + begin, row[0]);
  std::copy(row + (begin - lead), row + (begin - lead) + (end - begin), continued + begin);
  std::fill(continued + end, continued + length, row[width - 1]);
}

std::uint16_t* aligned(std::vector<std::uint16_t>& memory, std::size_t elements) {
  memory.resize(std::max(memory.size(), elements + cache_line / 2));
  const auto address = reinterpret_cast<std::uintptr_t>(memory.data());
  return memory.data() + (cache_line - address % cache_line) % cache_line / 2;
}

}  // namespace

void ByteWindows::take(ImageView<const std::uint8_t> left, ImageView<const std::uint8_t> right,
                       const WindowSearch& search, bool gradients, int num_threads) {
  const int stripe = GEOMVISION_KERNEL(search_stripe)();
  width_ = left.width();
  height_ = left.height();
  search_ = search;
  spread_ = gradients ? xsobel_levels : 255;
  padded_ = (search.count + stripe - 1) / stripe * stripe;
  left_stride_ = static_cast<std::size_t>(width_ + 2 * search.radius);
  right_stride_ = left_stride_ + static_cast<std::size_t>(padded_ - 1);
  left_.resize(left_stride_ * static_cast<std::size_t>(height_));
  right_.resize(right_stride_ * static_cast<std::size_t>(height_));
  for (Image<std::uint8_t>& image : gradients_) {
    if (gradients) shape_as(left, image);
  }
  const int farthest = search.radius + search.first + padded_ - 1;
  const auto copy = [&](int begin, int end) {
    for (int y = begin; y < end; ++y) {
      const std::size_t at = static_cast<std::size_t>(y);
      const std::uint8_t* rows[] = {left.row(y), right.row(y)};
      if (gradients) {
        xsobel_row(left, y, &gradients_[0](0, y));
        xsobel_row(right, y, &gradients_[1](0, y));
        for (int side = 0; side < 2; ++side) rows[side] = &gradients_[side](0, y);
      }
      continue_row(rows[0], width_, search.radius, static_cast<int>(left_stride_), &left_[at * left_stride_]);
      continue_row(rows[1], width_, farthest, static_cast<int>(right_stride_), &right_[at * right_stride_]);
    }
  };
  parallel_for(height_, num_threads, std::ref(copy), 16);
}

kernels::MatchedRows<std::uint8_t> ByteWindows::rows(int y) const {
  const std::size_t at = static_cast<std::size_t>(std::clamp(y, 0, height_ - 1));
  return {&left_[at * left_stride_], &right_[at * right_stride_]};
}

kernels::RowSearch ByteWindows::row_search(Room& room) const {
  kernels::RowSearch row{};
  row.width = width_;
  row.radius = search_.radius;
  row.first = search_.first;
  row.count = search_.count;
  row.padded = padded_;
  row.costs = aligned(room.costs, static_cast<std::size_t>(kernels::cost_elements(width_, padded_)));
  row.scratch = aligned(room.scratch, static_cast<std::size_t>(kernels::search_scratch(padded_)));
  // Right pixel x lies at x + shift; where that is negative for the first, further on.
  const int shift = search_.first + padded_ - 1;
  const int before = std::max(0, -shift), after = width_ + std::max(shift, padded_ + 2 * kernels::most_lanes);
  room.from_right.resize(static_cast<std::size_t>(before + after));
  row.from_right = room.from_right.data() + before;
  return row;
}

void ByteWindows::start(Room& room, int y) const {
  room.first.clear();
  for (int dy = -search_.radius - 1; dy < search_.radius; ++dy) room.first.push_back(rows(y + dy));
  GEOMVISION_KERNEL(sum_byte_windows)(row_search(room), room.first.data(), 255 / spread_);
}

const std::int16_t* ByteWindows::search(Room& room, int y, const kernels::NarrowWinners& found) const {
  kernels::RowSearch row = row_search(room);
  row.found = found;
  const auto entering = rows(y + search_.radius), leaving = rows(y - search_.radius - 1);
  if (spread_ < 64) {
    GEOMVISION_KERNEL(search_small_bytes)(row, entering, leaving);
  } else {
    GEOMVISION_KERNEL(search_bytes)(row, entering, leaving);
  }
  // Right pixel x was met between left pixel 0 and the last one, or never.
  const int shift = search_.first + padded_ - 1;
  std::int16_t* right = row.from_right + shift;
  const int begin = std::clamp(-shift, 0, width_), end = std::clamp(width_ + padded_ - 1 - shift, begin, width_);
  std::fill(right, right + begin, kernels::no_disparity);
  std::fill(right + end, right + width_, kernels::no_disparity);
  return right;
}

}  // namespace geomvision::stereo

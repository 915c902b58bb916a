#include "stereo/byte_windows.hpp"

#include <algorithm>
#include <functional>

#include "geomvision/parallel.hpp"

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
                       const WindowSearch& search, int spread, int num_threads) {
  const int lanes = GEOMVISION_KERNEL(search_lanes)();
  width_ = left.width();
  height_ = left.height();
  search_ = search;
  spread_ = spread;
  padded_ = (search.count + lanes - 1) / lanes * lanes;
  left_stride_ = static_cast<std::size_t>(width_ + 2 * search.radius);
  right_stride_ = left_stride_ + static_cast<std::size_t>(padded_ - 1);
  left_.resize(left_stride_ * static_cast<std::size_t>(height_));
  right_.resize(right_stride_ * static_cast<std::size_t>(height_));
  const int farthest = search.radius + search.first + padded_ - 1;
  const auto copy = [&](int begin, int end) {
    for (int y = begin; y < end; ++y) {
      const std::size_t at = static_cast<std::size_t>(y);
      continue_row(left.row(y), width_, search.radius, static_cast<int>(left_stride_), &left_[at * left_stride_]);
      continue_row(right.row(y), width_, farthest, static_cast<int>(right_stride_), &right_[at * right_stride_]);
    }
  };
  parallel_for(height_, num_threads, std::ref(copy), 32);
}

kernels::MatchedRows<std::uint8_t> ByteWindows::rows(int y) const {
  const std::size_t at = static_cast<std::size_t>(std::clamp(y, 0, height_ - 1));
  return {&left_[at * left_stride_], &right_[at * right_stride_]};
}

kernels::RowSearch ByteWindows::row_search(Band& band) const {
  kernels::RowSearch row{};
  row.width = width_;
  row.radius = search_.radius;
  row.first = search_.first;
  row.count = search_.count;
  row.padded = padded_;
  row.sums = aligned(band.sums, left_stride_ * static_cast<std::size_t>(padded_));
  row.scratch = aligned(band.scratch, static_cast<std::size_t>(kernels::search_scratch(padded_)));
  row.from_right = aligned(band.places, static_cast<std::size_t>(width_ + padded_ + 2 * kernels::most_lanes));
  return row;
}

void ByteWindows::start(Band& band, int y) const {
  const kernels::RowSearch row = row_search(band);
  std::fill_n(row.sums, left_stride_ * static_cast<std::size_t>(padded_), std::uint16_t{0});
  for (int dy = -search_.radius - 1; dy < search_.radius; ++dy) GEOMVISION_KERNEL(add_bytes)(row, rows(y + dy));
}

void ByteWindows::search(Band& band, int y, const kernels::RowWinners& found, std::int16_t nothing,
                         std::int16_t* right) const {
  kernels::RowSearch row = row_search(band);
  row.found = found;
  const auto entering = rows(y + search_.radius), leaving = rows(y - search_.radius - 1);
  if (spread_ < 128) {
    GEOMVISION_KERNEL(search_small_bytes)(row, entering, leaving);
  } else {
    GEOMVISION_KERNEL(search_bytes)(row, entering, leaving);
  }
  // Right pixel x was met between left pixel 0 and the last one, or never.
  const int shift = search_.first + padded_ - 1;
  const int begin = std::clamp(-shift, 0, width_), end = std::clamp(width_ + padded_ - 1 - shift, begin, width_);
  std::fill(right, right + begin, nothing);
  std::fill(right + end, right + width_, nothing);
  const std::uint16_t* places = row.from_right + shift;
  const int first = search_.first;
  for (int x = begin; x < end; ++x) {
    right[x] = places[x] == kernels::no_place ? nothing : static_cast<std::int16_t>(first + places[x]);
  }
}

}  // namespace geomvision::stereo

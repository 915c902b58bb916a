#include "stereo/sgm_costs.hpp"

#include <algorithm>
#include <cstring>
#include <functional>
#include <limits>
#include <type_traits>

#include "geomvision/check.hpp"
#include "geomvision/parallel.hpp"
#include "kernels/census.hpp"

namespace geomvision::stereo {
namespace {

template <typename T>
void take_planes(const T* const* rows, int radius_x, int radius_y, bool mirrored, int bits, int width, int pitch,
                 std::uint8_t* planes) {
  if constexpr (std::is_same_v<T, std::uint8_t>) {
    GEOMVISION_KERNEL(census_planes_u8)(rows, radius_x, radius_y, mirrored, bits, width, pitch, planes);
  } else if constexpr (std::is_same_v<T, std::uint16_t>) {
    GEOMVISION_KERNEL(census_planes_u16)(rows, radius_x, radius_y, mirrored, bits, width, pitch, planes);
  } else {
    GEOMVISION_KERNEL(census_planes_f32)(rows, radius_x, radius_y, mirrored, bits, width, pitch, planes);
  }
}

template <typename T>
T* reverse(const T* begin, const T* end, T* to) {
  if constexpr (sizeof(T) == 1) {  // eight at a time, which compilers do not find
    for (; end - begin >= 8; end -= 8, to += 8) {
      std::uint64_t word;
      std::memcpy(&word, end - 8, 8);
      word = __builtin_bswap64(word);
      std::memcpy(to, &word, 8);
    }
  }
  return std::reverse_copy(begin, end, to);
}

// Columns begin ... end - 1 of a row whose border repeats, to the right or to the left.
template <typename T>
void copy_columns(const T* row, int width, int begin, int end, bool mirrored, T* to) {
  const int from = std::clamp(begin, 0, width), until = std::clamp(end, 0, width);
  const int before = std::max(0, std::min(end, 0) - begin), after = std::max(0, end - std::max(begin, width));
  if (mirrored) {
    to = std::fill_n(to, after, row[width - 1]);
    to = reverse(row + from, row + until, to);
    std::fill_n(to, before, row[0]);
  } else {
    to = std::fill_n(to, before, row[0]);
    to = std::copy(row + from, row + until, to);
    std::fill_n(to, after, row[width - 1]);
  }
}

}  // namespace

template <typename T>
void CensusCosts<T>::prepare(const std::string& census, ImageView<const T> left, ImageView<const T> right, int first,
                             int count, const SGMCostRoom& room) {
  left_ = left;
  right_ = right;
  first_ = first;
  count_ = count;
  padded_ = room.padded;
  kept_ = room.rows;
  radius_x_ = census == "5x5" ? 2 : (census == "7x7" ? 3 : 4);
  radius_y_ = census == "5x5" ? 2 : 3;
  const int bits = (2 * radius_x_ + 1) * (2 * radius_y_ + 1) - 1;
  plane_bits_ = GEOMVISION_KERNEL(census_plane_bits)();
  const bool packed = plane_bits_ == 4 && kept_ > 1;  // many rows are kept: in half of the room
  if (packed) plane_bits_ = 8;
  planes_ = (bits + plane_bits_ - 1) / plane_bits_;
  left_pitch_ = left.width() + 2 * radius_x_;
  right_pitch_ = left_pitch_ + padded_;
  vectors_ = padded_ / GEOMVISION_KERNEL(sgm_lanes)();
  split_pitch_ = right_pitch_ / vectors_ + 1;
  if (static_cast<int>(strips_.size()) < room.slots) strips_.resize(static_cast<std::size_t>(room.slots));
  for (int slot = 0; slot < room.slots; ++slot) {
    Strip& strip = strips_[static_cast<std::size_t>(slot)];
    strip.begin = strip.end = 0;
    strip.left.resize(std::size_t{held} * static_cast<std::size_t>(left_pitch_));
    strip.right.resize(std::size_t{held} * static_cast<std::size_t>(right_pitch_));
    strip.left_planes.resize(static_cast<std::size_t>(kept_ * planes_) * static_cast<std::size_t>(left_pitch_));
    strip.right_planes.resize(static_cast<std::size_t>(planes_) * static_cast<std::size_t>(right_pitch_));
    strip.split.resize(static_cast<std::size_t>(kept_ * planes_ * vectors_) * static_cast<std::size_t>(split_pitch_));
    strip.unpacked.resize(packed ? GEOMVISION_KERNEL(sgm_unpacked_bytes)(planes_, room.columns, vectors_) : 0);
  }
}

// Row y of both images, where it is not held yet.
template <typename T>
void CensusCosts<T>::hold(Strip& strip, int y) {
  const int slot = y % held, width = left_.width();
  if (strip.row[slot] == y) return;
  strip.row[slot] = y;
  copy_columns(left_.row(y), width, strip.begin - radius_x_, strip.end + radius_x_, false,
               strip.left.data() + std::ptrdiff_t{slot} * left_pitch_);
  copy_columns(right_.row(y), width, strip.begin - first_ - padded_ - radius_x_ + 1, strip.end - first_ + radius_x_,
               true, strip.right.data() + std::ptrdiff_t{slot} * right_pitch_);
}

template <typename T>
kernels::SGMCosts CensusCosts<T>::row(int slot, int y, int begin, int end) {
  Strip& strip = strips_[static_cast<std::size_t>(slot)];
  if (strip.begin != begin || strip.end != end) {
    strip.begin = begin;
    strip.end = end;
    std::fill_n(strip.row, held, -1);
  }
  const T *left[7], *right[7];
  for (int dy = -radius_y_; dy <= radius_y_; ++dy) {
    const int from = std::clamp(y + dy, 0, left_.height() - 1), at = from % held;
    hold(strip, from);
    left[dy + radius_y_] = strip.left.data() + std::ptrdiff_t{at} * left_pitch_ + radius_x_;
    right[dy + radius_y_] = strip.right.data() + std::ptrdiff_t{at} * right_pitch_ + radius_x_;
  }
  const int pixels = end - begin, bits = (2 * radius_x_ + 1) * (2 * radius_y_ + 1) - 1;
  std::uint8_t* left_planes = strip.left_planes.data() + std::ptrdiff_t{y % kept_ * planes_} * left_pitch_;
  std::uint8_t* split = strip.split.data() + std::ptrdiff_t{y % kept_ * planes_ * vectors_} * split_pitch_;
  take_planes<T>(left, radius_x_, radius_y_, false, plane_bits_, pixels, left_pitch_, left_planes);
  take_planes<T>(right, radius_x_, radius_y_, true, plane_bits_, pixels + padded_ - 1, right_pitch_,
                 strip.right_planes.data());
  for (int p = 0; p < planes_; ++p) {
    GEOMVISION_KERNEL(sgm_split)(strip.right_planes.data() + std::ptrdiff_t{p} * right_pitch_, pixels + padded_ - 1,
                                 vectors_, split_pitch_, split + std::ptrdiff_t{p} * vectors_ * split_pitch_);
  }
  kernels::SGMCosts costs{};
  costs.left = left_planes;
  costs.right = split;
  costs.left_pitch = left_pitch_;
  costs.right_pitch = split_pitch_;
  costs.planes = planes_;
  costs.pixels = pixels;
  costs.match = begin - first_;
  costs.width = left_.width();
  costs.count = count_;
  costs.neutral = bits / 3;
  costs.unpacked = strip.unpacked.empty() ? nullptr : strip.unpacked.data();
  return costs;
}

void VolumeCosts::prepare(const char* owner, TensorView<const std::uint8_t, 3> volume, int p2, int num_threads) {
  constexpr std::ptrdiff_t most = std::numeric_limits<int>::max();
  check(volume.size(0) * volume.size(1) <= most && volume.size(2) <= 16383, owner, ": costs are ", volume.shape(),
        "; at most ", most, " pixels with 16383 disparities can be taken: cut them into tiles");
  volume_ = volume;
  const int height = static_cast<int>(volume.size(0)), width = static_cast<int>(volume.size(1));
  largest_.resize(static_cast<std::size_t>(height));
  const auto measure = [&](int begin, int end) {
    for (int y = begin; y < end; ++y) {
      std::uint8_t largest = 0;
      for (int x = 0; x < width; ++x) {
        const std::uint8_t* costs = volume.at(y, x);
        for (std::ptrdiff_t k = 0; k < volume.size(2); ++k) largest = std::max(largest, costs[k]);
      }
      largest_[static_cast<std::size_t>(y)] = largest;
    }
  };
  parallel_for(height, num_threads, std::ref(measure), 4);
  const int largest = *std::max_element(largest_.begin(), largest_.end());
  check(largest <= 255 - p2, owner, ": the largest cost is ", largest, " and p2 ", p2,
        "; path costs are bytes, so costs must be at most 255 - p2 = ", 255 - p2, ": scale them down or lower p2");
}

kernels::SGMCosts VolumeCosts::row(int /*slot*/, int y, int begin, int end) {
  kernels::SGMCosts costs{};
  costs.pixels = end - begin;
  costs.count = static_cast<int>(volume_.size(2));
  costs.volume = volume_.at(y, begin);
  costs.volume_stride = volume_.stride(1);
  return costs;
}

template class CensusCosts<std::uint8_t>;
template class CensusCosts<std::uint16_t>;
template class CensusCosts<float>;

}  // namespace geomvision::stereo

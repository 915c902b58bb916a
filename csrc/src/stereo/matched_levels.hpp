#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <type_traits>
#include <utility>

#include "geomvision/check.hpp"
#include "geomvision/image.hpp"
#include "geomvision/parallel.hpp"
#include "kernels/row_finish.hpp"
#include "stereo/window_costs.hpp"

// The images of a pair in the levels that are compared.
namespace geomvision::stereo {

// The levels of a filtered image.
constexpr int xsobel_levels = 62;

// Give `image` the size of another; its pixels keep whatever they are.
template <typename T, typename U>
void shape_as(ImageView<const T> other, Image<U>& image) {
  if (image.width() != other.width() || image.height() != other.height()) image.resize(other.width(), other.height());
}

template <typename T>
void smallest_and_largest(ImageView<const T> image, const char* name, T& low, T& high) {
  for (int y = 0; y < image.height(); ++y) {
    const T* row = image.row(y);
    for (int x = 0; x < image.width(); ++x) {
      if constexpr (std::is_same_v<T, float>) {
        check(std::isfinite(row[x]), "BlockMatching: ", name, " holds NaN or infinity at (", x, ", ", y,
              "); fill it first");
      }
      low = std::min(low, row[x]);
      high = std::max(high, row[x]);
    }
  }
}

// Integers as they are; floats with `low` at 0 and `steps` levels per unit, rounded.
template <typename T>
void continue_image(ImageView<const T> from, double low, double steps, int radius, Continued<std::uint16_t>& to) {
  to.radius = radius;
  to.image.resize(from.width() + 2 * radius, from.height());
  for (int y = 0; y < from.height(); ++y) {
    std::uint16_t* row = &to.image(radius, y);
    for (int x = 0; x < from.width(); ++x) {
      if constexpr (std::is_same_v<T, float>) {
        row[x] = static_cast<std::uint16_t>((static_cast<double>(from(x, y)) - low) * steps + 0.5);
      } else {
        row[x] = from(x, y);
      }
    }
    std::fill(row - radius, row, row[0]);
    std::fill(row + from.width(), row + from.width() + radius, row[from.width() - 1]);
  }
}

// Bytes as they are; others with `low` at 0 and `steps` levels per unit, rounded.
template <typename T>
ImageView<const std::uint8_t> as_bytes(ImageView<const T> image, double low, double steps,
                                       Image<std::uint8_t>& levels) {
  if constexpr (sizeof(T) == 1) {
    return image;
  } else {
    shape_as(image, levels);
    for (int y = 0; y < image.height(); ++y) {
      for (int x = 0; x < image.width(); ++x) {
        levels(x, y) = static_cast<std::uint8_t>((static_cast<double>(image(x, y)) - low) * steps + 0.5);
      }
    }
    return std::as_const(levels).view();
  }
}

// The clipped gradients of row y.
inline void xsobel_row(ImageView<const std::uint8_t> image, int y, std::uint8_t* filtered) {
  const int last = image.height() - 1;
  GEOMVISION_KERNEL(xsobel_row)
  (image.row(std::max(y - 1, 0)), image.row(y), image.row(std::min(y + 1, last)), image.width(), filtered);
}

inline void xsobel(ImageView<const std::uint8_t> from, Image<std::uint8_t>& to, int num_threads) {
  shape_as(from, to);
  const auto filter = [&](int begin, int end) {
    for (int y = begin; y < end; ++y) xsobel_row(from, y, &to(0, y));
  };
  parallel_for(from.height(), num_threads, std::ref(filter), 32);
}

}  // namespace geomvision::stereo

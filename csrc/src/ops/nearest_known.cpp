#include "geomvision/ops/nearest_known.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "check_apart.hpp"
#include "geomvision/check.hpp"
#include "geomvision/parallel.hpp"

namespace geomvision::ops {
namespace {

constexpr float kNone = std::numeric_limits<float>::quiet_NaN();
constexpr std::ptrdiff_t kColumns = 128;  // that one thread carries down and up

void along_row(const float* map, std::ptrdiff_t width, float* from_left, float* from_right) {
  float last = kNone;
  for (std::ptrdiff_t x = 0; x < width; ++x) from_left[x] = last = std::isnan(map[x]) ? last : map[x];
  last = kNone;
  for (std::ptrdiff_t x = width; x-- > 0;) from_right[x] = last = std::isnan(map[x]) ? last : map[x];
}

// `before` is what was carried to the row before, or null.
void along_columns(const float* map, const float* before, std::ptrdiff_t count, float* to) {
  for (std::ptrdiff_t x = 0; x < count; ++x) {
    const float carried = before == nullptr ? kNone : before[x];
    to[x] = std::isnan(map[x]) ? carried : map[x];
  }
}

}  // namespace

void nearest_known(TensorView<const float, 2> map, TensorView<float, 3> result, int num_threads) {
  const std::ptrdiff_t height = map.size(0), width = map.size(1);
  check(result.sizes() == TensorView<float, 3>::Sizes{4, height, width}, "nearest_known: the result is ",
        result.shape(), "; it must be 4x", height, "x", width);
  check_apart("nearest_known", map, result);
  if (map.empty()) return;
  const auto rows = [&](int begin, int end) {
    for (int y = begin; y < end; ++y) along_row(map.at(y), width, result.at(0, y), result.at(1, y));
  };
  parallel_for(static_cast<int>(height), num_threads, std::ref(rows), 8);
  const auto strips = [&](int begin, int end) {
    for (int strip = begin; strip < end; ++strip) {
      const std::ptrdiff_t x = strip * kColumns, count = std::min(kColumns, width - x);
      for (std::ptrdiff_t y = 0; y < height; ++y) {
        along_columns(map.at(y, x), y == 0 ? nullptr : result.at(2, y - 1, x), count, result.at(2, y, x));
      }
      for (std::ptrdiff_t y = height; y-- > 0;) {
        along_columns(map.at(y, x), y + 1 == height ? nullptr : result.at(3, y + 1, x), count, result.at(3, y, x));
      }
    }
  };
  parallel_for(static_cast<int>((width + kColumns - 1) / kColumns), num_threads, std::ref(strips));
}

}  // namespace geomvision::ops

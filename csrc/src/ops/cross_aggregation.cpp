#include "geomvision/ops/cross_aggregation.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <type_traits>

#include "geomvision/check.hpp"
#include "kernels/cross_aggregation.hpp"
#include "ops/pieces.hpp"

namespace geomvision::ops {
namespace {

using kernels::CrossLine;

constexpr int slices_at_once = 64;
constexpr int longest_arm = 127;  // regions of 255 x 255 costs of 65535 sum up to less than 2^32

template <typename T>
auto grow_kernel() {
  if constexpr (std::is_same_v<T, std::uint8_t>) {
    return GEOMVISION_KERNEL(grow_arms_u8);
  } else if constexpr (std::is_same_v<T, std::uint16_t>) {
    return GEOMVISION_KERNEL(grow_arms_u16);
  } else if constexpr (std::is_same_v<T, std::int32_t>) {
    return GEOMVISION_KERNEL(grow_arms_i32);
  } else {
    return GEOMVISION_KERNEL(grow_arms_f32);
  }
}

constexpr int stretch = 512;  // pixels of a row at a time

// Arms of the pixels [x, x + count) of row y in one direction.
template <typename T>
void row_arms(TensorView<const T, 3> image, const CrossArms& options, int y, int x, int count, int dx, int dy,
              std::uint8_t* length) {
  const int height = static_cast<int>(image.size(0)), width = static_cast<int>(image.size(1));
  const std::ptrdiff_t step = dx * image.stride(1) + dy * image.stride(0);
  std::uint8_t grow[stretch];
  std::fill_n(grow, count, std::uint8_t(1));
  std::fill_n(length, count, std::uint8_t(0));
  for (int s = 1; s <= options.arm; ++s) {
    const int begin = std::max(x, dx < 0 ? s : 0), end = std::min(x + count, dx > 0 ? width - s : width);
    if (y + s * dy < 0 || y + s * dy >= height || begin >= end) return;
    const double threshold = s > options.inner ? options.outer_threshold : options.threshold;
    if (!grow_kernel<T>()(image.at(y, begin), s * step, (s - 1) * step, end - begin, static_cast<int>(image.size(2)),
                          threshold, options.threshold, grow + (begin - x), length + (begin - x))) {
      return;
    }
  }
}

template <typename T>
auto kernel() {
  if constexpr (std::is_same_v<T, std::uint8_t>)
    return GEOMVISION_KERNEL(sum_arms_u8);
  else if constexpr (std::is_same_v<T, std::uint16_t>)
    return GEOMVISION_KERNEL(sum_arms_u16);
  else if constexpr (std::is_same_v<T, std::int32_t>)
    return GEOMVISION_KERNEL(sum_arms_i32);
  else
    return GEOMVISION_KERNEL(sum_arms_f32);
}

// Number of pixels in each region, from the second sweep's arm and the first sweep's of each pixel along it.
void count_regions(TensorView<const std::uint8_t, 3> arms, bool columns_first, float* counts, int num_threads) {
  const std::ptrdiff_t width = arms.size(1), step = arms.stride(columns_first ? 1 : 0);
  const int first = columns_first ? 2 : 0, second = columns_first ? 0 : 2;
  const auto rows = [&](int begin, int end) {
    for (int y = begin; y < end; ++y) {
      for (std::ptrdiff_t x = 0; x < width; ++x) {
        const std::uint8_t* arm = arms.at(y, x);
        int count = 0;
        for (int s = -arm[second]; s <= arm[second + 1]; ++s) {
          count += 1 + arm[s * step + first] + arm[s * step + first + 1];
        }
        counts[y * width + x] = static_cast<float>(count);
      }
    }
  };
  parallel_for(static_cast<int>(arms.size(0)), num_threads, std::ref(rows));
}

void check_arms(TensorView<const std::uint8_t, 3> arms, int num_threads) {
  std::atomic<bool> wrong{false};
  const std::ptrdiff_t height = arms.size(0), width = arms.size(1);
  const auto rows = [&](int begin, int end) {
    for (std::ptrdiff_t y = begin; y < end; ++y) {
      for (std::ptrdiff_t x = 0; x < width; ++x) {
        const std::uint8_t* arm = arms.at(y, x);
        if (arm[0] > x || arm[1] >= width - x || arm[2] > y || arm[3] >= height - y ||
            std::max({arm[0], arm[1], arm[2], arm[3]}) > longest_arm) {
          wrong = true;
        }
      }
    }
  };
  parallel_for(static_cast<int>(height), num_threads, std::ref(rows));
  check(!wrong, "CrossAggregation: an arm leaves the image, or is longer than ", longest_arm);
}

}  // namespace

template <typename T>
void cross_arms(TensorView<const T, 3> image, const CrossArms& options, TensorView<std::uint8_t, 3> arms,
                int num_threads) {
  check_range("cross_arms", "arm", options.arm, 0, longest_arm);
  check_range("cross_arms", "inner", options.inner, 0, 1 << 30);
  check(options.threshold >= 0 && options.outer_threshold >= 0, "cross_arms: thresholds are ", options.threshold,
        " and ", options.outer_threshold, "; allowed is 0 or more");
  check(arms.size(0) == image.size(0) && arms.size(1) == image.size(1) && arms.size(2) == 4,
        "cross_arms: the image is ", image.shape(), ", the arms ", arms.shape(), "; they must be height x width x 4");
  check(image.stride(1) == image.size(2) || image.empty(), "cross_arms: pixels must lie side by side");
  const int width = static_cast<int>(image.size(1));
  const auto rows = [&](int begin, int end) {
    std::uint8_t length[stretch];
    constexpr int directions[4][2] = {{-1, 0}, {1, 0}, {0, -1}, {0, 1}};
    for (int y = begin; y < end; ++y) {
      for (int x = 0; x < width; x += stretch) {
        const int count = std::min(stretch, width - x);
        for (int side = 0; side < 4; ++side) {
          row_arms(image, options, y, x, count, directions[side][0], directions[side][1], length);
          for (int i = 0; i < count; ++i) *arms.at(y, x + i, side) = length[i];
        }
      }
    }
  };
  if (!arms.empty()) parallel_for(static_cast<int>(image.size(0)), num_threads, std::ref(rows));
}

template <typename T>
void CrossAggregation::operator()(TensorView<const T, 3> volume, TensorView<const std::uint8_t, 3> arms,
                                  bool columns_first, TensorView<float, 3> result, int num_threads) {
  check(arms.size(0) == volume.size(0) && arms.size(1) == volume.size(1) && arms.size(2) == 4 &&
            result.sizes() == volume.sizes(),
        "CrossAggregation: the volume is ", volume.shape(), ", the arms ", arms.shape(), ", the result ",
        result.shape(), "; arms must be height x width x 4, the result as the volume");
  if (volume.empty()) return;
  check_arms(arms, num_threads);
  const int height = static_cast<int>(volume.size(0)), width = static_cast<int>(volume.size(1));
  const int slices = static_cast<int>(volume.size(2)), chunks = (slices + slices_at_once - 1) / slices_at_once;
  counts_.resize(static_cast<std::size_t>(width) * height);
  count_regions(arms, columns_first, counts_.data(), num_threads);

  // Sums of the first sweep wait in the result: of integers they are below 2^24, so that floats hold them exactly.
  const auto sweep = [&](auto from, auto sum_arms, auto zero, bool along_columns, bool last) {
    using Sum = decltype(zero);
    const int axis = along_columns ? 0 : 1, steps = along_columns ? height : width;
    const auto body = [&](int index, double* scratch) {
      const int at = index / chunks, slice = index % chunks * slices_at_once;
      const std::ptrdiff_t y = along_columns ? 0 : at, x = along_columns ? at : 0;
      const std::uint8_t* arm = arms.at(y, x, along_columns ? 2 : 0);
      const CrossLine line{from.stride(axis),
                           result.stride(axis),
                           arms.stride(axis),
                           arm,
                           arm + 1,
                           steps,
                           std::min(slices_at_once, slices - slice)};
      sum_arms(line, from.at(y, x, slice), reinterpret_cast<Sum*>(scratch),
               last ? counts_.data() + y * width + x : nullptr, along_columns ? width : 1, result.at(y, x, slice));
    };
    const std::size_t bytes = sizeof(Sum) * (static_cast<std::size_t>(steps) + 1) * std::min(slices, slices_at_once);
    for_each_piece((along_columns ? width : height) * chunks, num_threads, scratch_, bytes / sizeof(double) + 1, body);
  };
  const TensorView<const float, 3> between(result);
  if constexpr (sizeof(T) < 4) {
    sweep(volume, kernel<T>(), std::uint32_t{}, columns_first, false);
    sweep(between, GEOMVISION_KERNEL(sum_arms_whole), std::uint32_t{}, !columns_first, true);
  } else {
    sweep(volume, kernel<T>(), double{}, columns_first, false);
    sweep(between, GEOMVISION_KERNEL(sum_arms_f32), double{}, !columns_first, true);
  }
}

#define GEOMVISION_CROSS(T)                                                                                      \
  template void cross_arms<T>(TensorView<const T, 3>, const CrossArms&, TensorView<std::uint8_t, 3>, int);       \
  template void CrossAggregation::operator()<T>(TensorView<const T, 3>, TensorView<const std::uint8_t, 3>, bool, \
                                                TensorView<float, 3>, int)
GEOMVISION_CROSS(std::uint8_t);
GEOMVISION_CROSS(std::uint16_t);
GEOMVISION_CROSS(std::int32_t);
GEOMVISION_CROSS(float);
#undef GEOMVISION_CROSS

}  // namespace geomvision::ops

#include "kernels/cross_aggregation.hpp"

#include "kernels/value_range.hpp"

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

// Whether running sums along the line would lose its small values.
bool drowns(const CrossLine& line, int lanes, const float* from) {
  ValueRange<float> range;
  for (std::ptrdiff_t s = 0; s < line.steps; ++s) {
    const float* value = from + s * line.from_stride;
    int lane = 0;
    for (; lane + kRangeLanes <= lanes; lane += kRangeLanes) range.add(value + lane);
    if (lane < lanes) {
      float rest[kRangeLanes] = {};
      for (int i = 0; lane < lanes; ++i, ++lane) rest[i] = value[lane];
      range.add(rest);
    }
  }
  float most = 0, least = __builtin_inff();
  range.join(most, least);
  return ValueRange<float>::drowns(most, least, std::int64_t{line.steps} * lanes, [&](float limit) {
    std::int64_t small = 0;
    for (std::ptrdiff_t s = 0; s < line.steps; ++s) small += count_small(from + s * line.from_stride, lanes, limit);
    return small;
  });
}

template <typename T, typename Sum>
[[gnu::always_inline]] inline void sum_arms(const CrossLine& line, int lanes, const T* from, Sum* running,
                                            const float* counts, std::ptrdiff_t count_stride, float* to) {
  for (int lane = 0; lane < lanes; ++lane) running[lane] = 0;
  for (std::ptrdiff_t s = 0; s < line.steps; ++s) {
    const T* __restrict value = from + s * line.from_stride;
    const Sum* __restrict before = running + s * lanes;
    Sum* __restrict after = running + (s + 1) * lanes;
    for (int lane = 0; lane < lanes; ++lane) after[lane] = before[lane] + static_cast<Sum>(value[lane]);
  }
  for (std::ptrdiff_t s = 0; s < line.steps; ++s) {
    const Sum* __restrict begin = running + (s - line.before[s * line.arm_stride]) * lanes;
    const Sum* __restrict end = running + (s + line.after[s * line.arm_stride] + 1) * lanes;
    float* __restrict sum = to + s * line.to_stride;
    if (counts == nullptr) {
      for (int lane = 0; lane < lanes; ++lane) sum[lane] = static_cast<float>(end[lane] - begin[lane]);
    } else {
      const float count = counts[s * count_stride];
      for (int lane = 0; lane < lanes; ++lane) sum[lane] = static_cast<float>(end[lane] - begin[lane]) / count;
    }
  }
}

// The same, each sum made afresh of `values`, a copy: the result may lie where they came from.
void sum_arms_afresh(const CrossLine& line, int lanes, const float* from, double* values, const float* counts,
                     std::ptrdiff_t count_stride, float* to) {
  for (std::ptrdiff_t s = 0; s < line.steps; ++s) {
    for (int lane = 0; lane < lanes; ++lane) values[s * lanes + lane] = from[s * line.from_stride + lane];
  }
  for (std::ptrdiff_t s = 0; s < line.steps; ++s) {
    const std::ptrdiff_t first = s - line.before[s * line.arm_stride], last = s + line.after[s * line.arm_stride];
    for (int lane = 0; lane < lanes; ++lane) {
      double sum = 0;
      for (std::ptrdiff_t k = first; k <= last; ++k) sum += values[k * lanes + lane];
      const float rounded = static_cast<float>(sum);
      to[s * line.to_stride + lane] = counts == nullptr ? rounded : rounded / counts[s * count_stride];
    }
  }
}

// Differences of the small integers are exact in float; `Wide` holds those of T.
template <typename Wide, typename T>
[[gnu::always_inline]] inline bool grow_channels(const T* pixel, std::ptrdiff_t step, std::ptrdiff_t before, int width,
                                                 int channels, Wide threshold, Wide last_threshold,
                                                 std::uint8_t* __restrict grow, std::uint8_t* __restrict length) {
  const T *target = pixel + step, *last = pixel + before;
  for (int c = 0; c < channels; ++c) {
    for (int x = 0; x < width; ++x) {
      const Wide to = static_cast<Wide>(target[x * channels + c]);
      const Wide from_first = to - static_cast<Wide>(pixel[x * channels + c]);
      const Wide from_last = to - static_cast<Wide>(last[x * channels + c]);
      const bool near = (from_first < threshold) & (-from_first < threshold) & (from_last < last_threshold) &
                        (-from_last < last_threshold);
      grow[x] = near ? grow[x] : std::uint8_t(0);
    }
  }
  std::uint8_t any = 0;
  for (int x = 0; x < width; ++x) {
    length[x] = static_cast<std::uint8_t>(length[x] + grow[x]);
    any = static_cast<std::uint8_t>(any | grow[x]);
  }
  return any != 0;
}

template <typename Wide, typename T>
bool grow_arms(const T* pixel, std::ptrdiff_t step, std::ptrdiff_t before, int width, int channels, double threshold,
               double last_threshold, std::uint8_t* grow, std::uint8_t* length) {
  const auto limit = static_cast<Wide>(threshold), last_limit = static_cast<Wide>(last_threshold);
  if (channels == 1) return grow_channels(pixel, step, before, width, 1, limit, last_limit, grow, length);
  if (channels == 3) return grow_channels(pixel, step, before, width, 3, limit, last_limit, grow, length);
  return grow_channels(pixel, step, before, width, channels, limit, last_limit, grow, length);
}

}  // namespace

#define GEOMVISION_GROW(T, Wide, suffix)                                                                       \
  bool grow_arms_##suffix(const T* pixel, std::ptrdiff_t step, std::ptrdiff_t before, int width, int channels, \
                          double threshold, double last_threshold, std::uint8_t* grow, std::uint8_t* length) { \
    return grow_arms<Wide>(pixel, step, before, width, channels, threshold, last_threshold, grow, length);     \
  }

GEOMVISION_GROW(std::uint8_t, float, u8)
GEOMVISION_GROW(std::uint16_t, float, u16)
GEOMVISION_GROW(std::int32_t, double, i32)
GEOMVISION_GROW(float, double, f32)

#define GEOMVISION_CROSS(T, Sum, suffix)                                                          \
  void sum_arms_##suffix(const CrossLine& line, const T* from, Sum* running, const float* counts, \
                         std::ptrdiff_t count_stride, float* to) {                                \
    line.lanes == 64 ? sum_arms(line, 64, from, running, counts, count_stride, to)                \
                     : sum_arms(line, line.lanes, from, running, counts, count_stride, to);       \
  }

GEOMVISION_CROSS(std::uint8_t, std::uint32_t, u8)
GEOMVISION_CROSS(std::uint16_t, std::uint32_t, u16)
GEOMVISION_CROSS(float, std::uint32_t, whole)
GEOMVISION_CROSS(std::int32_t, double, i32)

void sum_arms_f32(const CrossLine& line, const float* from, double* running, const float* counts,
                  std::ptrdiff_t count_stride, float* to) {
  if (drowns(line, line.lanes, from)) {
    sum_arms_afresh(line, line.lanes, from, running, counts, count_stride, to);
  } else if (line.lanes == 64) {
    sum_arms(line, 64, from, running, counts, count_stride, to);
  } else {
    sum_arms(line, line.lanes, from, running, counts, count_stride, to);
  }
}

}  // namespace geomvision::kernels::GEOMVISION_ISA

#include "kernels/cross_aggregation.hpp"

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

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

}  // namespace

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
GEOMVISION_CROSS(float, double, f32)

}  // namespace geomvision::kernels::GEOMVISION_ISA

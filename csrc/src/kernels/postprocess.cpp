#include "kernels/postprocess.hpp"

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

inline void order(float& a, float& b) {
  const float low = a < b ? a : b, high = a < b ? b : a;
  a = low;
  b = high;
}

}  // namespace

void median_3x3(const float* __restrict above, const float* __restrict here, const float* __restrict below, int width,
                float* __restrict medians) {
  const float last = __builtin_inff();
  for (int x = 1; x < width - 1; ++x) {
    float v[9] = {above[x - 1], above[x], above[x + 1], here[x - 1], here[x],
                  here[x + 1],  below[x - 1], below[x], below[x + 1]};
    const float centre = v[4];
    int count = 0;
    for (float& value : v) {
      const bool estimated = value == value;
      count += estimated ? 1 : 0;
      value = estimated ? value : last;
    }
    // columns of three, then a network of 25 exchanges in all that sorts nine (Knuth, TAOCP 5.3.4)
    order(v[0], v[1]), order(v[3], v[4]), order(v[6], v[7]);
    order(v[1], v[2]), order(v[4], v[5]), order(v[7], v[8]);
    order(v[0], v[1]), order(v[3], v[4]), order(v[6], v[7]);
    order(v[0], v[3]), order(v[3], v[6]), order(v[0], v[3]);
    order(v[1], v[4]), order(v[4], v[7]), order(v[1], v[4]);
    order(v[2], v[5]), order(v[5], v[8]), order(v[2], v[5]);
    order(v[1], v[3]), order(v[5], v[7]);
    order(v[2], v[6]), order(v[4], v[6]), order(v[2], v[4]);
    order(v[2], v[3]), order(v[5], v[6]);
    const float median = count > 8 ? v[4] : (count > 6 ? v[3] : (count > 4 ? v[2] : (count > 2 ? v[1] : v[0])));
    medians[x] = centre == centre ? median : centre;
  }
}

void region_links(const float* __restrict above, const float* __restrict here, int width, float range,
                  std::uint8_t* __restrict joined, std::uint8_t* __restrict linked,
                  std::uint8_t* __restrict estimated) {
  joined[0] = 0;
  for (int x = 1; x < width; ++x) joined[x] = __builtin_fabsf(here[x] - here[x - 1]) <= range ? 1 : 0;
  for (int x = 0; x < width; ++x) estimated[x] = here[x] == here[x] ? 1 : 0;
  for (int x = 0; above != nullptr && x < width; ++x) linked[x] = __builtin_fabsf(here[x] - above[x]) <= range ? 1 : 0;
}

}  // namespace geomvision::kernels::GEOMVISION_ISA

#include "kernels/postprocess.hpp"

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

// Integers in the order of the floats they stand for; NaN comes last.
inline int ordered(float value) {
  int bits;
  __builtin_memcpy(&bits, &value, sizeof(bits));
  return value == value ? bits ^ ((bits >> 31) & 0x7fffffff) : 0x7fffffff;
}

inline float from_ordered(int bits) {
  bits ^= (bits >> 31) & 0x7fffffff;
  float value;
  __builtin_memcpy(&value, &bits, sizeof(value));
  return value;
}

inline void order(int& a, int& b) {
  const int low = a < b ? a : b, high = a < b ? b : a;
  a = low;
  b = high;
}

}  // namespace

void median_3x3(const float* __restrict above, const float* __restrict here, const float* __restrict below, int width,
                float* __restrict medians) {
  constexpr int missing = 0x7fffffff;
  for (int x = 1; x < width - 1; ++x) {
    int a = ordered(above[x - 1]), b = ordered(above[x]), c = ordered(above[x + 1]);
    int d = ordered(here[x - 1]), e = ordered(here[x]), f = ordered(here[x + 1]);
    int g = ordered(below[x - 1]), h = ordered(below[x]), i = ordered(below[x + 1]);
    const int centre = e;
    const int gaps = (a == missing) + (b == missing) + (c == missing) + (d == missing) + (e == missing) +
                     (f == missing) + (g == missing) + (h == missing) + (i == missing);
    // columns of three, then a network of 25 exchanges in all that sorts nine (Knuth, TAOCP 5.3.4)
    order(a, b), order(d, e), order(g, h);
    order(b, c), order(e, f), order(h, i);
    order(a, b), order(d, e), order(g, h);
    order(a, d), order(d, g), order(a, d);
    order(b, e), order(e, h), order(b, e);
    order(c, f), order(f, i), order(c, f);
    order(b, d), order(f, h);
    order(c, g), order(e, g), order(c, e);
    order(c, d), order(f, g);
    int median = gaps < 1 ? e : d;
    median = gaps < 3 ? median : c;
    median = gaps < 5 ? median : b;
    median = gaps < 7 ? median : a;
    medians[x] = centre == missing ? __builtin_nanf("") : from_ordered(median);
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

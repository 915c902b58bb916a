#include "kernels/lanes.hpp"
#include "kernels/warp.hpp"

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

template <typename V>
[[gnu::always_inline]] inline void slopes(V a, V b, V c, V d, V fx, V fy, V g, V& d_x, V& d_y) {
  d_x += g * ((b - a) * (1.0f - fy) + (d - c) * fy);
  d_y += g * ((c - a) * (1.0f - fx) + (d - b) * fx);
}

void slopes_each(const WarpSource<float>& image, const WarpPlaces<float>& places, const float* gradient, int begin,
                 int end, float* d_x, float* d_y) {
  const std::ptrdiff_t right = image.width > 1 ? 1 : 0, below = image.height > 1 ? image.stride : 0;
  for (int i = begin; i < end; ++i) {
    const float* at = image.data + places.y[i] * image.stride + places.x[i];
    slopes(at[0], at[right], at[below], at[below + right], places.fx[i], places.fy[i], gradient[i], d_x[i], d_y[i]);
  }
}

#if defined(__AVX2__) && !defined(__clang__)
constexpr int kLane = kLanes<float>;

int least(int a, int b) { return a < b ? a : b; }
int most(int a, int b) { return a > b ? a : b; }

[[gnu::always_inline]] inline bool all(Ints mask) {
#if defined(__AVX512BW__)
  return _mm512_movepi32_mask((__m512i)mask) == 0xffff;
#else
  return _mm256_movemask_ps((__m256)mask) == 0xff;
#endif
}

// As in kernels/warp: a stretch of two vectors on three rows, permuted. Returns false where pixels point elsewhere.
[[gnu::always_inline]] inline bool slopes_stretch(const WarpSource<float>& image, const WarpPlaces<float>& places,
                                                  int i, const float* gradient, float* d_x, float* d_y) {
  const Ints x = load<Ints>(places.x + i), y = load<Ints>(places.y + i);
  const int base = most(0, least(places.x[i] - kLane / 4, image.width - 2 * kLane));
  const int row = all(y >= places.y[i]) ? places.y[i] : places.y[i] - 1;
  const Ints index = x - base, lower = y - row;
  if (!all((index >= 0) & (index < 2 * kLane - 1) & (lower >= 0) & (lower < 2))) return false;
  Floats near[3], far[3];
  for (int k = 0; k < 3; ++k) {
    const float* from = image.data + least(row + k, image.height - 1) * image.stride + base;
    const Floats a = load<Floats>(from), b = load<Floats>(from + kLane);
    near[k] = __builtin_shuffle(a, b, index);
    far[k] = __builtin_shuffle(a, b, index + 1);
  }
  const Ints down = lower > 0;
  Floats along_x = load<Floats>(d_x + i), along_y = load<Floats>(d_y + i);
  slopes(down ? near[1] : near[0], down ? far[1] : far[0], down ? near[2] : near[1], down ? far[2] : far[1],
         load<Floats>(places.fx + i), load<Floats>(places.fy + i), load<Floats>(gradient + i), along_x, along_y);
  store(d_x + i, along_x);
  store(d_y + i, along_y);
  return true;
}
#endif

}  // namespace

void warp_slopes_f32(const WarpSource<float>& image, const WarpPlaces<float>& places, const float* gradient, int count,
                     float* d_x, float* d_y) {
  int i = 0;
#if defined(__AVX2__) && !defined(__clang__)
  for (; image.width >= 2 * kLane && image.height > 1 && i + kLane <= count; i += kLane) {
    if (!slopes_stretch(image, places, i, gradient, d_x, d_y)) {
      slopes_each(image, places, gradient, i, i + kLane, d_x, d_y);
    }
  }
#endif
  slopes_each(image, places, gradient, i, count, d_x, d_y);
}

}  // namespace geomvision::kernels::GEOMVISION_ISA

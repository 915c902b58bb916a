#include "kernels/warp.hpp"

#include "kernels/lanes.hpp"

// Every operation is one of T, in the same order for every instruction set: results are equal bit for bit.

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

int least(int a, int b) { return a < b ? a : b; }
int most(int a, int b) { return a > b ? a : b; }

// Displacements of a tile, those along x and those along y each one after the other. Memory is asked for what comes two
// tiles later: between tiles it would rest.
template <typename T>
void gather(const WarpRow<T>& row, T* dx, T* dy) {
  constexpr int line = 64 / sizeof(T);
  const T *from_x = row.dx, *from_y = row.dy;
  if (row.step == 1) {
    for (int i = 0; i < row.count; i += line) __builtin_prefetch(from_x + 2 * row.count + i);
    for (int i = 0; i < row.count; i += line) __builtin_prefetch(from_y + 2 * row.count + i);
    for (int i = 0; i < row.count; ++i) dx[i] = from_x[i];
    for (int i = 0; i < row.count; ++i) dy[i] = from_y[i];
  } else {  // dx and dy in turn
    for (int i = 0; i < 2 * row.count; i += line) __builtin_prefetch(from_x + 4 * row.count + i);
    for (int i = 0; i < row.count; ++i) {
      dx[i] = from_x[2 * i];
      dy[i] = from_x[2 * i + 1];
    }
  }
  for (int i = row.count; i % kLanes<float> != 0; ++i) dx[i] = dy[i] = 0;
}

void find(const WarpRow<float>& row, WarpPlaces<float>& places) {
  const float far_x = static_cast<float>(row.width - 1), far_y = static_cast<float>(row.height - 1);
  const Ints last_x = Ints{} + (row.bicubic ? row.width - 1 : most(row.width - 2, 0));
  const Ints last_y = Ints{} + (row.bicubic ? row.height - 1 : most(row.height - 2, 0));
  const Ints border = Ints{} - (row.border ? 1 : 0);
  alignas(64) float dx[kWarpTile], dy[kWarpTile];
  gather(row, dx, dy);
  for (int i = 0; i < row.count; i += kLanes<float>) {
    const Floats x = ramp<Floats>() + static_cast<float>(row.begin + i) + load<Floats>(dx + i);
    const Floats y = static_cast<float>(row.y) + load<Floats>(dy + i);
    const Floats near_x = x > 0.0f ? x : Floats{}, near_y = y > 0.0f ? y : Floats{};  // NaN becomes 0
    const Floats in_x = near_x < far_x ? near_x : Floats{} + far_x, in_y = near_y < far_y ? near_y : Floats{} + far_y;
    const Ints before_x = __builtin_convertvector(in_x, Ints), before_y = __builtin_convertvector(in_y, Ints);
    const Ints at_x = before_x < last_x ? before_x : last_x, at_y = before_y < last_y ? before_y : last_y;
    const Ints inside = (x >= 0.0f) & (x <= far_x) & (y >= 0.0f) & (y <= far_y);
    store(places.x + i, at_x);
    store(places.y + i, at_y);
    store(places.fx + i, in_x - __builtin_convertvector(at_x, Floats));
    store(places.fy + i, in_y - __builtin_convertvector(at_y, Floats));
    store(places.inside + i, inside);
    store(places.sampled + i, inside | ((x == x) & (y == y) & border));
  }
}

void find(const WarpRow<double>& row, WarpPlaces<double>& places) {
  using T = double;
  const T far_x = static_cast<T>(row.width - 1), far_y = static_cast<T>(row.height - 1);
  const int last_x = row.bicubic ? row.width - 1 : most(row.width - 2, 0);
  const int last_y = row.bicubic ? row.height - 1 : most(row.height - 2, 0);
  alignas(64) T dx[kWarpTile], dy[kWarpTile];
  gather(row, dx, dy);
  const int border = row.border ? -1 : 0;
  for (int i = 0; i < row.count; ++i) {
    const T x = static_cast<T>(row.begin + i) + dx[i], y = static_cast<T>(row.y) + dy[i];
    const int inside = -static_cast<int>((x >= 0) & (x <= far_x) & (y >= 0) & (y <= far_y));
    const int number = -static_cast<int>((x == x) & (y == y));
    const T near_x = x > 0 ? x : 0, near_y = y > 0 ? y : 0;  // NaN becomes 0
    const T in_x = near_x < far_x ? near_x : far_x, in_y = near_y < far_y ? near_y : far_y;
    const int before_x = static_cast<int>(in_x), before_y = static_cast<int>(in_y);
    places.x[i] = before_x < last_x ? before_x : last_x;
    places.y[i] = before_y < last_y ? before_y : last_y;
    places.fx[i] = in_x - static_cast<T>(places.x[i]);
    places.fy[i] = in_y - static_cast<T>(places.y[i]);
    places.inside[i] = inside;
    places.sampled[i] = inside | (number & border);
  }
}

// Cubic convolution (Keys 1981), as in kernels/flow_pyramid.
template <typename V>
[[gnu::always_inline]] inline V cubic(V before, V first, V second, V after, V t) {
  const V slope = (second - before) * 0.5f;
  const V bend = ((before * 2.0f - first * 5.0f) + (second * 4.0f - after)) * 0.5f;
  const V twist = ((first - second) * 3.0f + (after - before)) * 0.5f;
  return first + t * (slope + t * (bend + t * twist));
}

template <typename Out, typename T>
[[gnu::always_inline]] inline Out rounded(T value) {
  if constexpr (Out(0.5f) != Out(0)) {
    return value;
  } else {
    constexpr float top = static_cast<float>(Out(-1));
    const float held = value > 0 ? (value < top ? value : top) : 0.0f;
    return static_cast<Out>(static_cast<int>(held + 12582912.0f - 12582912.0f));  // to nearest, ties to even
  }
}

template <typename In, typename T>
[[gnu::always_inline]] inline T bicubic(const WarpSource<In>& image, const WarpPlaces<T>& places, int i, int c) {
  T column[4];
  std::ptrdiff_t at[4];
  for (int k = 0; k < 4; ++k)
    at[k] = std::ptrdiff_t{image.channels} * most(0, least(places.x[i] + k - 1, image.width - 1));
  for (int k = 0; k < 4; ++k) {
    const In* row = image.data + most(0, least(places.y[i] + k - 1, image.height - 1)) * image.stride + c;
    column[k] = cubic<T>(row[at[0]], row[at[1]], row[at[2]], row[at[3]], places.fx[i]);
  }
  return cubic<T>(column[0], column[1], column[2], column[3], places.fy[i]);
}

template <int channels, typename In, typename T, typename Out>
void sample(const WarpSource<In>& image, const WarpPlaces<T>& places, int begin, int count, T fill, Out* warped) {
  const int each = channels ? channels : image.channels;
  const std::ptrdiff_t right = image.width > 1 ? each : 0, below = image.height > 1 ? image.stride : 0;
  for (int i = begin; i < count; ++i) {
    Out* out = warped + std::ptrdiff_t{i} * each;
    if (image.bicubic) {
      for (int c = 0; c < each; ++c) out[c] = rounded<Out>(places.sampled[i] ? bicubic(image, places, i, c) : fill);
      continue;
    }
    const In* top = image.data + places.y[i] * image.stride + std::ptrdiff_t{places.x[i]} * each;
    const In* bottom = top + below;
    const T fx = places.fx[i], fy = places.fy[i];
    for (int c = 0; c < each; ++c) {
      const T upper = static_cast<T>(top[c]) * (1 - fx) + static_cast<T>(top[c + right]) * fx;
      const T lower = static_cast<T>(bottom[c]) * (1 - fx) + static_cast<T>(bottom[c + right]) * fx;
      out[c] = rounded<Out>(places.sampled[i] ? upper * (1 - fy) + lower * fy : fill);
    }
  }
}

#if defined(__AVX2__) && !defined(__clang__)
constexpr int kLane = kLanes<float>;
typedef float Four __attribute__((vector_size(16)));

[[gnu::always_inline]] inline bool all(Ints mask) {
#if defined(__AVX512BW__)
  return _mm512_movepi32_mask((__m512i)mask) == 0xffff;
#else
  return _mm256_movemask_ps((__m256)mask) == 0xff;
#endif
}

[[gnu::always_inline]] inline Floats widened(const float* from) { return load<Floats>(from); }

[[gnu::always_inline]] inline Floats widened(const std::uint8_t* from) {
#if defined(__AVX512BW__)
  return __builtin_convertvector((Ints)_mm512_maskz_cvtepu8_epi32(0xffff, load<__m128i>(from)), Floats);
#else
  return (Floats)_mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from))));
#endif
}

[[gnu::always_inline]] inline Floats widened(const std::uint16_t* from) {
#if defined(__AVX512BW__)
  return __builtin_convertvector((Ints)_mm512_maskz_cvtepu16_epi32(0xffff, load<__m256i>(from)), Floats);
#else
  return (Floats)_mm256_cvtepi32_ps(_mm256_cvtepu16_epi32(load<__m128i>(from)));
#endif
}

[[gnu::always_inline]] inline void narrowed(Floats value, float* to) { store(to, value); }

template <typename Out>
[[gnu::always_inline]] inline void narrowed(Floats value, Out* to) {
  constexpr float top = static_cast<float>(Out(-1));
  value = value > 0.0f ? value : Floats{};
  value = value < top ? value : Floats{} + top;
  const Ints whole = (Ints)(value + 12582912.0f) & 0xffff;
#if defined(__AVX512BW__)
  if constexpr (sizeof(Out) == 1) {
    store(to, _mm512_maskz_cvtepi32_epi8(0xffff, (__m512i)whole));
  } else {
    store(to, _mm512_maskz_cvtepi32_epi16(0xffff, (__m512i)whole));
  }
#else
  const __m128i low = _mm256_castsi256_si128((__m256i)whole), high = _mm256_extracti128_si256((__m256i)whole, 1);
  const __m128i words = _mm_packus_epi32(low, high);
  if constexpr (sizeof(Out) == 1) {
    _mm_storel_epi64(reinterpret_cast<__m128i*>(to), _mm_packus_epi16(words, words));
  } else {
    store(to, words);
  }
#endif
}

[[gnu::always_inline]] inline Floats between(const Floats (&taps)[2], Floats t) {
  return taps[0] * (1.0f - t) + taps[1] * t;
}
[[gnu::always_inline]] inline Floats between(const Floats (&taps)[4], Floats t) {
  return cubic(taps[0], taps[1], taps[2], taps[3], t);
}

// Pixels of a vector mostly point to a stretch of two vectors on n + 1 rows: those are loaded whole and permuted.
// Returns false where they do not.
template <int n, typename In, typename Out>
[[gnu::always_inline]] inline bool sample_stretch(const WarpSource<In>& image, const WarpPlaces<float>& places, int i,
                                                  float fill, Out* warped) {
  constexpr int before = n / 2 - 1;
  const Ints x = load<Ints>(places.x + i), y = load<Ints>(places.y + i);
  const int base = most(0, least(places.x[i] - before - kLane / 4, image.width - 2 * kLane));
  const int row = all(y >= places.y[i]) ? places.y[i] : places.y[i] - 1;
  const Ints lower = y - row, last = Ints{} + (image.width - 1);
  Ints index[n];
  for (int k = 0; k < n; ++k) {
    const Ints tap = x + (k - before);
    index[k] = (n == 2 ? tap : (tap < 0 ? Ints{} : (tap < last ? tap : last))) - base;  // two taps lie inside
  }
  if (!all((index[0] >= 0) & (index[n - 1] < 2 * kLane) & (lower >= 0) & (lower < 2))) return false;
  const Floats fx = load<Floats>(places.fx + i), fy = load<Floats>(places.fy + i);
  Floats lines[n + 1];
  const int newest = most(0, least(row + n - before, image.height - 1));  // the rows above were read for pixels above
  __builtin_prefetch(image.data + newest * image.stride + base + 16 * kLane);
  for (int k = 0; k <= n; ++k) {
    const In* from = image.data + most(0, least(row + k - before, image.height - 1)) * image.stride + base;
    const Floats a = widened(from), b = widened(from + kLane);
    Floats taps[n];
    for (int j = 0; j < n; ++j) taps[j] = __builtin_shuffle(a, b, index[j]);
    lines[k] = between(taps, fx);
  }
  Floats column[n];
  for (int k = 0; k < n; ++k) column[k] = lower > 0 ? lines[k + 1] : lines[k];
  const Floats value = between(column, fy);
  narrowed(load<Ints>(places.sampled + i) != 0 ? value : Floats{} + fill, warped + i);
  return true;
}

[[gnu::always_inline]] inline Four four(const float* from) { return load<Four>(from); }
[[gnu::always_inline]] inline Four four(const std::uint8_t* from) {
  return (Four)_mm_cvtepi32_ps(_mm_cvtepu8_epi32(_mm_cvtsi32_si128(load<int>(from))));
}
[[gnu::always_inline]] inline Four four(const std::uint16_t* from) {
  return (Four)_mm_cvtepi32_ps(_mm_cvtepu16_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from))));
}

[[gnu::always_inline]] inline void put(Four value, float* to) { store(to, value); }
[[gnu::always_inline]] inline void put(Four value, std::uint16_t* to) {
  const __m128i whole = _mm_cvtps_epi32((__m128)value);
  _mm_storel_epi64(reinterpret_cast<__m128i*>(to), _mm_packus_epi32(whole, whole));
}
[[gnu::always_inline]] inline void put(Four value, std::uint8_t* to) {
  const __m128i words = _mm_packus_epi32(_mm_cvtps_epi32((__m128)value), _mm_setzero_si128());
  store(to, _mm_cvtsi128_si32(_mm_packus_epi16(words, words)));
}

// Three or four channels of a pixel as one vector. What is read and written beyond three belongs to the next pixel,
// so the last pixels of an image and of a tile are left to `sample`.
template <int channels, bool cubically, typename In, typename Out>
void sample_pixels(const WarpSource<In>& image, const WarpPlaces<float>& places, int count, float fill, Out* warped) {
  const int last_x = image.width - 1, last_y = image.height - 1, after = cubically ? 2 : 1;
  for (int i = 0; i < count; ++i) {
    const int x = places.x[i], y = places.y[i];
    if (i + 1 == count || (x + after >= last_x && y + after >= last_y)) {
      sample<channels>(image, places, i, i + 1, fill, warped);
      continue;
    }
    const Four fx = Four{} + places.fx[i], fy = Four{} + places.fy[i];
    Four value;
    if constexpr (cubically) {
      Four column[4];
      for (int k = 0; k < 4; ++k) {
        const In* row = image.data + most(0, least(y + k - 1, last_y)) * image.stride;
        Four taps[4];
        for (int j = 0; j < 4; ++j) taps[j] = four(row + std::ptrdiff_t{channels} * most(0, least(x + j - 1, last_x)));
        column[k] = cubic(taps[0], taps[1], taps[2], taps[3], fx);
      }
      value = cubic(column[0], column[1], column[2], column[3], fy);
    } else {
      const In* top = image.data + y * image.stride + std::ptrdiff_t{channels} * x;
      const In* bottom = top + image.stride;
      const Four upper = four(top) * (1.0f - fx) + four(top + channels) * fx;
      const Four lower = four(bottom) * (1.0f - fx) + four(bottom + channels) * fx;
      value = upper * (1.0f - fy) + lower * fy;
    }
    put(places.sampled[i] ? value : Four{} + fill, warped + std::ptrdiff_t{i} * channels);
  }
}
#endif

template <int channels, typename In, typename T, typename Out>
void sample_tile(const WarpSource<In>& image, const WarpPlaces<T>& places, int count, T fill, Out* warped) {
  int i = 0;
#if defined(__AVX2__) && !defined(__clang__)
  if constexpr (sizeof(T) == 4 && channels == 1) {
    for (; image.width >= 2 * kLane && i + kLane <= count; i += kLane) {
      const bool done = image.bicubic ? sample_stretch<4>(image, places, i, fill, warped)
                                      : sample_stretch<2>(image, places, i, fill, warped);
      if (!done) sample<1>(image, places, i, i + kLane, fill, warped);
    }
  } else if constexpr (sizeof(T) == 4) {
    if (image.width > 1 && image.height > 1) {
      return image.bicubic ? sample_pixels<channels, true>(image, places, count, fill, warped)
                           : sample_pixels<channels, false>(image, places, count, fill, warped);
    }
  }
#endif
  sample<channels>(image, places, i, count, fill, warped);
}

template <typename In, typename T, typename Out>
void sample_any(const WarpSource<In>& image, const WarpPlaces<T>& places, int count, T fill, Out* warped) {
  if (image.channels == 1) return sample_tile<1>(image, places, count, fill, warped);
  if (image.channels == 3) return sample_tile<3>(image, places, count, fill, warped);
  if (image.channels == 4) return sample_tile<4>(image, places, count, fill, warped);
  sample<0>(image, places, 0, count, fill, warped);
}

}  // namespace

void warp_places_f32(const WarpRow<float>& row, WarpPlaces<float>& places) { find(row, places); }
void warp_places_f64(const WarpRow<double>& row, WarpPlaces<double>& places) { find(row, places); }

#define GEOMVISION_WARP_SAMPLE(name, In, T, Out)                                                        \
  void name(const WarpSource<In>& image, const WarpPlaces<T>& places, int count, T fill, Out* warped) { \
    sample_any(image, places, count, fill, warped);                                                     \
  }
GEOMVISION_WARP_SAMPLE(warp_u8_u8, std::uint8_t, float, std::uint8_t)
GEOMVISION_WARP_SAMPLE(warp_u16_u16, std::uint16_t, float, std::uint16_t)
GEOMVISION_WARP_SAMPLE(warp_u8_f32, std::uint8_t, float, float)
GEOMVISION_WARP_SAMPLE(warp_u16_f32, std::uint16_t, float, float)
GEOMVISION_WARP_SAMPLE(warp_f32_f32, float, float, float)
GEOMVISION_WARP_SAMPLE(warp_f64_f64, double, double, double)

}  // namespace geomvision::kernels::GEOMVISION_ISA

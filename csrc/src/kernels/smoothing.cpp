#include "kernels/smoothing.hpp"

#include "kernels/lanes.hpp"

#ifdef __SSE2__
#include <xmmintrin.h>
#endif

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

constexpr int most_vectors = 4;
constexpr int steps_ahead =
    12;  // lines of an image's columns lie pages apart: no prefetcher of the machine follows them

// What diffuses far from its source becomes denormal, which costs a hundred cycles an operation: let it be zero.
// Gives the mode that was set before.
#ifdef __SSE2__
unsigned flush_to_zero() {
  const unsigned before = _mm_getcsr();
  _mm_setcsr(before | 0x8040U);
  return before;
}
void restore(unsigned mode) { _mm_setcsr(mode); }
#else
unsigned flush_to_zero() { return 0; }
void restore(unsigned) {}
#endif

// Elimination without a subtraction, so that nothing cancels however large lambda is. With g = lambda * w to the next
// step, and e = 1 + what earlier steps add to the diagonal: the pivot is e + g, the share of the next step q = g /
// (e + g), and the next e = 1 + q * e. `arriving` is q * (right-hand side) of the step before.
//
// `count` vectors of lines (or single lines: V is T) wait for each other's divisions; what a step hands to the next
// stays in registers.
template <typename V, bool both, typename T>
[[gnu::always_inline]] inline void smooth_vectors(const SmoothedLines<T>& lines, int first, int count) {
  constexpr int size = sizeof(V) / sizeof(T);
  const auto value = [&](int s, int k) { return lines.values + s * lines.stride + first + k * size; };
  const auto other = [&](int s, int k) { return lines.other + s * lines.other_stride + first + k * size; };
  const auto place = [&](int s, int k) { return static_cast<std::ptrdiff_t>(s) * lines.lanes + first + k * size; };
  const int last = lines.steps - 1;
  V diagonal[most_vectors], sum[most_vectors], sum_other[most_vectors];
  for (int k = 0; k < count; ++k) diagonal[k] = V{} + T(1), sum[k] = sum_other[k] = V{};
  for (int s = 0; s <= last; ++s) {
    const T scale = s < last ? lines.lambda : T(0);
    const int soon = s + steps_ahead < last ? s + steps_ahead : last;
    for (int k = 0; k < count; ++k) {
      if (k * sizeof(V) % 64 == 0) __builtin_prefetch(value(soon, k), 1);
      const V coupling = scale * load<V>(lines.weights + place(s, k)), inverse = T(1) / (diagonal[k] + coupling);
      const V next = coupling * inverse;
      store(lines.shares + place(s, k), next);
      diagonal[k] = T(1) + next * diagonal[k];
      sum[k] = load<V>(value(s, k)) + sum[k];
      store(value(s, k), sum[k] * inverse);
      sum[k] = sum[k] * next;
      if (!both) continue;
      sum_other[k] = load<V>(other(s, k)) + sum_other[k];
      store(other(s, k), sum_other[k] * inverse);
      sum_other[k] = sum_other[k] * next;
    }
  }
  for (int k = 0; k < count; ++k) {
    sum[k] = load<V>(value(last, k));
    if (both) sum_other[k] = load<V>(other(last, k));
  }
  for (int s = last - 1; s >= 0; --s) {
    for (int k = 0; k < count; ++k) {
      const V part = load<V>(lines.shares + place(s, k));
      sum[k] = load<V>(value(s, k)) + part * sum[k];
      store(value(s, k), sum[k]);
      if (!both) continue;
      sum_other[k] = load<V>(other(s, k)) + part * sum_other[k];
      store(other(s, k), sum_other[k]);
    }
  }
}

template <bool both, typename T>
void smooth_lanes(const SmoothedLines<T>& lines) {
  using V = Lanes<T>;
  int lane = 0;
  for (; lane + most_vectors * kLanes<T> <= lines.lanes; lane += most_vectors * kLanes<T>) {
    smooth_vectors<V, both>(lines, lane, most_vectors);
  }
  for (; lane + 2 * kLanes<T> <= lines.lanes; lane += 2 * kLanes<T>) smooth_vectors<V, both>(lines, lane, 2);
  for (; lane + kLanes<T> <= lines.lanes; lane += kLanes<T>) smooth_vectors<V, both>(lines, lane, 1);
  for (; lane < lines.lanes; lane += most_vectors) {
    smooth_vectors<T, both>(lines, lane, lines.lanes - lane < most_vectors ? lines.lanes - lane : most_vectors);
  }
}

template <typename T>
void smooth_lines(const SmoothedLines<T>& lines) {
  const unsigned mode = flush_to_zero();
  if (lines.other == nullptr) {
    smooth_lanes<false>(lines);
  } else {
    smooth_lanes<true>(lines);
  }
  restore(mode);
}

template <typename T>
void transpose_plain(const T* from, std::ptrdiff_t from_stride, int rows, int columns, T* to,
                     std::ptrdiff_t to_stride) {
  for (int x = 0; x < columns; ++x) {
    for (int y = 0; y < rows; ++y) to[x * to_stride + y] = from[y * from_stride + x];
  }
}

// Tiles as wide as a register. Each round exchanges, in pairs of rows 1, 2 (and 4) apart, what of the second belongs to
// the first and the other way round.
#if defined(__AVX__)
constexpr int tile = 8;
using Tile [[gnu::vector_size(32), gnu::aligned(4), gnu::may_alias]] = float;

void exchange(Tile* row) {
  Tile mixed[8];
  for (int i = 0; i < 8; i += 2) {
    mixed[i] = __builtin_shufflevector(row[i], row[i + 1], 0, 8, 2, 10, 4, 12, 6, 14);
    mixed[i + 1] = __builtin_shufflevector(row[i], row[i + 1], 1, 9, 3, 11, 5, 13, 7, 15);
  }
  for (int j = 0; j < 4; ++j) {
    const int i = j + (j & 2);
    row[i] = __builtin_shufflevector(mixed[i], mixed[i + 2], 0, 1, 8, 9, 4, 5, 12, 13);
    row[i + 2] = __builtin_shufflevector(mixed[i], mixed[i + 2], 2, 3, 10, 11, 6, 7, 14, 15);
  }
  for (int i = 0; i < 4; ++i) {
    mixed[i] = __builtin_shufflevector(row[i], row[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
    row[i + 4] = __builtin_shufflevector(row[i], row[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
    row[i] = mixed[i];
  }
}
#elif defined(__GNUC__)
constexpr int tile = 4;
using Tile [[gnu::vector_size(16), gnu::aligned(4), gnu::may_alias]] = float;

void exchange(Tile* row) {
  Tile mixed[4];
  for (int i = 0; i < 4; i += 2) {
    mixed[i] = __builtin_shufflevector(row[i], row[i + 1], 0, 4, 2, 6);
    mixed[i + 1] = __builtin_shufflevector(row[i], row[i + 1], 1, 5, 3, 7);
  }
  for (int i = 0; i < 2; ++i) {
    row[i] = __builtin_shufflevector(mixed[i], mixed[i + 2], 0, 1, 4, 5);
    row[i + 2] = __builtin_shufflevector(mixed[i], mixed[i + 2], 2, 3, 6, 7);
  }
}
#else
constexpr int tile = 1;
using Tile = float;

void exchange(Tile*) {}
#endif

void transpose_tile(const float* from, std::ptrdiff_t from_stride, float* to, std::ptrdiff_t to_stride) {
  Tile row[tile];
  for (int i = 0; i < tile; ++i) row[i] = *reinterpret_cast<const Tile*>(from + i * from_stride);
  exchange(row);
  for (int i = 0; i < tile; ++i) *reinterpret_cast<Tile*>(to + i * to_stride) = row[i];
}

// exp(x) of x <= 0 to 2e-7 (Cody & Waite's reduction, Taylor's series of the rest); 0 below -80 and for NaN.
[[gnu::always_inline]] inline float decay(float x) {
  const float clamped = x > -80.0f ? x : -80.0f;
  const float shifted = clamped * 1.442695041f + 12582912.0f;  // rounds to an integer in the lowest bits
  const float n = shifted - 12582912.0f;
  const float r = (clamped - n * 0.693359375f) + n * 2.12194440e-4f;
  float sum = 1.0f / 720.0f;
  sum = sum * r + 1.0f / 120.0f;
  sum = sum * r + 1.0f / 24.0f;
  sum = sum * r + 1.0f / 6.0f;
  sum = sum * r + 0.5f;
  sum = (sum * r + 1.0f) * r + 1.0f;
  std::int32_t bits;
  __builtin_memcpy(&bits, &shifted, sizeof bits);
  bits = (bits - 0x4b400000 + 127) << 23;
  float power;
  __builtin_memcpy(&power, &bits, sizeof power);
  return x > -80.0f ? sum * power : 0.0f;
}

template <typename T>
void edge_weights(const T* a, const T* b, int count, int channels, float scale, float* weights) {
  if (channels == 1) {
    for (int i = 0; i < count; ++i) {
      const float difference = static_cast<float>(a[i]) - static_cast<float>(b[i]);
      weights[i] = decay(-scale * __builtin_fabsf(difference));
    }
    return;
  }
  if (channels == 3) {
    for (int i = 0; i < count; ++i) {
      const float d0 = static_cast<float>(a[3 * i]) - static_cast<float>(b[3 * i]);
      const float d1 = static_cast<float>(a[3 * i + 1]) - static_cast<float>(b[3 * i + 1]);
      const float d2 = static_cast<float>(a[3 * i + 2]) - static_cast<float>(b[3 * i + 2]);
      weights[i] = decay(-scale * __builtin_sqrtf(d0 * d0 + d1 * d1 + d2 * d2));
    }
    return;
  }
  for (int i = 0; i < count; ++i) {
    float sum = 0;
    for (int c = 0; c < channels; ++c) {
      const float d = static_cast<float>(a[i * channels + c]) - static_cast<float>(b[i * channels + c]);
      sum += d * d;
    }
    weights[i] = decay(-scale * __builtin_sqrtf(sum));
  }
}

}  // namespace

void smooth_lines_f32(const SmoothedLines<float>& lines) { smooth_lines(lines); }
void smooth_lines_f64(const SmoothedLines<double>& lines) { smooth_lines(lines); }

void transpose_f32(const float* from, std::ptrdiff_t from_stride, int rows, int columns, float* to,
                   std::ptrdiff_t to_stride) {
  const int whole_rows = rows - rows % tile, whole_columns = columns - columns % tile;
  for (int x = 0; x < whole_columns; x += tile) {
    for (int y = 0; y < whole_rows; y += tile) {
      transpose_tile(from + y * from_stride + x, from_stride, to + x * to_stride + y, to_stride);
    }
  }
  transpose_plain(from + whole_columns, from_stride, rows, columns - whole_columns, to + whole_columns * to_stride,
                  to_stride);
  transpose_plain(from + whole_rows * from_stride, from_stride, rows - whole_rows, whole_columns, to + whole_rows,
                  to_stride);
}

void transpose_f64(const double* from, std::ptrdiff_t from_stride, int rows, int columns, double* to,
                   std::ptrdiff_t to_stride) {
  transpose_plain(from, from_stride, rows, columns, to, to_stride);
}

void edge_weights_u8(const std::uint8_t* a, const std::uint8_t* b, int count, int channels, float scale,
                     float* weights) {
  edge_weights(a, b, count, channels, scale, weights);
}

void edge_weights_u16(const std::uint16_t* a, const std::uint16_t* b, int count, int channels, float scale,
                      float* weights) {
  edge_weights(a, b, count, channels, scale, weights);
}

void edge_weights_f32(const float* a, const float* b, int count, int channels, float scale, float* weights) {
  edge_weights(a, b, count, channels, scale, weights);
}

}  // namespace geomvision::kernels::GEOMVISION_ISA

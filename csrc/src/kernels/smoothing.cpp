#include "kernels/smoothing.hpp"

#ifdef __SSE2__
#include <xmmintrin.h>
#endif

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

// What diffuses far from its source becomes denormal, which costs a hundred cycles an operation: let it be zero.
class FlushToZero {
#ifdef __SSE2__
 public:
  FlushToZero() : before_(_mm_getcsr()) { _mm_setcsr(before_ | 0x8040U); }
  ~FlushToZero() { _mm_setcsr(before_); }

 private:
  unsigned before_;
#else
 public:
  FlushToZero() {}
#endif
};

template <typename T>
[[gnu::always_inline]] inline void give_back(T* __restrict value, const T* __restrict after, const T* __restrict share,
                                             int lanes) {
  for (int i = 0; i < lanes; ++i) value[i] += share[i] * after[i];
}

// Elimination without a subtraction, so that nothing cancels however large lambda is. With g = lambda * w to the next
// step, and e = 1 + what earlier steps add to the diagonal: the pivot is e + g, the share of the next step q = g /
// (e + g), and the next e = 1 + q * e. `arriving` is q * (right-hand side) of the step before.
template <bool both, typename T>
[[gnu::always_inline]] inline void smooth_block(T* values, std::ptrdiff_t stride, T* other, std::ptrdiff_t other_stride,
                                                const T* weights, std::ptrdiff_t weight_stride, int steps, int lanes,
                                                T lambda, T* shares) {
  T diagonal[64], arriving[64], arriving_other[64];
  for (int i = 0; i < lanes; ++i) diagonal[i] = 1, arriving[i] = 0, arriving_other[i] = 0;
  for (int s = 0; s < steps; ++s) {
    T* __restrict value = values + s * stride;
    T* __restrict second = both ? other + s * other_stride : nullptr;
    const T* __restrict weight = weights + s * weight_stride;
    T* __restrict share = shares + static_cast<std::ptrdiff_t>(s) * lanes;
    const T scale = s + 1 < steps ? lambda : 0;
    for (int i = 0; i < lanes; ++i) {
      const T coupling = scale * weight[i], inverse = 1 / (diagonal[i] + coupling), next = coupling * inverse;
      share[i] = next;
      diagonal[i] = 1 + next * diagonal[i];
      const T sum = value[i] + arriving[i];
      value[i] = sum * inverse;
      arriving[i] = sum * next;
      if (both) {
        const T sum_other = second[i] + arriving_other[i];
        second[i] = sum_other * inverse;
        arriving_other[i] = sum_other * next;
      }
    }
  }
  for (int s = steps - 2; s >= 0; --s) {
    const T* share = shares + static_cast<std::ptrdiff_t>(s) * lanes;
    give_back(values + s * stride, values + (s + 1) * stride, share, lanes);
    if (both) give_back(other + s * other_stride, other + (s + 1) * other_stride, share, lanes);
  }
}

template <bool both, typename T>
void smooth_lanes(T* values, std::ptrdiff_t stride, T* other, std::ptrdiff_t other_stride, const T* weights,
                  std::ptrdiff_t weight_stride, int steps, int lanes, T lambda, T* shares) {
  if (lanes == 64) {
    smooth_block<both>(values, stride, other, other_stride, weights, weight_stride, steps, 64, lambda, shares);
  } else if (lanes == 32) {
    smooth_block<both>(values, stride, other, other_stride, weights, weight_stride, steps, 32, lambda, shares);
  } else {
    smooth_block<both>(values, stride, other, other_stride, weights, weight_stride, steps, lanes, lambda, shares);
  }
}

template <typename T>
void smooth_lines(T* values, std::ptrdiff_t stride, T* other, std::ptrdiff_t other_stride, const T* weights,
                  std::ptrdiff_t weight_stride, int steps, int lanes, T lambda, T* shares) {
  const FlushToZero flush;
  if (other == nullptr) {
    smooth_lanes<false>(values, stride, other, other_stride, weights, weight_stride, steps, lanes, lambda, shares);
  } else {
    smooth_lanes<true>(values, stride, other, other_stride, weights, weight_stride, steps, lanes, lambda, shares);
  }
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
using Lanes [[gnu::vector_size(32), gnu::aligned(4), gnu::may_alias]] = float;

void exchange(Lanes* row) {
  Lanes mixed[8];
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
using Lanes [[gnu::vector_size(16), gnu::aligned(4), gnu::may_alias]] = float;

void exchange(Lanes* row) {
  Lanes mixed[4];
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
using Lanes = float;

void exchange(Lanes*) {}
#endif

void transpose_tile(const float* from, std::ptrdiff_t from_stride, float* to, std::ptrdiff_t to_stride) {
  Lanes row[tile];
  for (int i = 0; i < tile; ++i) row[i] = *reinterpret_cast<const Lanes*>(from + i * from_stride);
  exchange(row);
  for (int i = 0; i < tile; ++i) *reinterpret_cast<Lanes*>(to + i * to_stride) = row[i];
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

void smooth_lines_f32(float* values, std::ptrdiff_t stride, float* other, std::ptrdiff_t other_stride,
                      const float* weights, std::ptrdiff_t weight_stride, int steps, int lanes, float lambda,
                      float* shares) {
  smooth_lines(values, stride, other, other_stride, weights, weight_stride, steps, lanes, lambda, shares);
}

void smooth_lines_f64(double* values, std::ptrdiff_t stride, double* other, std::ptrdiff_t other_stride,
                      const double* weights, std::ptrdiff_t weight_stride, int steps, int lanes, double lambda,
                      double* shares) {
  smooth_lines(values, stride, other, other_stride, weights, weight_stride, steps, lanes, lambda, shares);
}

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

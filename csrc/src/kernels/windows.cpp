#include "kernels/windows.hpp"

#include "kernels/float_lanes.hpp"
#include "kernels/window_loops.hpp"

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

// Sums over the lanes of each of Count vectors.
#if defined(__AVX512F__)
constexpr int most_positions = 12;

template <int Count>
__attribute__((always_inline)) inline void store_sums(const Lanes (&sums)[Count], float* out) {
  constexpr int twos = (Count + 1) / 2, fours = (twos + 1) / 2;
  const Lanes zero = spread(0.0f);
  Lanes two[twos], four[4] = {zero, zero, zero, zero};
#pragma GCC unroll 8
  for (int k = 0; k < twos; ++k) {
    const Lanes a = sums[2 * k], b = 2 * k + 1 < Count ? sums[(2 * k + 1) % Count] : zero;
    two[k] = add(_mm512_shuffle_f32x4(a, b, 0x88), _mm512_shuffle_f32x4(a, b, 0xdd));
  }
#pragma GCC unroll 4
  for (int k = 0; k < fours; ++k) {
    const Lanes a = two[2 * k], b = 2 * k + 1 < twos ? two[(2 * k + 1) % twos] : zero;
    four[k] = add(_mm512_shuffle_f32x4(a, b, 0x88), _mm512_shuffle_f32x4(a, b, 0xdd));
  }
  const Lanes low = add(_mm512_unpacklo_ps(four[0], four[1]), _mm512_unpackhi_ps(four[0], four[1]));
  const Lanes high = add(_mm512_unpacklo_ps(four[2], four[3]), _mm512_unpackhi_ps(four[2], four[3]));
  const Lanes all = add(_mm512_shuffle_ps(low, high, 0x44), _mm512_shuffle_ps(low, high, 0xee));
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  _mm512_mask_storeu_ps(out, static_cast<__mmask16>((1 << Count) - 1), _mm512_permutexvar_ps(order, all));
}
#else
constexpr int most_positions = 8;

inline float sum(Lanes v) {
#if defined(__AVX2__)
  const Lanes pairs = _mm256_hadd_ps(v, v), fours = _mm256_hadd_ps(pairs, pairs);  // in the order of store_sums
  return _mm_cvtss_f32(_mm_add_ss(_mm256_castps256_ps128(fours), _mm256_extractf128_ps(fours, 1)));
#else
  return (v[0] + v[2]) + (v[1] + v[3]);
#endif
}

template <int Count>
__attribute__((always_inline)) inline void store_sums(const Lanes (&sums)[Count], float* out) {
  int k = 0;
#if defined(__AVX2__)
  for (; k + 4 <= Count; k += 4) {
    const Lanes pairs = _mm256_hadd_ps(_mm256_hadd_ps(sums[k], sums[k + 1]), _mm256_hadd_ps(sums[k + 2], sums[k + 3]));
    _mm_storeu_ps(out + k, _mm_add_ps(_mm256_castps256_ps128(pairs), _mm256_extractf128_ps(pairs, 1)));
  }
#endif
  for (; k < Count; ++k) out[k] = sum(sums[k]);
}
#endif

template <int Count = most_positions>
void correlate(const float* pixel, const float* row, std::ptrdiff_t step, int count, int channels, float* out) {
  if (count == Count) {
    Lanes sums[Count];
#pragma GCC unroll 12
    for (int k = 0; k < Count; ++k) sums[k] = spread(0.0f);
    for (int c = 0; c < channels; c += lane_count) {
      const Lanes mine = load(pixel + c);
#pragma GCC unroll 12
      for (int k = 0; k < Count; ++k) sums[k] = fma(load(row + k * step + c), mine, sums[k]);
    }
    store_sums(sums, out);
  } else if constexpr (Count > 1) {
    correlate<Count - 1>(pixel, row, step, count, channels, out);
  }
}

template <int Vectors>
void gather(const float* weights, const float* row, std::ptrdiff_t step, int count, float* sums) {
  Lanes total[Vectors];
#pragma GCC unroll 8
  for (int v = 0; v < Vectors; ++v) total[v] = load(sums + v * lane_count);
  for (int k = 0; k < count; ++k, row += step) {
    const Lanes weight = spread(weights[k]);
#pragma GCC unroll 8
    for (int v = 0; v < Vectors; ++v) total[v] = fma(load(row + v * lane_count), weight, total[v]);
  }
#pragma GCC unroll 8
  for (int v = 0; v < Vectors; ++v) store(sums + v * lane_count, total[v]);
}

typedef float Four __attribute__((vector_size(16)));
typedef int FourIndices __attribute__((vector_size(16)));

inline Four load_four(const float* p) {
  Four v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}

// The first two cache lines of a row: rows a page or more apart are not foreseen by the processor.
inline void fetch(const float* row, int columns) {
  __builtin_prefetch(row);
  if (columns > 16) __builtin_prefetch(row + 16);
}

inline void transpose_four(const float* from, std::ptrdiff_t from_step, float scale, float* to,
                           std::ptrdiff_t to_step) {
  const Four a = load_four(from) * scale, b = load_four(from + from_step) * scale;
  const Four c = load_four(from + 2 * from_step) * scale, d = load_four(from + 3 * from_step) * scale;
  const Four ab_low = __builtin_shuffle(a, b, FourIndices{0, 4, 1, 5});
  const Four ab_high = __builtin_shuffle(a, b, FourIndices{2, 6, 3, 7});
  const Four cd_low = __builtin_shuffle(c, d, FourIndices{0, 4, 1, 5});
  const Four cd_high = __builtin_shuffle(c, d, FourIndices{2, 6, 3, 7});
  const Four columns[4] = {__builtin_shuffle(ab_low, cd_low, FourIndices{0, 1, 4, 5}),
                           __builtin_shuffle(ab_low, cd_low, FourIndices{2, 3, 6, 7}),
                           __builtin_shuffle(ab_high, cd_high, FourIndices{0, 1, 4, 5}),
                           __builtin_shuffle(ab_high, cd_high, FourIndices{2, 3, 6, 7})};
  for (int k = 0; k < 4; ++k) __builtin_memcpy(to + k * to_step, &columns[k], sizeof(Four));
}

#if defined(__AVX512F__)
// 16 x 16 elements: pairs of rows, fours of them, then the quarters of vectors change places.
inline void transpose_sixteen(const float* from, std::ptrdiff_t from_step, float scale, float* to,
                              std::ptrdiff_t to_step) {
  const Lanes factor = spread(scale);
  Lanes fours[16];
#pragma GCC unroll 4
  for (int k = 0; k < 16; k += 4) {
    const float* row = from + k * from_step;
    const Lanes a = multiply(load(row), factor), b = multiply(load(row + from_step), factor);
    const Lanes c = multiply(load(row + 2 * from_step), factor), d = multiply(load(row + 3 * from_step), factor);
    const __m512d ab_low = _mm512_castps_pd(_mm512_unpacklo_ps(a, b));
    const __m512d ab_high = _mm512_castps_pd(_mm512_unpackhi_ps(a, b));
    const __m512d cd_low = _mm512_castps_pd(_mm512_unpacklo_ps(c, d));
    const __m512d cd_high = _mm512_castps_pd(_mm512_unpackhi_ps(c, d));
    fours[k] = _mm512_castpd_ps(_mm512_unpacklo_pd(ab_low, cd_low));
    fours[k + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(ab_low, cd_low));
    fours[k + 2] = _mm512_castpd_ps(_mm512_unpacklo_pd(ab_high, cd_high));
    fours[k + 3] = _mm512_castpd_ps(_mm512_unpackhi_pd(ab_high, cd_high));
  }
#pragma GCC unroll 4
  for (int k = 0; k < 4; ++k) {
    const Lanes even_top = _mm512_shuffle_f32x4(fours[k], fours[k + 4], 0x88);
    const Lanes odd_top = _mm512_shuffle_f32x4(fours[k], fours[k + 4], 0xdd);
    const Lanes even_bottom = _mm512_shuffle_f32x4(fours[k + 8], fours[k + 12], 0x88);
    const Lanes odd_bottom = _mm512_shuffle_f32x4(fours[k + 8], fours[k + 12], 0xdd);
    store(to + k * to_step, _mm512_shuffle_f32x4(even_top, even_bottom, 0x88));
    store(to + (k + 4) * to_step, _mm512_shuffle_f32x4(odd_top, odd_bottom, 0x88));
    store(to + (k + 8) * to_step, _mm512_shuffle_f32x4(even_top, even_bottom, 0xdd));
    store(to + (k + 12) * to_step, _mm512_shuffle_f32x4(odd_top, odd_bottom, 0xdd));
  }
}
#endif

}  // namespace

void correlate_window(const float* pixel, const float* row, std::ptrdiff_t step, int count, int channels, float* out) {
  for (int groups = (count + most_positions - 1) / most_positions; groups > 0; --groups) {
    const int some = (count + groups - 1) / groups;
    correlate<>(pixel, row, step, some, channels, out);
    row += some * step;
    out += some;
    count -= some;
  }
}

void gather_window(const float* weights, const float* row, std::ptrdiff_t step, int count, int channels, float* sums) {
  int c = 0;
  for (; c + 8 * lane_count <= channels; c += 8 * lane_count) gather<8>(weights, row + c, step, count, sums + c);
  for (; c + 4 * lane_count <= channels; c += 4 * lane_count) gather<4>(weights, row + c, step, count, sums + c);
  for (; c < channels; c += lane_count) gather<1>(weights, row + c, step, count, sums + c);
}

void scatter_window(const float* weights, const float* pixel, int count, int channels, float* row,
                    std::ptrdiff_t step) {
  for (int k = 0; k < count; ++k, row += step) {
    const Lanes weight = spread(weights[k]);
    for (int c = 0; c < channels; c += lane_count) store(row + c, fma(load(pixel + c), weight, load(row + c)));
  }
}

void transpose(const float* from, std::ptrdiff_t from_step, int rows, int columns, float scale, float* to,
               std::ptrdiff_t to_step) {
  const int whole_rows = rows / 4 * 4, whole_columns = columns / 4 * 4;
  for (int block = 0; block < whole_rows; block += 16) {  // whole cache lines of `to` at a time
    const int end = block + 16 < whole_rows ? block + 16 : whole_rows;
    for (int y = end; y < rows && y < end + 16; ++y) fetch(from + y * from_step, columns);
    for (int x = 0; x < whole_columns; x += 4) {
      for (int y = block; y < end && x % 16 == 0 && x + 32 < columns; ++y) {
        __builtin_prefetch(from + y * from_step + x + 32);
      }
#if defined(__AVX512F__)
      if (end - block == 16 && x + 16 <= columns) {
        transpose_sixteen(from + block * from_step + x, from_step, scale, to + x * to_step + block, to_step);
        x += 12;
        continue;
      }
#endif
      for (int y = block; y < end; y += 4) {
        transpose_four(from + y * from_step + x, from_step, scale, to + x * to_step + y, to_step);
      }
    }
  }
  for (int y = 0; y < rows; ++y) {
    for (int x = y < whole_rows ? whole_columns : 0; x < columns; ++x) {
      to[x * to_step + y] = from[y * from_step + x] * scale;
    }
  }
}

void blend_window(const float* window, int side, int rows, int pitch, float fx, float fy, float* out) {
  blend(window, side, rows, pitch, fx, fy, out);
}

void blend_pairs(const float* pairs, int side, float fx, float* out) { blend_pair_means(pairs, side, fx, out); }

void spread_window(const float* d_out, int side, int rows, int pitch, float fx, float fy, float* d_window) {
  spread_samples(d_out, side, rows, pitch, fx, fy, d_window);
}

}  // namespace geomvision::kernels::GEOMVISION_ISA

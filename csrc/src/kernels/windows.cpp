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

// Rows a page or more apart are not foreseen by the processor.
inline void fetch(const float* row, int columns) {
  constexpr int line = 16;
  for (int x = 0; x < columns; x += line) __builtin_prefetch(row + x, 0, 2);
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
// 16 rows of up to 16 elements: pairs of rows, fours of them, then the quarters of vectors change places.
template <bool Whole>
void transpose_sixteen(const float* from, std::ptrdiff_t from_step, int columns, float scale, float* to,
                       std::ptrdiff_t to_step, bool streamed) {
  const auto inside = static_cast<__mmask16>((1u << columns) - 1);
  const Lanes factor = spread(scale);
  const auto row = [&](int y) {
    const float* values = from + y * from_step;
    return multiply(Whole ? load(values) : _mm512_maskz_loadu_ps(inside, values), factor);
  };
  const auto put = [&](int x, Lanes values) {
    if (!Whole && x >= columns) return;
    streamed ? stream(to + x * to_step, values) : store(to + x * to_step, values);
  };
  Lanes fours[16];
#pragma GCC unroll 4
  for (int k = 0; k < 16; k += 4) {
    const Lanes a = row(k), b = row(k + 1), c = row(k + 2), d = row(k + 3);
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
    put(k, _mm512_shuffle_f32x4(even_top, even_bottom, 0x88));
    put(k + 4, _mm512_shuffle_f32x4(odd_top, odd_bottom, 0x88));
    put(k + 8, _mm512_shuffle_f32x4(even_top, even_bottom, 0xdd));
    put(k + 12, _mm512_shuffle_f32x4(odd_top, odd_bottom, 0xdd));
  }
}
#endif

// Up to 16 rows: whole cache lines of `to` at a time.
inline void transpose_rows(const float* from, std::ptrdiff_t from_step, int rows, int columns, float scale, float* to,
                           std::ptrdiff_t to_step, bool streamed) {
#if defined(__AVX512F__)
  if (rows == 16) {
    int x = 0;
    for (; x + 16 <= columns; x += 16) {
      transpose_sixteen<true>(from + x, from_step, 16, scale, to + x * to_step, to_step, streamed);
    }
    if (x < columns) {
      transpose_sixteen<false>(from + x, from_step, columns - x, scale, to + x * to_step, to_step, streamed);
    }
    return;
  }
#else
  (void)streamed;  // nothing is gained where vectors are less than cache lines
#endif
  const int whole_rows = rows / 4 * 4, whole_columns = columns / 4 * 4;
  for (int x = 0; x < whole_columns; x += 4) {
    for (int y = 0; y < whole_rows; y += 4) {
      transpose_four(from + y * from_step + x, from_step, scale, to + x * to_step + y, to_step);
    }
  }
  for (int y = 0; y < rows; ++y) {
    for (int x = y < whole_rows ? whole_columns : 0; x < columns; ++x) {
      to[x * to_step + y] = from[y * from_step + x] * scale;
    }
  }
}

// What is fetched together: runs of memory as long and as many as the second-level cache has room for.
constexpr int part_rows = 256, part_columns = 256;

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
               std::ptrdiff_t to_step, bool streamed) {
  const auto smaller = [](int a, int b) { return a < b ? a : b; };
  for (int x = 0; x < columns; x += part_columns) {
    const int width = smaller(part_columns, columns - x);
    for (int part = 0; part < rows; part += part_rows) {
      const int end = smaller(part + part_rows, rows);
      for (int y = part; y < end; ++y) fetch(from + y * from_step + x, width);
      for (int y = part; y < end; y += 16) {
        transpose_rows(from + y * from_step + x, from_step, smaller(16, end - y), width, scale, to + x * to_step + y,
                       to_step, streamed);
      }
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

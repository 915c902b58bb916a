#include "kernels/plane_sweep.hpp"

#if defined(__AVX512BW__)
#include "kernels/avx512.hpp"
#endif

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-trapping-math")  // else the loop over floats stays scalar
#endif

namespace geomvision::kernels::GEOMVISION_ISA {

#if !defined(__AVX512BW__)
// Of this instruction set, which census.hpp does not declare here.
void census_planes_u16(const std::uint16_t* const* rows, int radius_x, int radius_y, bool mirrored, int bits, int width,
                       int pitch, std::uint8_t* planes);
#endif

namespace {

constexpr int one = 128;  // fractions of a pixel

// Of the four bytes, weighted by the way to the right and down, in units of 1 / one^2; 64 of them are 1 / 256.
inline int between(std::uint32_t corners, int right, int down) {
  const int a = static_cast<int>(corners & 255U), b = static_cast<int>((corners >> 8) & 255U);
  const int c = static_cast<int>((corners >> 16) & 255U), d = static_cast<int>(corners >> 24);
  return ((a * (one - right) + b * right) * (one - down) + (c * (one - right) + d * right) * down) >> 6;
}

template <bool masked>
void look_up(const SweepRow& row, std::uint16_t* __restrict grey, std::uint8_t* __restrict inside) {
  const float* __restrict rx = row.x, * __restrict ry = row.y, * __restrict rz = row.z;
  const std::uint32_t* __restrict corners = row.corners, * __restrict known = row.known;
  const float m0 = row.M[0], m1 = row.M[1], m2 = row.M[2], m3 = row.M[3], m4 = row.M[4], m5 = row.M[5];
  const float m6 = row.M[6], m7 = row.M[7], m8 = row.M[8], b0 = row.b[0], b1 = row.b[1], b2 = row.b[2];
  const auto most_x = static_cast<float>(row.width - 1), most_y = static_cast<float>(row.height - 1);
  const int width = row.width;
  for (int i = 0; i < row.count; ++i) {
    const float z = (m6 * rx[i] + m7 * ry[i] + m8 * rz[i]) + b2, scale = 1.0f / z;
    const float x = ((m0 * rx[i] + m1 * ry[i] + m2 * rz[i]) + b0) * scale;
    const float y = ((m3 * rx[i] + m4 * ry[i] + m5 * rz[i]) + b1) * scale;
    const bool there = (z > 0.0f) & (x >= 0.0f) & (x <= most_x) & (y >= 0.0f) & (y <= most_y);
    const float over_x = x > 0.0f ? x : 0.0f, over_y = y > 0.0f ? y : 0.0f;  // NaN becomes 0
    const float near_x = over_x < most_x ? over_x : most_x, near_y = over_y < most_y ? over_y : most_y;
    const int column = static_cast<int>(near_x), line = static_cast<int>(near_y);
    const int right = static_cast<int>((near_x - static_cast<float>(column)) * 128.0f + 0.5f);
    const int down = static_cast<int>((near_y - static_cast<float>(line)) * 128.0f + 0.5f);
    const int at = line * width + column;
    const bool seen = masked ? there & (known[at] == 0xffffffffU) : there;
    grey[i] = static_cast<std::uint16_t>(between(corners[at], right, down));
    inside[i] = seen ? 255 : 0;
  }
}

#if defined(__AVX512BW__)

// Sixteen pixels at a time, in the order of `look_up`; the corners are weighed in pairs.
template <bool masked>
void look_up_16(const SweepRow& row, std::uint16_t* grey, std::uint8_t* inside) {
  const auto all = [](float value) { return _mm512_set1_ps(value); };
  const __m512 zero = _mm512_setzero_ps(), fine = all(static_cast<float>(one)), half = all(0.5f);
  const __m512 most_x = all(static_cast<float>(row.width - 1)), most_y = all(static_cast<float>(row.height - 1));
  const __m512i width = _mm512_set1_epi32(row.width), whole = _mm512_set1_epi32(one);
  const __m512i upper = _mm512_broadcast_i32x4(_mm_set_epi8(-1, 13, -1, 12, -1, 9, -1, 8, -1, 5, -1, 4, -1, 1, -1, 0));
  const __m512i lower =
      _mm512_broadcast_i32x4(_mm_set_epi8(-1, 15, -1, 14, -1, 11, -1, 10, -1, 7, -1, 6, -1, 3, -1, 2));
  __m512 M[9], b[3];
  for (int k = 0; k < 9; ++k) M[k] = all(row.M[k]);
  for (int k = 0; k < 3; ++k) b[k] = all(row.b[k]);
  const auto pair = [&](__m512i second) {  // weights of the first, and of the second in the upper half
    return _mm512_or_si512(_mm512_sub_epi32(whole, second), _mm512_slli_epi32(second, 16));
  };
  for (int i = 0; i < row.count; i += 16) {
    const int left = row.count - i;
    const auto lanes = static_cast<__mmask16>(left >= 16 ? 0xffff : (1 << left) - 1);
    const __m512 rx = _mm512_maskz_loadu_ps(lanes, row.x + i), ry = _mm512_maskz_loadu_ps(lanes, row.y + i);
    const __m512 rz = _mm512_maskz_loadu_ps(lanes, row.z + i);
    const auto product = [&](int k) { return (M[3 * k] * rx + M[3 * k + 1] * ry + M[3 * k + 2] * rz) + b[k]; };
    const __m512 z = product(2), scale = all(1.0f) / z;
    const __m512 x = product(0) * scale, y = product(1) * scale;
    __mmask16 seen = _mm512_cmp_ps_mask(z, zero, _CMP_GT_OQ);
    seen = _mm512_mask_cmp_ps_mask(_mm512_mask_cmp_ps_mask(seen, x, zero, _CMP_GE_OQ), x, most_x, _CMP_LE_OQ);
    seen = _mm512_mask_cmp_ps_mask(_mm512_mask_cmp_ps_mask(seen, y, zero, _CMP_GE_OQ), y, most_y, _CMP_LE_OQ);
    const __m512 near_x = _mm512_min_ps(_mm512_max_ps(x, zero), most_x);  // NaN becomes 0
    const __m512 near_y = _mm512_min_ps(_mm512_max_ps(y, zero), most_y);
    const __m512i column = _mm512_cvttps_epi32(near_x), line = _mm512_cvttps_epi32(near_y);
    const __m512i right = _mm512_cvttps_epi32((near_x - _mm512_cvtepi32_ps(column)) * fine + half);
    const __m512i down = _mm512_cvttps_epi32((near_y - _mm512_cvtepi32_ps(line)) * fine + half);
    const __m512i at = _mm512_add_epi32(_mm512_mullo_epi32(line, width), column);
    const __m512i corners = _mm512_i32gather_epi32(at, row.corners, 4);
    if constexpr (masked) {
      const __m512i known = _mm512_i32gather_epi32(at, row.known, 4);
      seen = _mm512_mask_cmpeq_epi32_mask(seen, known, _mm512_set1_epi32(-1));
    }
    const __m512i across = pair(right);
    const __m512i above = _mm512_madd_epi16(_mm512_shuffle_epi8(corners, upper), across);
    const __m512i below = _mm512_madd_epi16(_mm512_shuffle_epi8(corners, lower), across);
    const __m512i both = _mm512_or_si512(above, _mm512_slli_epi32(below, 16));
    const __m512i value = _mm512_srli_epi32(_mm512_madd_epi16(both, pair(down)), 6);
    _mm512_mask_cvtepi32_storeu_epi16(grey + i, lanes, value);
    _mm512_mask_cvtepi32_storeu_epi8(inside + i, lanes, _mm512_movm_epi32(seen));
  }
}

// Which of up to 64 pixels have a neighbour that is darker.
inline __mmask64 darker(const std::uint16_t* neighbour, __mmask32 first, __mmask32 second, __m512i at, __m512i after) {
  const __mmask32 low = _mm512_cmplt_epu16_mask(_mm512_maskz_loadu_epi16(first, neighbour), at);
  const __mmask32 high = _mm512_cmplt_epu16_mask(_mm512_maskz_loadu_epi16(second, neighbour + 32), after);
  return _mm512_kunpackd(high, low);
}

// Calls `take(n, mask)` with which of the 64 pixels from x on have a darker neighbour n.
template <typename Take>
inline void each_neighbour(const std::uint16_t* const* rows, int x, __mmask64 inside, const Take& take) {
  const auto first = static_cast<__mmask32>(inside), second = static_cast<__mmask32>(inside >> 32);
  const std::uint16_t* centre = rows[sweep_radius_y] + x;
  const __m512i at = _mm512_maskz_loadu_epi16(first, centre), after = _mm512_maskz_loadu_epi16(second, centre + 32);
  int n = 0;
  for (int dy = 0; dy <= 2 * sweep_radius_y; ++dy) {
    const std::uint16_t* row = rows[dy] + x;
#pragma GCC unroll 9
    for (int dx = -sweep_radius_x; dx <= sweep_radius_x; ++dx) {
      if (dx == 0 && dy == sweep_radius_y) continue;
      take(n++, darker(row + dx, first, second, at, after));
    }
  }
}

inline __mmask64 first_pixels(int count) { return count >= 64 ? ~__mmask64{0} : (__mmask64{1} << count) - 1; }

#else

// How many bits of each byte are set.
inline std::uint64_t bits_of_bytes(std::uint64_t v) {
  v -= (v >> 1) & 0x5555555555555555U;
  v = (v & 0x3333333333333333U) + ((v >> 2) & 0x3333333333333333U);
  return (v + (v >> 4)) & 0x0f0f0f0f0f0f0f0fU;
}

inline std::uint64_t eight_bytes(const std::uint8_t* at) {
  std::uint64_t value;
  __builtin_memcpy(&value, at, 8);
  return value;
}

#endif

}  // namespace

void sweep_look_up(const SweepRow& row, std::uint16_t* __restrict grey, std::uint8_t* __restrict inside) {
#if defined(__AVX512BW__)
  const auto take = row.known != nullptr ? look_up_16<true> : look_up_16<false>;
#else
  const auto take = row.known != nullptr ? look_up<true> : look_up<false>;
#endif
  take(row, grey, inside);
}

#if defined(__AVX512BW__)

// A bit of 64 pixels for each neighbour.
void sweep_words(const std::uint16_t* const* rows, int width, std::uint8_t* words) {
  for (int x = 0; x < width; x += 64) {
    std::uint8_t* strip = words + std::ptrdiff_t{x} * sweep_word_bytes;
    each_neighbour(rows, x, first_pixels(width - x),
                   [&](int n, __mmask64 mask) { __builtin_memcpy(strip + 8 * std::ptrdiff_t{n}, &mask, 8); });
  }
}

void sweep_differences(const std::uint16_t* const* rows, const std::uint8_t* words, std::uint8_t*,
                       const std::uint8_t* inside, int width, std::uint8_t* __restrict bits) {
  for (int x = 0; x < width; x += 64) {
    const std::uint8_t* strip = words + std::ptrdiff_t{x} * sweep_word_bytes;
    const __mmask64 taken = first_pixels(width - x);
    __m512i sum = _mm512_setzero_si512();
    each_neighbour(rows, x, taken, [&](int n, __mmask64 mask) {
      __mmask64 reference;
      __builtin_memcpy(&reference, strip + 8 * std::ptrdiff_t{n}, 8);
      sum = _mm512_mask_add_epi8(sum, mask ^ reference, sum, _mm512_set1_epi8(1));
    });
    const __mmask64 unseen = _mm512_testn_epi8_mask(_mm512_maskz_loadu_epi8(taken, inside + x), _mm512_set1_epi8(-1));
    _mm512_mask_storeu_epi8(bits + x, taken, _mm512_mask_set1_epi8(sum, unseen, -1));
  }
}

#else

// Eight planes of bytes.
void sweep_words(const std::uint16_t* const* rows, int width, std::uint8_t* words) {
  census_planes_u16(rows, sweep_radius_x, sweep_radius_y, false, 8, width, sweep_row, words);
}

void sweep_differences(const std::uint16_t* const* rows, const std::uint8_t* words0, std::uint8_t* words1,
                       const std::uint8_t* inside, int width, std::uint8_t* __restrict bits) {
  sweep_words(rows, width, words1);
  const int count = (width + 7) / 8 * 8;
  for (int i = 0; i < count; i += 8) {
    std::uint64_t sum = 0;
#pragma GCC unroll 8
    for (int plane = 0; plane < 8; ++plane) {
      const std::ptrdiff_t at = std::ptrdiff_t{plane} * sweep_row + i;
      sum += bits_of_bytes(eight_bytes(words0 + at) ^ eight_bytes(words1 + at));
    }
    sum |= ~eight_bytes(inside + i);
    __builtin_memcpy(bits + i, &sum, 8);
  }
}

#endif

void sweep_best_half(std::uint8_t* bits, int pitch, int sources, int count, std::uint8_t unseen, std::uint16_t* total,
                     std::uint8_t* seen, std::uint8_t* best) {
  for (int i = 0; i < count; ++i) {
    total[i] = 0;
    seen[i] = 0;
    best[i] = unseen;
  }
  for (int s = 0; s < sources; ++s) {
    const std::uint8_t* __restrict cost = bits + std::ptrdiff_t{s} * pitch;
    for (int i = 0; i < count; ++i) seen[i] = static_cast<std::uint8_t>(seen[i] + (cost[i] < 255 ? 1 : 0));
  }
  for (int rank = 0; rank < (sources + 1) / 2; ++rank) {  // the smallest of those left comes to the front
    for (int s = sources - 1; s > rank; --s) {
      std::uint8_t* __restrict far = bits + std::ptrdiff_t{s} * pitch;
      std::uint8_t* __restrict near = far - pitch;
      for (int i = 0; i < count; ++i) {
        const std::uint8_t a = near[i], b = far[i];
        near[i] = a < b ? a : b;
        far[i] = a < b ? b : a;
      }
    }
    const std::uint8_t* __restrict front = bits + std::ptrdiff_t{rank} * pitch;
    const int half = rank + 1;
    const auto inverse = static_cast<std::uint32_t>((65536 + half - 1) / half);  // exact for what 32 costs can sum to
    for (int i = 0; i < count; ++i) {
      total[i] = static_cast<std::uint16_t>(total[i] + front[i]);
      const std::uint32_t rounded = total[i] + static_cast<std::uint32_t>(half / 2);
      const bool this_many = (seen[i] == 2 * half) | (seen[i] == 2 * half - 1);
      best[i] = this_many ? static_cast<std::uint8_t>((rounded * inverse) >> 16) : best[i];
    }
  }
}

}  // namespace geomvision::kernels::GEOMVISION_ISA

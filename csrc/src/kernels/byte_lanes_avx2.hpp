#pragma once

#include <immintrin.h>

#include <cstdint>

// `byte_lanes.hpp` in 32 bytes with AVX2.

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

using Vector = __m256i;
constexpr int lanes = 32;

inline Vector load(const void* from) { return _mm256_loadu_si256(static_cast<const __m256i*>(from)); }
inline void store(void* to, Vector v) { _mm256_storeu_si256(static_cast<__m256i*>(to), v); }
inline Vector splat(std::uint8_t value) { return _mm256_set1_epi8(static_cast<char>(value)); }
inline Vector splat_word(std::uint16_t value) { return _mm256_set1_epi16(static_cast<short>(value)); }
inline Vector smaller(Vector a, Vector b) { return _mm256_min_epu8(a, b); }
inline Vector add_capped(Vector a, Vector b) { return _mm256_adds_epu8(a, b); }
inline Vector add(Vector a, Vector b) { return _mm256_add_epi8(a, b); }
inline Vector subtract(Vector a, Vector b) { return _mm256_sub_epi8(a, b); }
inline Vector both(Vector a, Vector b) { return _mm256_and_si256(a, b); }
inline Vector either(Vector a, Vector b) { return _mm256_or_si256(a, b); }
inline Vector add_words(Vector a, Vector b) { return _mm256_add_epi16(a, b); }
inline Vector subtract_words(Vector a, Vector b) { return _mm256_sub_epi16(a, b); }
inline Vector high_bytes(Vector v) { return _mm256_srli_epi16(v, 8); }
inline Vector raised_bytes(Vector v) { return _mm256_slli_epi16(v, 8); }
inline Vector smaller_words(Vector a, Vector b) { return _mm256_min_epu16(a, b); }
inline Vector words_where_equal(Vector a, Vector b, Vector then) {
  return _mm256_blendv_epi8(_mm256_set1_epi16(-1), then, _mm256_cmpeq_epi16(a, b));
}
inline int first_equal_word(Vector a, Vector b) {
  return __builtin_ctz(static_cast<unsigned>(_mm256_movemask_epi8(_mm256_cmpeq_epi16(a, b)))) / 2;
}
inline Vector words_where_less(Vector a, Vector b, Vector then, Vector otherwise) {
  return _mm256_blendv_epi8(then, otherwise, _mm256_cmpeq_epi16(_mm256_max_epu16(a, b), a));
}
inline Vector smaller_words_where_above_two(Vector a, Vector b, Vector then) {
  return _mm256_min_epu16(b, _mm256_or_si256(then, _mm256_cmpeq_epi16(_mm256_min_epu16(a, _mm256_set1_epi16(2)), a)));
}
// Lane i holds lane i - 1 of v, the first one 255; and the other way round.
inline Vector moved_up(Vector v) { return _mm256_alignr_epi8(v, _mm256_permute2x128_si256(splat(255), v, 0x21), 15); }
inline Vector moved_down(Vector v) { return _mm256_alignr_epi8(_mm256_permute2x128_si256(v, splat(255), 0x21), v, 1); }
// The same of words, the first one 65535; and the last word.
inline Vector words_moved_up(Vector v) {
  return _mm256_alignr_epi8(v, _mm256_permute2x128_si256(splat(255), v, 0x21), 14);
}
inline std::uint16_t last_word(Vector v) { return static_cast<std::uint16_t>(_mm256_extract_epi16(v, 15)); }
inline std::uint32_t sum_of_bytes(Vector v) {
  const Vector eights = _mm256_sad_epu8(v, _mm256_setzero_si256());
  const __m128i pairs = _mm_add_epi32(_mm256_castsi256_si128(eights), _mm256_extracti128_si256(eights, 1));
  return static_cast<std::uint32_t>(_mm_cvtsi128_si32(pairs) + _mm_extract_epi32(pairs, 2));
}
// The smallest word of a vector, in its first one.
inline __m128i least_word(Vector v) {
  return _mm_minpos_epu16(_mm_min_epu16(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1)));
}
inline Vector word_everywhere(__m128i v) { return _mm256_broadcastw_epi16(v); }
inline std::uint16_t word_of(__m128i v) { return static_cast<std::uint16_t>(_mm_cvtsi128_si32(v)); }
// The smallest byte of a vector, in its first one.
inline __m128i least_byte(Vector v) {
  __m128i least = _mm_min_epu8(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
  least = _mm_min_epu8(least, _mm_srli_epi16(least, 8));  // in words from here on
  return _mm_minpos_epu16(_mm_and_si128(least, _mm_set1_epi16(255)));
}
inline Vector first_everywhere(__m128i v) { return _mm256_broadcastb_epi8(v); }
inline std::uint8_t first_of(__m128i v) { return static_cast<std::uint8_t>(_mm_cvtsi128_si32(v)); }
// The smallest bytes of four vectors, the first one's lowest.
inline std::uint32_t least_bytes(Vector a, Vector b, Vector c, Vector d) {
  const Vector ab = smaller(_mm256_permute2x128_si256(a, b, 0x20), _mm256_permute2x128_si256(a, b, 0x31));
  const Vector cd = smaller(_mm256_permute2x128_si256(c, d, 0x20), _mm256_permute2x128_si256(c, d, 0x31));
  Vector v = smaller(_mm256_unpacklo_epi64(ab, cd), _mm256_unpackhi_epi64(ab, cd));
  v = smaller(v, _mm256_srli_epi64(v, 32));
  v = smaller(v, _mm256_srli_epi64(v, 16));
  v = smaller(v, _mm256_srli_epi64(v, 8));  // in byte 0 of each quarter: of a, c, b, d
  const __m128i ac = _mm256_castsi256_si128(v), bd = _mm256_extracti128_si256(v, 1);
  const __m128i first = _mm_unpacklo_epi8(ac, bd), last = _mm_unpackhi_epi8(ac, bd);
  return (static_cast<std::uint32_t>(_mm_cvtsi128_si32(first)) & 0xffff) |
         (static_cast<std::uint32_t>(_mm_cvtsi128_si32(last)) << 16);
}

}  // namespace
}  // namespace geomvision::kernels::GEOMVISION_ISA

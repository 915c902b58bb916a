#pragma once

#include <emmintrin.h>

#include <cstdint>

// `byte_lanes.hpp` in 16 bytes with SSE2, which every x86-64 processor has.

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

using Vector = __m128i;
constexpr int lanes = 16;

inline Vector load(const void* from) { return _mm_loadu_si128(static_cast<const __m128i*>(from)); }
inline void store(void* to, Vector v) { _mm_storeu_si128(static_cast<__m128i*>(to), v); }
inline Vector splat(std::uint8_t value) { return _mm_set1_epi8(static_cast<char>(value)); }
inline Vector splat_word(std::uint16_t value) { return _mm_set1_epi16(static_cast<short>(value)); }
inline Vector smaller(Vector a, Vector b) { return _mm_min_epu8(a, b); }
inline Vector add_capped(Vector a, Vector b) { return _mm_adds_epu8(a, b); }
inline Vector add(Vector a, Vector b) { return _mm_add_epi8(a, b); }
inline Vector subtract(Vector a, Vector b) { return _mm_sub_epi8(a, b); }
inline Vector both(Vector a, Vector b) { return _mm_and_si128(a, b); }
inline Vector either(Vector a, Vector b) { return _mm_or_si128(a, b); }
inline Vector add_words(Vector a, Vector b) { return _mm_add_epi16(a, b); }
inline Vector subtract_words(Vector a, Vector b) { return _mm_sub_epi16(a, b); }
inline Vector high_bytes(Vector v) { return _mm_srli_epi16(v, 8); }
inline Vector raised_bytes(Vector v) { return _mm_slli_epi16(v, 8); }
inline Vector smaller_words(Vector a, Vector b) { return _mm_sub_epi16(a, _mm_subs_epu16(a, b)); }
inline Vector words_where_equal(Vector a, Vector b, Vector then) {  // 65535 elsewhere
  const Vector equal = _mm_cmpeq_epi16(a, b);
  return _mm_or_si128(_mm_and_si128(equal, then), _mm_andnot_si128(equal, _mm_set1_epi16(-1)));
}
// The first word where they are equal; there is one.
inline int first_equal_word(Vector a, Vector b) {
  return __builtin_ctz(static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi16(a, b)))) / 2;
}
inline Vector words_where_less(Vector a, Vector b, Vector then, Vector otherwise) {
  const Vector not_less = _mm_cmpeq_epi16(_mm_subs_epu16(b, a), _mm_setzero_si128());
  return _mm_or_si128(_mm_and_si128(not_less, otherwise), _mm_andnot_si128(not_less, then));
}
// min(b, then) where a is above two, b elsewhere.
inline Vector smaller_words_where_above_two(Vector a, Vector b, Vector then) {
  const Vector small = _mm_cmpeq_epi16(_mm_subs_epu16(a, _mm_set1_epi16(2)), _mm_setzero_si128());
  return smaller_words(b, _mm_or_si128(then, small));
}
// Lane i holds lane i - 1 of v, the first one 255; and the other way round.
inline Vector moved_up(Vector v) { return _mm_or_si128(_mm_slli_si128(v, 1), _mm_cvtsi32_si128(255)); }
inline Vector moved_down(Vector v) {
  return _mm_or_si128(_mm_srli_si128(v, 1), _mm_slli_si128(_mm_cvtsi32_si128(255), 15));
}
// The same of words, the first one 65535; and the last word.
inline Vector words_moved_up(Vector v) { return _mm_or_si128(_mm_slli_si128(v, 2), _mm_cvtsi32_si128(65535)); }
inline std::uint16_t last_word(Vector v) { return static_cast<std::uint16_t>(_mm_extract_epi16(v, 7)); }
inline std::uint32_t sum_of_bytes(Vector v) {
  const Vector eights = _mm_sad_epu8(v, _mm_setzero_si128());
  return static_cast<std::uint32_t>(_mm_cvtsi128_si32(eights) + _mm_extract_epi16(eights, 4));
}
// The smallest word of a vector.
inline std::uint16_t least_word(Vector v) {
  v = smaller_words(v, _mm_srli_si128(v, 8));
  v = smaller_words(v, _mm_srli_si128(v, 4));
  return static_cast<std::uint16_t>(_mm_cvtsi128_si32(smaller_words(v, _mm_srli_si128(v, 2))));
}
inline Vector word_everywhere(std::uint16_t value) { return splat_word(value); }
inline std::uint16_t word_of(std::uint16_t value) { return value; }
// The smallest byte of a vector.
inline std::uint8_t least_byte(Vector v) {
  v = smaller(v, _mm_srli_si128(v, 8));
  v = smaller(v, _mm_srli_si128(v, 4));
  v = smaller(v, _mm_srli_si128(v, 2));
  return static_cast<std::uint8_t>(_mm_cvtsi128_si32(smaller(v, _mm_srli_si128(v, 1))));
}
inline Vector first_everywhere(std::uint8_t value) { return splat(value); }
inline std::uint8_t first_of(std::uint8_t value) { return value; }
// The smallest bytes of four vectors, the first one's lowest.
inline std::uint32_t least_bytes(Vector a, Vector b, Vector c, Vector d) {
  const Vector ab = smaller(_mm_unpacklo_epi8(a, b), _mm_unpackhi_epi8(a, b));
  const Vector cd = smaller(_mm_unpacklo_epi8(c, d), _mm_unpackhi_epi8(c, d));
  Vector v = smaller(_mm_unpacklo_epi16(ab, cd), _mm_unpackhi_epi16(ab, cd));
  v = smaller(v, _mm_srli_si128(v, 8));
  return static_cast<std::uint32_t>(_mm_cvtsi128_si32(smaller(v, _mm_srli_si128(v, 4))));
}

}  // namespace
}  // namespace geomvision::kernels::GEOMVISION_ISA

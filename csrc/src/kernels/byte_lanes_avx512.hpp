#pragma once

#include <cstdint>

#include "kernels/avx512.hpp"

// `byte_lanes.hpp` in 64 bytes with AVX-512.

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

using Vector = __m512i;
constexpr int lanes = 64;

inline Vector load(const void* from) { return _mm512_loadu_si512(from); }
inline void store(void* to, Vector v) { _mm512_storeu_si512(to, v); }
inline Vector splat(std::uint8_t value) { return _mm512_set1_epi8(static_cast<char>(value)); }
inline Vector splat_word(std::uint16_t value) { return _mm512_set1_epi16(static_cast<short>(value)); }
inline Vector smaller(Vector a, Vector b) { return _mm512_min_epu8(a, b); }
inline Vector add_capped(Vector a, Vector b) { return _mm512_adds_epu8(a, b); }
inline Vector add(Vector a, Vector b) { return _mm512_add_epi8(a, b); }
inline Vector subtract(Vector a, Vector b) { return _mm512_sub_epi8(a, b); }
inline Vector both(Vector a, Vector b) { return _mm512_and_si512(a, b); }
inline Vector either(Vector a, Vector b) { return _mm512_or_si512(a, b); }
inline Vector add_words(Vector a, Vector b) { return _mm512_add_epi16(a, b); }
inline Vector subtract_words(Vector a, Vector b) { return _mm512_sub_epi16(a, b); }
inline Vector high_bytes(Vector v) { return _mm512_srli_epi16(v, 8); }
inline Vector raised_bytes(Vector v) { return _mm512_slli_epi16(v, 8); }
inline Vector smaller_words(Vector a, Vector b) { return _mm512_min_epu16(a, b); }
inline Vector words_where_equal(Vector a, Vector b, Vector then) {  // 65535 elsewhere
  return _mm512_mask_mov_epi16(_mm512_set1_epi16(-1), _mm512_cmpeq_epi16_mask(a, b), then);
}
// The first word where they are equal; there is one.
inline int first_equal_word(Vector a, Vector b) { return __builtin_ctz(_mm512_cmpeq_epi16_mask(a, b)); }
inline Vector words_where_less(Vector a, Vector b, Vector then, Vector otherwise) {
  return _mm512_mask_mov_epi16(otherwise, _mm512_cmplt_epu16_mask(a, b), then);
}
// min(b, then) where a is above two, b elsewhere.
inline Vector smaller_words_where_above_two(Vector a, Vector b, Vector then) {
  return _mm512_mask_min_epu16(b, _mm512_cmpgt_epu16_mask(a, _mm512_set1_epi16(2)), b, then);
}
// Where byte i of a vector moves: up by one, and down.
struct Moves {
  alignas(lanes) std::uint8_t up[lanes], down[lanes];
  constexpr Moves() : up{}, down{} {
    for (int i = 0; i < lanes; ++i) {
      up[i] = static_cast<std::uint8_t>((i + lanes - 1) % lanes);
      down[i] = static_cast<std::uint8_t>((i + 1) % lanes);
    }
  }
};
constexpr Moves moves;
// Lane i holds lane i - 1 of v, the first one 255; and the other way round.
inline Vector moved_up(Vector v) {
  return _mm512_mask_permutexvar_epi8(splat(255), ~std::uint64_t{1}, load(moves.up), v);
}
inline Vector moved_down(Vector v) {
  return _mm512_mask_permutexvar_epi8(splat(255), ~std::uint64_t{0} >> 1, load(moves.down), v);
}
// The same of words, the first one 65535; and the last word.
struct WordMoves {
  alignas(lanes) std::uint16_t up[lanes / 2];
  constexpr WordMoves() : up{} {
    for (int i = 1; i < lanes / 2; ++i) up[i] = static_cast<std::uint16_t>(i - 1);
  }
};
constexpr WordMoves word_moves;
inline Vector words_moved_up(Vector v) {
  return _mm512_mask_permutexvar_epi16(_mm512_set1_epi16(-1), ~std::uint32_t{1}, load(word_moves.up), v);
}
inline std::uint16_t last_word(Vector v) {
  return static_cast<std::uint16_t>(_mm_extract_epi16(_mm512_extracti32x4_epi32(v, 3), 7));
}
inline std::uint32_t sum_of_bytes(Vector v) {
  return static_cast<std::uint32_t>(_mm512_reduce_add_epi64(_mm512_sad_epu8(v, _mm512_setzero_si512())));
}
// The smallest word of a vector, in its first one.
inline __m128i least_word(Vector v) {
  const __m256i half = _mm256_min_epu16(_mm512_castsi512_si256(v), _mm512_extracti64x4_epi64(v, 1));
  return _mm_minpos_epu16(_mm_min_epu16(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1)));
}
inline Vector word_everywhere(__m128i v) { return _mm512_broadcastw_epi16(v); }
inline std::uint16_t word_of(__m128i v) { return static_cast<std::uint16_t>(_mm_cvtsi128_si32(v)); }
inline __m256i halves_smaller(Vector v) {
  return _mm256_min_epu8(_mm512_castsi512_si256(v), _mm512_extracti64x4_epi64(v, 1));
}
// The smallest byte of a vector, in its first one.
inline __m128i least_byte(Vector v) {
  const __m256i half = halves_smaller(v);
  __m128i least = _mm_min_epu8(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
  least = _mm_min_epu8(least, _mm_srli_epi16(least, 8));  // in words from here on
  return _mm_minpos_epu16(_mm_and_si128(least, _mm_set1_epi16(255)));
}
inline Vector first_everywhere(__m128i v) { return _mm512_broadcastb_epi8(v); }
inline std::uint8_t first_of(__m128i v) { return static_cast<std::uint8_t>(_mm_cvtsi128_si32(v)); }
// The smallest bytes of four vectors, the first one's lowest.
inline std::uint32_t least_bytes(Vector a, Vector b, Vector c, Vector d) {
  const __m256i w = halves_smaller(a), x = halves_smaller(b), y = halves_smaller(c), z = halves_smaller(d);
  const __m256i ac = _mm256_min_epu8(_mm256_permute2x128_si256(w, y, 0x20), _mm256_permute2x128_si256(w, y, 0x31));
  const __m256i bd = _mm256_min_epu8(_mm256_permute2x128_si256(x, z, 0x20), _mm256_permute2x128_si256(x, z, 0x31));
  __m256i v = _mm256_min_epu8(_mm256_unpacklo_epi64(ac, bd), _mm256_unpackhi_epi64(ac, bd));
  v = _mm256_min_epu8(v, _mm256_srli_epi64(v, 32));
  v = _mm256_min_epu8(v, _mm256_srli_epi64(v, 16));
  v = _mm256_min_epu8(v, _mm256_srli_epi64(v, 8));
  return static_cast<std::uint32_t>(_mm_cvtsi128_si32(_mm256_cvtepi64_epi8(v)));
}

}  // namespace
}  // namespace geomvision::kernels::GEOMVISION_ISA

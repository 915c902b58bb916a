#pragma once

#include <cstdint>

#if defined(__AVX2__)
#include <immintrin.h>
#endif
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // of GCC 12 about its own AVX-512 intrinsics
#endif

// One vector of unsigned 16-bit lanes of the instruction set a kernel is compiled for, and one of bytes, which widens
// to a pair of them: signed where it says so. `near_distance` is that of bytes that differ by less than 128. Only for
// kernels: everything lies in the instruction set's own namespace and is private to the file that includes it.
#if defined(__AVX512BW__)
#include "kernels/few_lanes_u16.hpp"
#elif !defined(__AVX2__)
#include "kernels/lanes_u16_plain.hpp"
#endif

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

#if defined(__AVX512BW__)
constexpr int lanes = 32;
using Lanes = __m512i;
using Chosen = __mmask32;  // one bit for each lane
using Bytes = __m512i;     // twice as many bytes as there are lanes
struct LanesPair {
  Lanes low, high;
};

inline Lanes load(const std::uint16_t* from) { return _mm512_loadu_si512(from); }
inline void store(std::uint16_t* to, Lanes a) { _mm512_storeu_si512(to, a); }
inline Lanes every(std::uint16_t value) { return _mm512_set1_epi16(static_cast<short>(value)); }
inline Lanes add(Lanes a, Lanes b) { return _mm512_add_epi16(a, b); }
inline Lanes subtract(Lanes a, Lanes b) { return _mm512_sub_epi16(a, b); }
inline Lanes smaller(Lanes a, Lanes b) { return _mm512_min_epu16(a, b); }
inline Lanes larger(Lanes a, Lanes b) { return _mm512_max_epu16(a, b); }
inline Lanes unite(Lanes a, Lanes b) { return _mm512_or_si512(a, b); }
inline Chosen at_most(Lanes a, Lanes b) { return _mm512_cmple_epu16_mask(a, b); }
inline Chosen below(Lanes a, Lanes b) { return _mm512_cmplt_epu16_mask(a, b); }
inline Chosen equal(Lanes a, Lanes b) { return _mm512_cmpeq_epi16_mask(a, b); }
inline Lanes choose(Chosen chosen, Lanes yes, Lanes no) { return _mm512_mask_mov_epi16(no, chosen, yes); }

inline Bytes load_bytes(const std::uint8_t* from) { return _mm512_loadu_si512(from); }
inline void store_bytes(std::uint8_t* to, Bytes a) { _mm512_storeu_si512(to, a); }
inline Bytes every_byte(std::uint8_t value) { return _mm512_set1_epi8(static_cast<char>(value)); }
inline Bytes add_bytes(Bytes a, Bytes b) { return _mm512_add_epi8(a, b); }
inline Bytes subtract_bytes(Bytes a, Bytes b) { return _mm512_sub_epi8(a, b); }
inline Bytes distance(Bytes a, Bytes b) { return _mm512_sub_epi8(_mm512_max_epu8(a, b), _mm512_min_epu8(a, b)); }
inline Bytes near_distance(Bytes a, Bytes b) { return _mm512_abs_epi8(_mm512_sub_epi8(a, b)); }
inline LanesPair widen(Bytes a) {
  return {_mm512_cvtepu8_epi16(_mm512_castsi512_si256(a)), _mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64(a, 1))};
}
inline LanesPair widen_signed(Bytes a) {
  return {_mm512_cvtepi8_epi16(_mm512_castsi512_si256(a)), _mm512_cvtepi8_epi16(_mm512_extracti64x4_epi64(a, 1))};
}

#elif defined(__AVX2__)
constexpr int lanes = 16;
using Lanes = __m256i;
using Chosen = __m256i;
using Bytes = __m256i;
struct LanesPair {
  Lanes low, high;
};

inline Lanes load(const std::uint16_t* from) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)); }
inline void store(std::uint16_t* to, Lanes a) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), a); }
inline Lanes every(std::uint16_t value) { return _mm256_set1_epi16(static_cast<short>(value)); }
inline Lanes add(Lanes a, Lanes b) { return _mm256_add_epi16(a, b); }
inline Lanes subtract(Lanes a, Lanes b) { return _mm256_sub_epi16(a, b); }
inline Lanes smaller(Lanes a, Lanes b) { return _mm256_min_epu16(a, b); }
inline Lanes larger(Lanes a, Lanes b) { return _mm256_max_epu16(a, b); }
inline Lanes unite(Lanes a, Lanes b) { return _mm256_or_si256(a, b); }
inline Chosen at_most(Lanes a, Lanes b) { return _mm256_cmpeq_epi16(_mm256_min_epu16(a, b), a); }
inline Chosen equal(Lanes a, Lanes b) { return _mm256_cmpeq_epi16(a, b); }
inline Chosen below(Lanes a, Lanes b) { return _mm256_xor_si256(at_most(b, a), _mm256_set1_epi8(-1)); }
inline Lanes choose(Chosen chosen, Lanes yes, Lanes no) { return _mm256_blendv_epi8(no, yes, chosen); }
template <int vectors>
inline Lanes merge(Lanes a, Lanes b) {
  if constexpr (vectors == 2) return smaller(_mm256_unpacklo_epi16(a, b), _mm256_unpackhi_epi16(a, b));
  if constexpr (vectors == 4) return smaller(_mm256_unpacklo_epi32(a, b), _mm256_unpackhi_epi32(a, b));
  if constexpr (vectors == 8) return smaller(_mm256_unpacklo_epi64(a, b), _mm256_unpackhi_epi64(a, b));
  return smaller(_mm256_permute2x128_si256(a, b, 0x20), _mm256_permute2x128_si256(a, b, 0x31));
}

inline Bytes load_bytes(const std::uint8_t* from) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)); }
inline void store_bytes(std::uint8_t* to, Bytes a) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), a); }
inline Bytes every_byte(std::uint8_t value) { return _mm256_set1_epi8(static_cast<char>(value)); }
inline Bytes add_bytes(Bytes a, Bytes b) { return _mm256_add_epi8(a, b); }
inline Bytes subtract_bytes(Bytes a, Bytes b) { return _mm256_sub_epi8(a, b); }
inline Bytes distance(Bytes a, Bytes b) { return _mm256_sub_epi8(_mm256_max_epu8(a, b), _mm256_min_epu8(a, b)); }
inline Bytes near_distance(Bytes a, Bytes b) { return _mm256_abs_epi8(_mm256_sub_epi8(a, b)); }
inline LanesPair widen(Bytes a) {
  return {_mm256_cvtepu8_epi16(_mm256_castsi256_si128(a)), _mm256_cvtepu8_epi16(_mm256_extracti128_si256(a, 1))};
}
inline LanesPair widen_signed(Bytes a) {
  return {_mm256_cvtepi8_epi16(_mm256_castsi256_si128(a)), _mm256_cvtepi8_epi16(_mm256_extracti128_si256(a, 1))};
}

#endif

#if !defined(__AVX512BW__)  // see few_lanes_u16.hpp
constexpr int few_lanes = lanes;
using FewLanes = Lanes;
inline FewLanes load_few(const std::uint16_t* from) { return load(from); }
inline FewLanes every_few(std::uint16_t value) { return every(value); }
#endif

// What was stored is loaded again from here on: GCC takes lanes out of a register one by one, which is slower.
inline void reload() { asm volatile("" ::: "memory"); }

// The smallest lane of each of `vectors` vectors, which make(i) gives: of the i-th one in lane i.
template <int vectors = few_lanes, typename Make>
inline FewLanes smallest_of_each(const Make& make, int first = 0) {
  if constexpr (vectors == 1) {
    return make(first);
  } else {
    constexpr int half = vectors / 2;
    return merge<vectors>(smallest_of_each<half>(make, first), smallest_of_each<half>(make, first + half));
  }
}

}  // namespace
}  // namespace geomvision::kernels::GEOMVISION_ISA

#pragma once

#include <immintrin.h>

#include <cstdint>

// Half a vector of lanes_u16.hpp, which includes this, with AVX-512: its lanes move at half the cost.
namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

constexpr int few_lanes = 16;
using FewLanes = __m256i;
inline FewLanes load_few(const std::uint16_t* from) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
}
inline void store(std::uint16_t* to, FewLanes a) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), a); }
inline FewLanes every_few(std::uint16_t value) { return _mm256_set1_epi16(static_cast<short>(value)); }
inline FewLanes subtract(FewLanes a, FewLanes b) { return _mm256_sub_epi16(a, b); }
inline FewLanes smaller(FewLanes a, FewLanes b) { return _mm256_min_epu16(a, b); }
inline __mmask16 at_most(FewLanes a, FewLanes b) { return _mm256_cmple_epu16_mask(a, b); }
inline __mmask16 equal(FewLanes a, FewLanes b) { return _mm256_cmpeq_epi16_mask(a, b); }
inline FewLanes choose(__mmask16 chosen, FewLanes yes, FewLanes no) { return _mm256_mask_mov_epi16(no, chosen, yes); }
// A step of smallest_of_each.
template <int vectors>
inline FewLanes merge(FewLanes a, FewLanes b) {
  if constexpr (vectors == 2) return smaller(_mm256_unpacklo_epi16(a, b), _mm256_unpackhi_epi16(a, b));
  if constexpr (vectors == 4) return smaller(_mm256_unpacklo_epi32(a, b), _mm256_unpackhi_epi32(a, b));
  if constexpr (vectors == 8) return smaller(_mm256_unpacklo_epi64(a, b), _mm256_unpackhi_epi64(a, b));
  return smaller(_mm256_permute2x128_si256(a, b, 0x20), _mm256_permute2x128_si256(a, b, 0x31));
}

}  // namespace
}  // namespace geomvision::kernels::GEOMVISION_ISA

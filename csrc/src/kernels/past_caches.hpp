#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/lanes.hpp"

#if defined(__x86_64__) && !defined(__AVX2__)
#include <emmintrin.h>
#endif

// Results that are more than the caches keep are written past them: what is written then is not read first. Included
// by kernels only.

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

// Copy `count` numbers of a tile; lines of `to` that are not whole are written as ever.
template <typename T>
[[gnu::always_inline]] inline void copy_past_caches(const T* from, int count, T* to) {
  int i = 0;
#if defined(__x86_64__)
  constexpr int width = kLanes<T>;
  for (; i < count && reinterpret_cast<std::uintptr_t>(to + i) % kLaneBytes != 0; ++i) to[i] = from[i];
  for (; i + width <= count; i += width) {
#if defined(__AVX512BW__)
    _mm512_stream_si512(reinterpret_cast<__m512i*>(to + i), _mm512_loadu_si512(from + i));
#elif defined(__AVX2__)
    _mm256_stream_si256(reinterpret_cast<__m256i*>(to + i),
                        _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + i)));
#else
    _mm_stream_si128(reinterpret_cast<__m128i*>(to + i), _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + i)));
#endif
  }
#endif
  for (; i < count; ++i) to[i] = from[i];
}

}  // namespace
}  // namespace geomvision::kernels::GEOMVISION_ISA

#pragma once

#if defined(__AVX512F__) || defined(__AVX2__)
#include <immintrin.h>
#endif

#include <cstddef>

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wuninitialized"  // GCC 12 finds them in its own intrinsics
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

// Vectors of float with fused multiply-add, for kernels that live from it. Included by kernels only: everything here
// belongs to the including file (see csrc/cmake/InstructionSets.cmake). `stream` writes past the caches, to where a
// vector is aligned.
namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

#if defined(__AVX512F__)
using Lanes = __m512;
constexpr int lane_count = 16;
inline Lanes load(const float* p) { return _mm512_loadu_ps(p); }
inline void store(float* p, Lanes v) { _mm512_storeu_ps(p, v); }
inline void stream(float* p, Lanes v) { _mm512_stream_ps(p, v); }
inline Lanes spread(float value) { return _mm512_set1_ps(value); }
inline Lanes fma(Lanes a, Lanes b, Lanes c) { return _mm512_fmadd_ps(a, b, c); }
inline Lanes add(Lanes a, Lanes b) { return _mm512_add_ps(a, b); }
inline Lanes multiply(Lanes a, Lanes b) { return _mm512_mul_ps(a, b); }
#elif defined(__AVX2__)
using Lanes = __m256;
constexpr int lane_count = 8;
inline Lanes load(const float* p) { return _mm256_loadu_ps(p); }
inline void store(float* p, Lanes v) { _mm256_storeu_ps(p, v); }
inline void stream(float* p, Lanes v) { _mm256_stream_ps(p, v); }
inline Lanes spread(float value) { return _mm256_set1_ps(value); }
inline Lanes fma(Lanes a, Lanes b, Lanes c) { return _mm256_fmadd_ps(a, b, c); }
inline Lanes add(Lanes a, Lanes b) { return _mm256_add_ps(a, b); }
inline Lanes multiply(Lanes a, Lanes b) { return _mm256_mul_ps(a, b); }
#else
typedef float Lanes __attribute__((vector_size(16)));
constexpr int lane_count = 4;
inline Lanes load(const float* p) {
  Lanes v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}
inline void store(float* p, Lanes v) { __builtin_memcpy(p, &v, sizeof v); }
inline void stream(float* p, Lanes v) { store(p, v); }
inline Lanes spread(float value) { return Lanes{value, value, value, value}; }
inline Lanes fma(Lanes a, Lanes b, Lanes c) { return a * b + c; }
inline Lanes add(Lanes a, Lanes b) { return a + b; }
inline Lanes multiply(Lanes a, Lanes b) { return a * b; }
#endif

// The value, loaded into a register for good: the compiler would otherwise load it anew for each of its uses.
inline Lanes load_once(const float* p) {
  Lanes v = load(p);
#if defined(__AVX512F__)
  __asm__("" : "+v"(v));
#elif defined(__x86_64__)
  __asm__("" : "+x"(v));
#endif
  return v;
}

}  // namespace
}  // namespace geomvision::kernels::GEOMVISION_ISA

#pragma once

// A vector as wide as the instruction set of the kernel that includes this, in the compiler's own vector types:
// + - * / and comparisons work lane by lane, `mask ? a : b` selects. Included by kernels only.

#if defined(__AVX2__)
#include <immintrin.h>
#endif

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

#if defined(__AVX512BW__)
constexpr int kLaneBytes = 64;
#elif defined(__AVX2__)
constexpr int kLaneBytes = 32;
#else
constexpr int kLaneBytes = 16;
#endif

typedef float Floats __attribute__((vector_size(kLaneBytes)));
typedef double Doubles __attribute__((vector_size(kLaneBytes)));
typedef int Ints __attribute__((vector_size(kLaneBytes)));

template <typename T>
struct LanesOf;
template <>
struct LanesOf<float> {
  using type = Floats;
};
template <>
struct LanesOf<double> {
  using type = Doubles;
};
template <typename T>
using Lanes = typename LanesOf<T>::type;

template <typename T>
constexpr int kLanes = kLaneBytes / static_cast<int>(sizeof(T));

template <typename V, typename T>
[[gnu::always_inline]] inline V load(const T* from) {
  V lanes;
  __builtin_memcpy(&lanes, from, sizeof(V));
  return lanes;
}

template <typename V, typename T>
[[gnu::always_inline]] inline void store(T* to, V lanes) {
  __builtin_memcpy(to, &lanes, sizeof(V));
}

// a * b + c; rounded once where the instruction set can.
[[gnu::always_inline]] inline Floats fma(Floats a, Floats b, Floats c) {
#if defined(__AVX512BW__)
  return (Floats)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif defined(__AVX2__)
  return (Floats)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#else
  return a * b + c;
#endif
}

[[gnu::always_inline]] inline Doubles fma(Doubles a, Doubles b, Doubles c) {
#if defined(__AVX512BW__)
  return (Doubles)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c);
#elif defined(__AVX2__)
  return (Doubles)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c);
#else
  return a * b + c;
#endif
}

// 0, 1, 2, ...
template <typename V>
[[gnu::always_inline]] inline V ramp() {
  V lanes{};
  for (int i = 0; i < static_cast<int>(sizeof(V) / sizeof(lanes[0])); ++i) lanes[i] = i;
  return lanes;
}

}  // namespace
}  // namespace geomvision::kernels::GEOMVISION_ISA

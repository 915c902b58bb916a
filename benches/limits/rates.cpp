#include "rates.hpp"

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

#if defined(__AVX512BW__)
constexpr int register_bytes = 64;
#elif defined(__AVX2__)
constexpr int register_bytes = 32;
#else
constexpr int register_bytes = 16;
#endif

typedef float Floats __attribute__((vector_size(register_bytes)));
typedef std::uint8_t Bytes __attribute__((vector_size(register_bytes)));
typedef std::uint64_t Words __attribute__((vector_size(register_bytes)));

// Keep a value in a register and hide from the compiler where it came from: no step can be merged with the next.
template <typename T>
inline void hold(T& value) {
#if defined(__SSE2__)
  asm volatile("" : "+x"(value));
#else
  asm volatile("" : "+w"(value));
#endif
}

inline Bytes smaller(Bytes a, Bytes b) {
#if defined(__AVX512BW__)
  return (Bytes)_mm512_min_epu8((__m512i)a, (__m512i)b);
#elif defined(__AVX2__)
  return (Bytes)_mm256_min_epu8((__m256i)a, (__m256i)b);
#elif defined(__SSE2__)
  return (Bytes)_mm_min_epu8((__m128i)a, (__m128i)b);
#else
  return a < b ? a : b;
#endif
}

// Number of set bits of each 64-bit word.
inline Words set_bits(Words words) {
#if defined(__AVX512VPOPCNTDQ__)
  return (Words)_mm512_popcnt_epi64((__m512i)words);
#elif defined(__AVX2__)
  const __m256i table = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4,  //
                                         0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
  const __m256i low = _mm256_set1_epi8(15), all = (__m256i)words;
  const __m256i of_low = _mm256_shuffle_epi8(table, _mm256_and_si256(all, low));
  const __m256i of_high = _mm256_shuffle_epi8(table, _mm256_and_si256(_mm256_srli_epi16(all, 4), low));
  return (Words)_mm256_sad_epu8(_mm256_add_epi8(of_low, of_high), _mm256_setzero_si256());
#else
  words = words - ((words >> 1) & 0x5555555555555555u);
  words = (words & 0x3333333333333333u) + ((words >> 2) & 0x3333333333333333u);
  words = (words + (words >> 4)) & 0x0f0f0f0f0f0f0f0fu;
#if defined(__SSE2__)
  return (Words)_mm_sad_epu8((__m128i)words, _mm_setzero_si128());
#else
  words += words >> 8;
  words += words >> 16;
  return (words + (words >> 32)) & 0x7f;
#endif
#endif
}

inline void stream(Words* target, Words value) {
#if defined(__AVX512F__)
  _mm512_stream_si512((__m512i*)target, (__m512i)value);
#elif defined(__AVX2__)
  _mm256_stream_si256((__m256i*)target, (__m256i)value);
#elif defined(__SSE2__)
  _mm_stream_si128((__m128i*)target, (__m128i)value);
#else
  *target = value;
#endif
}

}  // namespace

int vector_bytes() { return register_bytes; }

float multiply_add(long rounds, float factor, float term) {
  const Floats factors = factor - Floats{}, terms = term - Floats{};
  Floats a = factors, b = a, c = a, d = a, e = a, f = a, g = a, h = a, i = a, j = a, k = a, l = a;
  const auto step = [&](Floats& sum) {
    sum = sum * factors + terms;
    hold(sum);
  };
  for (long round = 0; round < rounds; ++round) {
    step(a), step(b), step(c), step(d), step(e), step(f), step(g), step(h), step(i), step(j), step(k), step(l);
  }
  return (a + b + c + d + e + f + g + h + i + j + k + l)[0];
}

int minimum_add(long rounds, int term, int bound) {
  const Bytes terms = static_cast<std::uint8_t>(term) - Bytes{}, bounds = static_cast<std::uint8_t>(bound) - Bytes{};
  Bytes a = terms, b = a, c = a, d = a, e = a, f = a, g = a, h = a, i = a, j = a, k = a, l = a;
  const auto step = [&](Bytes& sum) {
    sum = smaller(sum + terms, bounds);
    hold(sum);
  };
  for (long round = 0; round < rounds; ++round) {
    step(a), step(b), step(c), step(d), step(e), step(f), step(g), step(h), step(i), step(j), step(k), step(l);
  }
  return (a + b + c + d + e + f + g + h + i + j + k + l)[0];
}

std::uint64_t hamming(long rounds, const std::uint64_t* words, int count) {
  constexpr int lanes = register_bytes / 8;
  const Words* runs = (const Words*)words;
  Words a{}, b{}, c{}, d{};
  for (long round = 0; round < rounds; ++round) {
    const Words word = words[round % count] - Words{};
    for (int i = 0; i < count / lanes; i += 4) {
      a += set_bits(runs[i] ^ word);
      b += set_bits(runs[i + 1] ^ word);
      c += set_bits(runs[i + 2] ^ word);
      d += set_bits(runs[i + 3] ^ word);
    }
  }
  return (a + b + c + d)[0];
}

std::uint64_t read_bytes(const void* source, std::size_t bytes) {
  const Words* words = (const Words*)source;
  const std::size_t count = bytes / register_bytes;
  Words a{}, b{}, c{}, d{};
  for (std::size_t i = 0; i < count; i += 4) {
    a += words[i];
    b += words[i + 1];
    c += words[i + 2];
    d += words[i + 3];
  }
  return (a + b + c + d)[0];
}

void copy_bytes(const void* source, void* target, std::size_t bytes) {
  const Words* from = (const Words*)source;
  Words* to = (Words*)target;
  const std::size_t count = bytes / register_bytes;
  for (std::size_t i = 0; i < count; i += 4) {
#pragma GCC unroll 4
    for (int k = 0; k < 4; ++k) stream(to + i + k, from[i + k]);
  }
#if defined(__SSE2__)
  _mm_sfence();
#endif
}

}  // namespace geomvision::kernels::GEOMVISION_ISA

#include "geomvision/isa.hpp"
#include "geomvision/ops/convolution.hpp"
#include "ops/convolution_pairs.hpp"

#if defined(GEOMVISION_X86)
#include <cpuid.h>

#include "kernels/avx512.hpp"

#define GEOMVISION_PAIRS __attribute__((target("avx512f,avx512bw,avx512bf16")))

namespace geomvision::ops {
namespace {

constexpr int kLanes = 16, kVectors = 3;

bool held_by_processor() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  constexpr unsigned bf16 = 1U << 5;
  return __get_cpuid_count(7, 1, &a, &b, &c, &d) != 0 && (a & bf16) != 0;
}

GEOMVISION_PAIRS inline __mmask16 first_lanes(std::ptrdiff_t count) {
  return count >= kLanes ? 0xffff : static_cast<__mmask16>((1U << count) - 1U);
}

// Outputs [first, first + pair_outputs) of `vectors` vectors of pixels, from x on.
template <int vectors>
GEOMVISION_PAIRS void convolve_block(const ConvolutionPairs& row, int x, int first) {
  __m512 sums[pair_outputs][vectors];
#pragma GCC unroll 8
  for (int o = 0; o < pair_outputs; ++o) {
#pragma GCC unroll 3
    for (int v = 0; v < vectors; ++v) sums[o][v] = _mm512_set1_ps(row.bias[first + o]);
  }
  const std::uint32_t* weight = row.weights + std::ptrdiff_t{first} * row.chunk_pairs * row.tap_count;
  const std::uint32_t* channel = row.pixels + x;
  for (int pair = 0; pair < row.chunk_pairs; ++pair, channel += row.pair_step) {
    for (int t = 0; t < row.tap_count; ++t, weight += pair_outputs) {
      const std::uint32_t* const at = channel + row.taps[t];
      __m512bh pixels[vectors];
#pragma GCC unroll 3
      for (int v = 0; v < vectors; ++v) pixels[v] = (__m512bh)_mm512_loadu_si512(at + v * kLanes);
#pragma GCC unroll 8
      for (int o = 0; o < pair_outputs; ++o) {
        const auto one = (__m512bh)_mm512_set1_epi32(static_cast<int>(weight[o]));
#pragma GCC unroll 3
        for (int v = 0; v < vectors; ++v) sums[o][v] = _mm512_dpbf16_ps(sums[o][v], pixels[v], one);
      }
    }
  }
#pragma GCC unroll 8
  for (int o = 0; o < pair_outputs; ++o) {
    if (first + o >= row.outputs) break;
    float* const out = row.out + (first + o) * row.out_step + x;
    const float* const residual = row.residual + (first + o) * row.residual_step + x;
#pragma GCC unroll 3
    for (int v = 0; v < vectors; ++v) {
      const __mmask16 there = first_lanes(row.width - x - v * kLanes);
      __m512 sum = sums[o][v];
      if (row.residual != nullptr) sum = _mm512_add_ps(sum, _mm512_maskz_loadu_ps(there, residual + v * kLanes));
      // The greater of 0 and the sum; of a NaN the second is taken.
      if (row.relu) sum = _mm512_max_ps(_mm512_setzero_ps(), sum);
      _mm512_mask_storeu_ps(out + v * kLanes, there, sum);
    }
  }
}

template <int vectors>
void convolve_tile(const ConvolutionPairs& row, int x) {
  for (int first = 0; first < row.outputs; first += pair_outputs) convolve_block<vectors>(row, x, first);
}

}  // namespace

bool has_matrix_pairs() {
  static const bool there = held_by_processor();
  return there && active_isa() == Isa::avx512;
}

void convolve_row_pairs(const ConvolutionPairs& row) {
  for (int x = 0; x < row.width; x += kVectors * kLanes) {
    const int left = row.width - x;
    if (left > 2 * kLanes) {
      convolve_tile<3>(row, x);
    } else if (left > kLanes) {
      convolve_tile<2>(row, x);
    } else {
      convolve_tile<1>(row, x);
    }
  }
}

GEOMVISION_PAIRS void pair_rows(const float* even, const float* odd, std::ptrdiff_t count, std::uint32_t* to) {
  alignas(64) static constexpr std::uint16_t order[32] = {0, 16, 1, 17, 2,  18, 3,  19, 4,  20, 5,  21, 6,  22, 7,  23,
                                                          8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
  const __m512i interleaved = _mm512_load_si512(order);
  for (std::ptrdiff_t i = 0; i < count; i += kLanes) {
    const __mmask16 there = first_lanes(count - i);
    const __m512 low = _mm512_maskz_loadu_ps(there, even + i), high = _mm512_maskz_loadu_ps(there, odd + i);
    const __m512i both = (__m512i)_mm512_cvtne2ps_pbh(high, low);
    _mm512_mask_storeu_epi32(to + i, there, _mm512_permutexvar_epi16(interleaved, both));
  }
}

}  // namespace geomvision::ops

#else

namespace geomvision::ops {

bool has_matrix_pairs() { return false; }
void convolve_row_pairs(const ConvolutionPairs&) {}  // are called where there are products of pairs
void pair_rows(const float*, const float*, std::ptrdiff_t, std::uint32_t*) {}

}  // namespace geomvision::ops
#endif

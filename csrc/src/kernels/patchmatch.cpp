#include "kernels/patchmatch.hpp"

#if defined(__AVX512BW__)
#if defined(__GNUC__) && !defined(__clang__)  // its headers warn of their own "undefined" registers
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>
#endif

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

constexpr int lanes = Patch::lanes;
constexpr int one = 1 << 16;

inline int clamped(int value, int least, int most) { return value < least ? least : (value > most ? most : value); }

#if !defined(__AVX512BW__)
inline int magnitude(int value) { return value < 0 ? -value : value; }
inline int smaller(int a, int b) { return a < b ? a : b; }
inline int scaled(int value, int factor) { return (value * factor + (1 << 14)) >> 15; }

// Weights and levels of 16 taps from (x + dx, y + dy) on.
void load_piece(const PatchRules& rules, const PaddedLevels& image, int x, int y, Patch& patch) {
  const int dx = patch.dx[patch.count], dy = patch.dy[patch.count];
  const std::int16_t* values = image.values + (y + dy) * image.stride;
  const std::int16_t* gradients = image.gradients + (y + dy) * image.stride;
  const int centre = image.values[y * image.stride + x];
  std::int16_t* seen = patch.seen[patch.count];
  std::int16_t* weight = patch.weight[patch.count];
  for (int i = 0; i < lanes; ++i) {
    const int tap = dx + i * rules.step, u = x + tap;
    const bool inside = tap <= rules.radius && u >= 0 && u < image.width;
    const int at = inside ? u : x;
    const int apart = magnitude(values[at] - centre) * rules.contrast >> 16;
    seen[i] = values[at];
    seen[lanes + i] = gradients[at];
    weight[i] = weight[lanes + i] = inside ? rules.support[smaller(apart, 63)] : std::int16_t{0};
  }
}

inline std::uint32_t piece_cost(const PatchRules& rules, const std::int16_t* seen, const std::int16_t* weight,
                                const std::int16_t* values, const std::int16_t* gradients, int width, int x, int first,
                                int step) {
  int at[lanes], fraction[lanes];
  for (int i = 0; i < lanes; ++i) {
    const int position = first + i * step;
    at[i] = clamped(x + (position >> 16), -2, width);
    fraction[i] = (position & (one - 1)) >> 1;
  }
  int value[lanes], value_step[lanes], gradient[lanes], gradient_step[lanes];
  for (int i = 0; i < lanes; ++i) {
    value[i] = values[at[i]];
    value_step[i] = values[at[i] + 1] - value[i];
    gradient[i] = gradients[at[i]];
    gradient_step[i] = gradients[at[i] + 1] - gradient[i];
  }
  int sum = 0;
  for (int i = 0; i < lanes; ++i) {
    const int colour = magnitude(seen[i] - (value[i] + scaled(value_step[i], fraction[i])));
    const int slope = magnitude(seen[lanes + i] - (gradient[i] + scaled(gradient_step[i], fraction[i])));
    sum += weight[i] * (scaled(smaller(colour, rules.tau_colour), rules.colour) +
                        scaled(smaller(slope, rules.tau_gradient), rules.gradient));
  }
  return static_cast<std::uint32_t>(sum);
}
#endif

}  // namespace

#if defined(__AVX512BW__)
namespace {

inline __m512i twice(__m256i half) { return _mm512_broadcast_i64x4(half); }

inline __m512i load(const std::int16_t* from) { return _mm512_loadu_si512(from); }

// Steps of at most 2 keep 16 taps within 64 pixels, which two registers hold: there is no need to gather.
void load_piece(const PatchRules& rules, const PaddedLevels& image, int x, int y, Patch& patch) {
  const int dx = patch.dx[patch.count], dy = patch.dy[patch.count];
  const std::int16_t centre = image.values[y * image.stride + x];
  const __m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const __m512i tap = _mm512_mullo_epi32(lane, _mm512_set1_epi32(rules.step));
  const __mmask16 reached = _mm512_cmple_epi32_mask(tap, _mm512_set1_epi32(rules.radius - dx)) &
                            _mm512_cmpge_epi32_mask(tap, _mm512_set1_epi32(-x - dx)) &
                            _mm512_cmplt_epi32_mask(tap, _mm512_set1_epi32(image.width - x - dx));
  const __m512i index = twice(_mm512_cvtepi32_epi16(tap));
  const std::ptrdiff_t from = (y + dy) * image.stride + clamped(x + dx, -PaddedLevels::border, image.width);
  const __m512i values = _mm512_permutex2var_epi16(load(image.values + from), index, load(image.values + from + 32));
  const __m512i gradients =
      _mm512_permutex2var_epi16(load(image.gradients + from), index, load(image.gradients + from + 32));
  const __m512i apart = _mm512_mulhi_epu16(_mm512_abs_epi16(_mm512_sub_epi16(values, _mm512_set1_epi16(centre))),
                                           _mm512_set1_epi16(static_cast<short>(rules.contrast)));
  const __m512i level = _mm512_min_epu16(apart, _mm512_set1_epi16(63));
  const __m512i weight = _mm512_permutex2var_epi16(load(rules.support), level, load(rules.support + 32));
  const auto both = static_cast<__mmask32>(reached | static_cast<__mmask32>(reached) << 16);
  _mm512_store_si512(patch.seen[patch.count], _mm512_inserti64x4(values, _mm512_castsi512_si256(gradients), 1));
  _mm512_store_si512(patch.weight[patch.count], _mm512_maskz_mov_epi16(both, weight));
}

}  // namespace

std::uint32_t plane_cost(const PatchRules& rules, const Patch& patch, const PaddedLevels& other, int x, int y,
                         PixelPlane plane, std::uint32_t limit) {
  const __m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const __m512i advance = _mm512_mullo_epi32(lane, _mm512_set1_epi32(rules.step * (one - plane.a)));
  const __m512i truncation =
      _mm512_inserti64x4(_mm512_set1_epi16(rules.tau_colour), _mm256_set1_epi16(rules.tau_gradient), 1);
  const __m512i factor = _mm512_inserti64x4(_mm512_set1_epi16(rules.colour), _mm256_set1_epi16(rules.gradient), 1);
  __m512i sum = _mm512_setzero_si512();
  for (int piece = 0; piece < patch.count; ++piece) {
    const int first = patch.dx[piece] * (one - plane.a) - plane.d - plane.b * patch.dy[piece];
    const int begin = x + (first >> 16);
    const int from = clamped(begin, -PaddedLevels::border, other.width);
    const __m512i position = _mm512_add_epi32(advance, _mm512_set1_epi32(first & (one - 1)));
    const __m256i at = _mm512_cvtepi32_epi16(_mm512_srli_epi32(position, 16));
    const __m512i index = _mm512_inserti64x4(_mm512_castsi256_si512(at), _mm256_add_epi16(at, _mm256_set1_epi16(1)), 1);
    const __m512i fraction = twice(_mm256_srli_epi16(_mm512_cvtepi32_epi16(position), 1));
    const std::ptrdiff_t row = (y + patch.dy[piece]) * other.stride + from;
    const __m512i values = _mm512_permutex2var_epi16(load(other.values + row), index, load(other.values + row + 32));
    const __m512i gradients =
        _mm512_permutex2var_epi16(load(other.gradients + row), index, load(other.gradients + row + 32));
    const __m512i here = _mm512_shuffle_i64x2(values, gradients, 0x44),
                  next = _mm512_shuffle_i64x2(values, gradients, 0xee);
    const __m512i between = _mm512_add_epi16(here, _mm512_mulhrs_epi16(_mm512_sub_epi16(next, here), fraction));
    const __m512i apart = _mm512_abs_epi16(_mm512_sub_epi16(load(patch.seen[piece]), between));
    const __m512i cost = _mm512_mulhrs_epi16(_mm512_min_epi16(apart, truncation), factor);
    sum = _mm512_add_epi32(sum, _mm512_madd_epi16(cost, load(patch.weight[piece])));
    if (piece % 4 == 3) {
      const auto so_far = static_cast<std::uint32_t>(_mm512_reduce_add_epi32(sum));
      if (so_far >= limit) return so_far;
    }
  }
  return static_cast<std::uint32_t>(_mm512_reduce_add_epi32(sum));
}
#else
std::uint32_t plane_cost(const PatchRules& rules, const Patch& patch, const PaddedLevels& other, int x, int y,
                         PixelPlane plane, std::uint32_t limit) {
  std::uint32_t sum = 0;
  for (int piece = 0; piece < patch.count; ++piece) {
    const std::ptrdiff_t row = (y + patch.dy[piece]) * other.stride;
    const int first = patch.dx[piece] * (one - plane.a) - plane.d - plane.b * patch.dy[piece];
    sum += piece_cost(rules, patch.seen[piece], patch.weight[piece], other.values + row, other.gradients + row,
                      other.width, x, first, rules.step * (one - plane.a));
    if (sum >= limit) return sum;
  }
  return sum;
}
#endif

void load_patch(const PatchRules& rules, const PaddedLevels& image, int x, int y, Patch& patch) {
  patch.count = 0;
  for (int away = 0; away <= rules.radius; away += rules.step) {
    for (int side = 0; side < (away > 0 ? 2 : 1); ++side) {
      const int dy = side == 0 ? away : -away;
      if (y + dy < 0 || y + dy >= image.height) continue;
      for (int dx = -rules.radius / rules.step * rules.step; dx <= rules.radius; dx += lanes * rules.step) {
        patch.dx[patch.count] = dx;
        patch.dy[patch.count] = dy;
        load_piece(rules, image, x, y, patch);
        ++patch.count;
      }
    }
  }
}

}  // namespace geomvision::kernels::GEOMVISION_ISA

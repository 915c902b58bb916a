#include "kernels/sgm_guide.hpp"

#if defined(__AVX512VBMI__)
#include "kernels/avx512.hpp"
#endif

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

template <typename T>
void contrast(const T* __restrict row, const T* __restrict above, int width, std::uint64_t* sum, int* least) {
  constexpr int piece = 32768;  // so that 32 bits hold its sum
  std::uint64_t total = 0;
  int smallest = 65535;
  for (int begin = 0; begin < width; begin += piece) {
    const int end = begin + piece < width ? begin + piece : width;
    std::uint32_t part = 0;
    for (int x = begin > 0 ? begin : 1; x < end; ++x) {
      const int change = row[x] - row[x - 1];
      part += static_cast<std::uint32_t>(change < 0 ? -change : change);
    }
    total += part;
    part = 0;
    for (int x = begin; above != nullptr && x < end; ++x) {
      const int change = row[x] - above[x];
      part += static_cast<std::uint32_t>(change < 0 ? -change : change);
    }
    total += part;
    for (int x = begin; x < end; ++x) smallest = row[x] < smallest ? row[x] : smallest;
  }
  *sum = total;
  *least = smallest;
}

template <typename T>
void scale(const T* __restrict row, int width, double least, double units, std::uint16_t* __restrict guide) {
  for (int x = 0; x < width; ++x) {
    const double value = (static_cast<double>(row[x]) - least) * units;
    guide[x] = static_cast<std::uint16_t>(static_cast<int>(value < 65535.0 ? value : 65535.0));
  }
}

}  // namespace

void sgm_contrast_u8(const std::uint8_t* row, const std::uint8_t* above, int width, std::uint64_t* sum, int* least) {
  contrast(row, above, width, sum, least);
}

void sgm_contrast_u16(const std::uint16_t* row, const std::uint16_t* above, int width, std::uint64_t* sum, int* least) {
  contrast(row, above, width, sum, least);
}

void sgm_guide_u8(const std::uint8_t* row, int width, double least, double units, std::uint16_t* guide) {
  scale(row, width, least, units, guide);
}

void sgm_guide_u16(const std::uint16_t* row, int width, double least, double units, std::uint16_t* guide) {
  scale(row, width, least, units, guide);
}

void sgm_guide_f32(const float* row, int width, double least, double units, std::uint16_t* guide) {
  scale(row, width, least, units, guide);
}

void sgm_jumps(const std::uint16_t* __restrict here, const std::uint16_t* __restrict before, int width,
               const SGMJumps& penalties, std::uint8_t* __restrict jumps) {
#if defined(__AVX512VBMI__)
  const __m512i* parts = reinterpret_cast<const __m512i*>(penalties.of_change);
  const __m512i a = _mm512_loadu_si512(parts), b = _mm512_loadu_si512(parts + 1);
  const __m512i c = _mm512_loadu_si512(parts + 2), d = _mm512_loadu_si512(parts + 3);
  const auto changes = [&](int x) {  // of 32 pixels
    const int left = width - x;
    const auto inside = left >= 32 ? ~__mmask32{0} : (left > 0 ? (__mmask32{1} << left) - 1 : __mmask32{0});
    const __m512i one = _mm512_maskz_loadu_epi16(inside, here + x),
                  other = _mm512_maskz_loadu_epi16(inside, before + x);
    const __m512i change = _mm512_or_si512(_mm512_subs_epu16(one, other), _mm512_subs_epu16(other, one));
    return _mm512_cvtusepi16_epi8(change);
  };
  for (int x = 0; x < width; x += 64) {
    const __m512i change = _mm512_inserti64x4(_mm512_castsi256_si512(changes(x)), changes(x + 32), 1);
    const __m512i small = _mm512_permutex2var_epi8(a, change, b), large = _mm512_permutex2var_epi8(c, change, d);
    const __m512i found = _mm512_mask_mov_epi8(small, _mm512_movepi8_mask(change), large);
    const int left = width - x;
    _mm512_mask_storeu_epi8(jumps + x, left >= 64 ? ~__mmask64{0} : (__mmask64{1} << left) - 1, found);
  }
#else
  const auto whole = static_cast<float>(penalties.p2 * penalties.usual);
  const int p1 = penalties.p1, usual = penalties.usual;
  for (int x = 0; x < width; ++x) {
    const int difference = here[x] - before[x], size = difference < 0 ? -difference : difference;
    const int least = size > usual ? size : usual, change = least < 255 ? least : 255;
    // rounded down; no quotient of such small integers lies so close below the next one that the division reaches it
    const int lowered = static_cast<int>(whole / static_cast<float>(change)), kept = lowered > p1 ? lowered : p1;
    jumps[x] = static_cast<std::uint8_t>(kept);
  }
#endif
}

}  // namespace geomvision::kernels::GEOMVISION_ISA

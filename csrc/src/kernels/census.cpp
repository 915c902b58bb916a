#include "kernels/census.hpp"

#if defined(__AVX512BW__)
#include "kernels/avx512.hpp"
#endif

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

template <typename T>
void census_row(const T* const* rows, int radius_x, int radius_y, int width, std::uint64_t* words) {
  for (int x = 0; x < width; ++x) words[x] = 0;
  const T* centre = rows[radius_y];
  int bit = 0;
  for (int dy = -radius_y; dy <= radius_y; ++dy) {
    const T* row = rows[radius_y + dy];
    for (int dx = -radius_x; dx <= radius_x; ++dx) {
      if (dx == 0 && dy == 0) continue;
      for (int x = 0; x < width; ++x) words[x] |= static_cast<std::uint64_t>(row[x + dx] < centre[x]) << bit;
      ++bit;
    }
  }
}

#if defined(__AVX512BW__)
// A bit of each of eight neighbours that is darker than the centre.
void census_plane(const std::uint8_t* centre, const std::uint8_t* const* neighbour, int width, std::uint8_t* plane) {
  for (int x = 0; x < width; x += 64) {
    const int left = width - x;
    const __mmask64 inside = left >= 64 ? ~__mmask64{0} : (__mmask64{1} << left) - 1;
    const __m512i at = _mm512_maskz_loadu_epi8(inside, centre + x);
    __m512i bits = _mm512_setzero_si512();
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) {
      const __mmask64 darker = _mm512_cmplt_epu8_mask(_mm512_maskz_loadu_epi8(inside, neighbour[i] + x), at);
      bits = _mm512_mask_add_epi8(bits, darker, bits, _mm512_set1_epi8(static_cast<char>(1 << i)));
    }
    _mm512_mask_storeu_epi8(plane + x, inside, bits);
  }
}
#endif

// One plane at a time: its neighbours' rows stay at hand while their bits are put together.
template <typename T>
void census_planes(const T* const* rows, int radius_x, int radius_y, bool mirrored, int bits, int width, int pitch,
                   std::uint8_t* planes) {
  const T* __restrict centre = rows[radius_y];
  const T* neighbour[8];
  int found = 0;
  for (int dy = -radius_y; dy <= radius_y; ++dy) {
    for (int dx = -radius_x; dx <= radius_x; ++dx) {
      if (dx == 0 && dy == 0) continue;
      neighbour[found++] = rows[radius_y + dy] + (mirrored ? -dx : dx);
      const bool last = dy == radius_y && dx == radius_x;
      if (found < bits && !last) continue;
      for (int missing = found; missing < 8; ++missing) neighbour[missing] = centre;  // never darker than itself
      const T *a = neighbour[0], *b = neighbour[1], *c = neighbour[2], *d = neighbour[3];
      const T *e = neighbour[4], *f = neighbour[5], *g = neighbour[6], *h = neighbour[7];
      std::uint8_t* __restrict plane = planes;
      planes += pitch;
      found = 0;
#if defined(__AVX512BW__)
      if constexpr (sizeof(T) == 1) {
        if (bits == 8) {
          census_plane(centre, neighbour, width, plane);
          continue;
        }
      }
#endif
      if (bits == 4) {
        for (int x = 0; x < width; ++x) {
          const T at = centre[x];
          plane[x] = static_cast<std::uint8_t>((a[x] < at ? 1 : 0) | (b[x] < at ? 2 : 0) | (c[x] < at ? 4 : 0) |
                                               (d[x] < at ? 8 : 0));
        }
      } else {
        for (int x = 0; x < width; ++x) {
          const T at = centre[x];
          plane[x] = static_cast<std::uint8_t>((a[x] < at ? 1 : 0) | (b[x] < at ? 2 : 0) | (c[x] < at ? 4 : 0) |
                                               (d[x] < at ? 8 : 0) | (e[x] < at ? 16 : 0) | (f[x] < at ? 32 : 0) |
                                               (g[x] < at ? 64 : 0) | (h[x] < at ? 128 : 0));
        }
      }
    }
  }
}

}  // namespace

void census_planes_u8(const std::uint8_t* const* rows, int radius_x, int radius_y, bool mirrored, int bits, int width,
                      int pitch, std::uint8_t* planes) {
  census_planes(rows, radius_x, radius_y, mirrored, bits, width, pitch, planes);
}

void census_planes_u16(const std::uint16_t* const* rows, int radius_x, int radius_y, bool mirrored, int bits, int width,
                       int pitch, std::uint8_t* planes) {
  census_planes(rows, radius_x, radius_y, mirrored, bits, width, pitch, planes);
}

void census_planes_f32(const float* const* rows, int radius_x, int radius_y, bool mirrored, int bits, int width,
                       int pitch, std::uint8_t* planes) {
  census_planes(rows, radius_x, radius_y, mirrored, bits, width, pitch, planes);
}

void census_row_u16(const std::uint16_t* const* rows, int radius_x, int radius_y, int width, std::uint64_t* words) {
  census_row(rows, radius_x, radius_y, width, words);
}

void census_row_f32(const float* const* rows, int radius_x, int radius_y, int width, std::uint64_t* words) {
  census_row(rows, radius_x, radius_y, width, words);
}

}  // namespace geomvision::kernels::GEOMVISION_ISA

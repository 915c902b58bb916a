#include "geomvision/isa.hpp"
#include "geomvision/ops/convolution.hpp"
#include "ops/convolution_pairs.hpp"

#if defined(GEOMVISION_X86) && defined(__linux__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernels/avx512.hpp"

#define GEOMVISION_TILES __attribute__((target("avx512f,amx-tile,amx-bf16")))

namespace geomvision::ops {
namespace {

// arch_prctl of Linux 5.16 and later: tiles are 8 KB more for the system to keep, which a process must ask for.
bool allowed_by_system() {
  constexpr long request = 0x1023, tile_data = 18;
  return syscall(SYS_arch_prctl, request, tile_data) == 0;
}

bool held_by_processor() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  constexpr unsigned bf16 = 1U << 22, tile = 1U << 24;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (d & bf16) != 0 && (d & tile) != 0;
}

// The layout that LDTILECFG reads (Intel's manual, volume 1, 18.3).
struct alignas(64) Configuration {
  std::uint8_t palette = 1, start_row = 0, unused[14] = {};
  std::uint16_t row_bytes[16] = {};
  std::uint8_t rows[16] = {};
};

GEOMVISION_TILES void configure(const Configuration& shape) {
  __asm__ volatile("" : : "r"(&shape) : "memory");  // GCC 12 believes that only its first 8 bytes are read
  _tile_loadconfig(&shape);
}
GEOMVISION_TILES void release() { _tile_release(); }

// Tiles 0 ... 3 are sums: two blocks of outputs, of two vectors of pixels each; 4 and 5 weights, 6 and 7 pixels.
template <bool two, bool wide>
GEOMVISION_TILES void convolve_tile(const ConvolutionPairs& row, int x, int block) {
  const std::ptrdiff_t weight_size = std::ptrdiff_t{tile_outputs} * row.chunk_pairs;
  const std::ptrdiff_t block_size = weight_size * row.chunks * row.tap_count;
  const std::ptrdiff_t weight_step = 4 * std::ptrdiff_t{row.chunk_pairs}, pixel_step = 4 * row.pair_step;
  const std::uint32_t* weights = row.weights + block * block_size;
  const std::uint32_t* pixels = row.pixels + x;
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  for (int chunk = 0; chunk < row.chunks; ++chunk, pixels += row.chunk_pairs * row.pair_step) {
    for (int t = 0; t < row.tap_count; ++t, weights += weight_size) {
      const std::uint32_t* const at = pixels + row.taps[t];
      _tile_loadd(4, weights, weight_step);
      _tile_loadd(6, at, pixel_step);
      _tile_dpbf16ps(0, 4, 6);
      if constexpr (wide) {
        _tile_loadd(7, at + 16, pixel_step);
        _tile_dpbf16ps(1, 4, 7);
      }
      if constexpr (two) {
        _tile_loadd(5, weights + block_size, weight_step);
        _tile_dpbf16ps(2, 5, 6);
        if constexpr (wide) _tile_dpbf16ps(3, 5, 7);
      }
    }
  }
  alignas(64) float sums[4][16][16];
  _tile_stored(0, sums[0], 64);
  if constexpr (wide) _tile_stored(1, sums[1], 64);
  if constexpr (two) _tile_stored(2, sums[2], 64);
  if constexpr (two && wide) _tile_stored(3, sums[3], 64);
  const int first = block * tile_outputs;
  const int outputs = row.outputs - first < (two ? 32 : 16) ? row.outputs - first : (two ? 32 : 16);
  for (int o = 0; o < outputs; ++o) {
    const __m512 bias = _mm512_set1_ps(row.bias[first + o]);
    for (int v = 0; v < (wide ? 2 : 1); ++v) {
      const int at = x + 16 * v, left = row.width - at;
      const __mmask16 there = left >= 16 ? 0xffff : static_cast<__mmask16>((1U << left) - 1U);
      __m512 sum = _mm512_add_ps(_mm512_load_ps(sums[o / 16 * 2 + v][o % 16]), bias);
      if (row.residual != nullptr) {
        sum = _mm512_add_ps(sum, _mm512_maskz_loadu_ps(there, row.residual + (first + o) * row.residual_step + at));
      }
      // The greater of 0 and the sum; of a NaN the second is taken.
      if (row.relu) sum = _mm512_max_ps(_mm512_setzero_ps(), sum);
      _mm512_mask_storeu_ps(row.out + (first + o) * row.out_step + at, there, sum);
    }
  }
}

}  // namespace

bool has_matrix_tiles() {
  static const bool there = held_by_processor() && allowed_by_system();
  return there && active_isa() == Isa::avx512;
}

TileShape::TileShape(int chunk_pairs) {
  Configuration shape;
  for (int tile = 0; tile < 8; ++tile) {
    const bool weights = tile == 4 || tile == 5, pixels = tile > 5;
    shape.row_bytes[tile] = static_cast<std::uint16_t>(weights ? 4 * chunk_pairs : 64);
    shape.rows[tile] = static_cast<std::uint8_t>(pixels ? chunk_pairs : 16);
  }
  configure(shape);
}

TileShape::~TileShape() { release(); }

void convolve_row_tiles(const ConvolutionPairs& row) {
  for (int x = 0; x < row.width; x += 32) {
    const bool wide = row.width - x > 16;
    for (int block = 0; block * tile_outputs < row.outputs; block += 2) {
      if (row.outputs - block * tile_outputs > tile_outputs) {
        wide ? convolve_tile<true, true>(row, x, block) : convolve_tile<true, false>(row, x, block);
      } else {
        wide ? convolve_tile<false, true>(row, x, block) : convolve_tile<false, false>(row, x, block);
      }
    }
  }
}

}  // namespace geomvision::ops

#else

namespace geomvision::ops {

bool has_matrix_tiles() { return false; }
TileShape::TileShape(int) {}
TileShape::~TileShape() = default;
void convolve_row_tiles(const ConvolutionPairs&) {}  // is called where there are tiles

}  // namespace geomvision::ops
#endif

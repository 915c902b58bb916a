#include "kernels/matrix_product.hpp"

#include "kernels/lanes.hpp"

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

// Sums that fit the registers beside what they are made of: 32 of them, or 16. Both divide a tile.
#if defined(__AVX512BW__)
constexpr int kRows = 12;
#elif defined(__AVX2__)
constexpr int kRows = 6;
#else
constexpr int kRows = 4;
#endif
constexpr int kVectors = 2;

// Rows [first, first + kRows) by columns [column, column + kVectors vectors) of the tile.
template <typename T>
[[gnu::always_inline]] inline void multiply_block(const ProductTile<T>& tile, int first, int column) {
  using V = Lanes<T>;
  constexpr int lanes = kLanes<T>;
  const int rows = tile.row_count - first < kRows ? tile.row_count - first : kRows;
  T* const out = tile.out + first * tile.step + column;
  for (int m = 0; m < rows; ++m) {
    for (int v = 0; v < kVectors * lanes; v += 64 / static_cast<int>(sizeof(T))) {
      __builtin_prefetch(out + m * tile.step + v, 1);
    }
  }
  V sums[kRows][kVectors] = {};
  const T *mine = tile.rows + first, *theirs = tile.columns + column;
  for (int k = 0; k < tile.depth; ++k, mine += product_rows, theirs += product_columns<T>) {
    V others[kVectors];
    for (int v = 0; v < kVectors; ++v) others[v] = load<V>(theirs + v * lanes);
#pragma GCC unroll 12
    for (int m = 0; m < kRows; ++m) {
      const V one = mine[m] - V{};
      for (int v = 0; v < kVectors; ++v) sums[m][v] = fma(one, others[v], sums[m][v]);
    }
  }
  for (int m = 0; m < rows; ++m) {
    for (int v = 0; v < kVectors; ++v) {
      T* to = out + m * tile.step + v * lanes;
      const V scaled = sums[m][v] * tile.scale;
      const int left = tile.column_count - column - v * lanes;
      if (left >= lanes) {
        store(to, tile.adds ? load<V>(to) + scaled : scaled);
      } else {
        for (int n = 0; n < left; ++n) to[n] = tile.adds ? to[n] + scaled[n] : scaled[n];
      }
    }
  }
}

template <typename T>
void multiply_tile(const ProductTile<T>& tile) {
  for (int column = 0; column < tile.column_count; column += kVectors * kLanes<T>) {
    for (int first = 0; first < tile.row_count; first += kRows) multiply_block(tile, first, column);
  }
}

template <typename T>
void halve_rows(const T* top, const T* bottom, int width, T* half) {
  if (top == bottom) {
    for (int x = 0; x < width; ++x) half[x] = (top[2 * x] + top[2 * x + 1]) * T(0.5);
  } else {
    for (int x = 0; x < width; ++x) {
      half[x] = ((top[2 * x] + bottom[2 * x]) + (top[2 * x + 1] + bottom[2 * x + 1])) * T(0.25);
    }
  }
}

}  // namespace

void matrix_product_f32(const ProductTile<float>& tile) { multiply_tile(tile); }
void matrix_product_f64(const ProductTile<double>& tile) { multiply_tile(tile); }
void halve_rows_f32(const float* top, const float* bottom, int width, float* half) {
  halve_rows(top, bottom, width, half);
}
void halve_rows_f64(const double* top, const double* bottom, int width, double* half) {
  halve_rows(top, bottom, width, half);
}

}  // namespace geomvision::kernels::GEOMVISION_ISA

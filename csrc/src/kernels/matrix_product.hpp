#pragma once

#include <cstddef>

#include "dispatch.hpp"

namespace geomvision {

// Products are computed in tiles of so many rows and columns, whose factors are packed: [depth][row or column].
constexpr int product_rows = 12;
template <typename T>
constexpr int product_columns = 128 / static_cast<int>(sizeof(T));

// A tile of a product: out[m * step + n] = scale * sum_k rows[k][m] * columns[k][n] for m < row_count and
// n < column_count, or with `adds` that much more than it is. Sums run in the order of k.
template <typename T>
struct ProductTile {
  const T* rows;
  const T* columns;
  int depth;
  T scale;
  T* out;
  std::ptrdiff_t step;
  int row_count, column_count;
  bool adds;
};

}  // namespace geomvision

GEOMVISION_DECLARE_KERNEL(void, matrix_product_f32, (const ProductTile<float>& tile));
GEOMVISION_DECLARE_KERNEL(void, matrix_product_f64, (const ProductTile<double>& tile));

// `width` means: of 2 x 2 values of two rows, or of 2 where top and bottom are one row.
GEOMVISION_DECLARE_KERNEL(void, halve_rows_f32, (const float* top, const float* bottom, int width, float* half));
GEOMVISION_DECLARE_KERNEL(void, halve_rows_f64, (const double* top, const double* bottom, int width, double* half));

#pragma once

#include <algorithm>
#include <cstddef>
#include <tuple>
#include <vector>

#include "kernels/matrix_product.hpp"
#include "ops/aligned.hpp"

namespace geomvision {

/// Indices whose elements lie evenly apart within each `inner` of them: say, pixels of rows with gaps between the rows.
struct ProductAxis {
  std::ptrdiff_t count = 0, inner = 1, outer_step = 0, inner_step = 0;

  static ProductAxis even(std::ptrdiff_t count, std::ptrdiff_t step) { return {count, count, 0, step}; }
  std::ptrdiff_t offset(std::ptrdiff_t i) const { return i / inner * outer_step + i % inner * inner_step; }

  /// How many of `most` from i on lie evenly apart.
  std::ptrdiff_t run(std::ptrdiff_t i, std::ptrdiff_t most) const {
    const bool gapless = outer_step == inner * inner_step || count <= inner;
    return gapless ? most : std::min(most, inner - i % inner);
  }
};

/// A matrix (k, i), or (m, n), for each of a batch.
template <typename T>
struct MatrixBatch {
  T* data;
  ProductAxis batch, rows, columns;
  T* of(std::ptrdiff_t b) const { return data + batch.offset(b); }
};

/// out(m, n) = scale * sum_k left(k, m) * right(k, n) for a batch of matrices, blocked for caches and registers (after
/// Goto & van de Geijn, Anatomy of high-performance matrix multiplication, ACM TOMS 2008). Each element is summed by
/// one thread, in the order of k: threads do not matter. Keeps its memory between calls.
template <typename T>
class MatrixProducts {
 public:
  void operator()(const MatrixBatch<const T>& left, const MatrixBatch<const T>& right, const MatrixBatch<T>& out,
                  T scale, int num_threads);

 private:
  struct Worker {
    Aligned<T> rows, tile;
    auto buffers() { return std::tie(rows, tile); }
  };
  struct Block;
  void multiply(const MatrixBatch<const T>& left, const MatrixBatch<T>& out, const Block& block, T scale,
                Worker& worker);

  Aligned<T> packed_;
  std::vector<Worker> workers_;
};

}  // namespace geomvision

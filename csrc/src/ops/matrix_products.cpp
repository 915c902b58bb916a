#include "ops/matrix_products.hpp"

#include "each_worker.hpp"

namespace geomvision {
namespace {

using Size = std::ptrdiff_t;

auto kernel_for(float) { return GEOMVISION_KERNEL(matrix_product_f32); }
auto kernel_for(double) { return GEOMVISION_KERNEL(matrix_product_f64); }

template <typename T>
constexpr Size kDepth = 1024 / sizeof(T);      // a tile of columns stays in the first cache
constexpr Size kBlockRows = 8 * product_rows;  // packed rows in the second
constexpr Size kChunkTiles = 64;               // so that all threads find work
template <typename T>
constexpr Size kPacked = (8 << 20) / sizeof(T);  // more only where a single product needs it

Size pieces(Size count, Size size) { return (count + size - 1) / size; }

// `count` rows of `width` elements side by side; rows of `wide` take no call each.
template <int wide, typename T>
void copy_rows(const T* from, Size step, Size width, Size count, T* to) {
  if (width == wide) {
    for (Size k = 0; k < count; ++k) std::copy_n(from + k * step, wide, to + k * wide);
  } else {
    for (Size k = 0; k < count; ++k) std::copy_n(from + k * step, width, to + k * wide);
  }
}

// The same of columns: `width` of them, whose `count` elements lie `k_step` apart.
template <int wide, typename T>
void turn_rows(const T* from, Size step, Size k_step, Size width, Size count, T* to) {
  constexpr Size line = 64 / sizeof(T);  // each is read while it is in the first cache
  for (Size k0 = 0; k0 < count; k0 += line) {
    const Size stop = std::min(k0 + line, count);
    for (Size n = 0; n < width; ++n) {
      for (Size k = k0; k < stop; ++k) to[k * wide + n] = from[n * step + k * k_step];
    }
  }
}

// Columns [first, first + wide) of rows [k0, k0 + depth) side by side; zeros beyond the last.
template <int wide, typename T>
void pack(const MatrixBatch<const T>& from, Size b, Size k0, Size depth, Size first, T* to) {
  const Size count = std::min<Size>(wide, from.columns.count - first);
  if (count < wide) std::fill_n(to, depth * wide, T(0));
  const Size step = from.columns.inner_step, k_step = from.rows.inner_step;
  for (Size i = 0, some = 0; i < count; i += some) {
    some = from.columns.run(first + i, count - i);
    for (Size k = 0, deep = 0; k < depth; k += deep) {
      deep = from.rows.run(k0 + k, depth - k);
      const T* begin = from.of(b) + from.columns.offset(first + i) + from.rows.offset(k0 + k);
      T* out = to + k * wide + i;
      step == 1 ? copy_rows<wide>(begin, k_step, some, deep, out)
                : turn_rows<wide>(begin, step, k_step, some, deep, out);
    }
  }
}

}  // namespace

// Rows of the result times some of its columns, over a part of k.
template <typename T>
struct MatrixProducts<T>::Block {
  Size b, k0, depth;
  Size start, stop;  // rows
  Size first, last;  // tiles of columns
  const T* packed;   // the batch's columns
  Size tile_size;
};

template <typename T>
void MatrixProducts<T>::operator()(const MatrixBatch<const T>& left, const MatrixBatch<const T>& right,
                                   const MatrixBatch<T>& out, T scale, int num_threads) {
  constexpr Size wide = product_columns<T>;
  const Size count = out.batch.count, all_depth = left.rows.count, tiles = pieces(out.columns.count, wide);
  const Size blocks = pieces(out.rows.count, kBlockRows), chunks = pieces(tiles, kChunkTiles);
  if (count == 0 || tiles == 0 || blocks == 0) return;
  const Size tile_size = std::min(all_depth, kDepth<T>) * wide;
  const Size together = std::clamp<Size>(kPacked<T> / (tiles * tile_size + 1), 1, count);
  T* const packed = packed_.reserve(static_cast<std::size_t>(together * tiles * tile_size));
  for (Size b0 = 0; b0 < count; b0 += together) {
    const Size some = std::min(together, count - b0);
    for (Size k0 = 0; k0 == 0 || k0 < all_depth; k0 += kDepth<T>) {
      const Size depth = std::min(kDepth<T>, all_depth - k0);
      each_worker(static_cast<int>(some * tiles), num_threads, workers_, [&](int item, Worker&) {
        pack<wide>(right, b0 + item / tiles, k0, depth, item % tiles * wide, packed + item * tile_size);
      });
      each_worker(static_cast<int>(some * blocks * chunks), num_threads, workers_, [&](int item, Worker& worker) {
        const Size b = item / (blocks * chunks), start = item / chunks % blocks * kBlockRows;
        const Size first = item % chunks * kChunkTiles;
        const Block block{b0 + b,
                          k0,
                          depth,
                          start,
                          std::min(start + kBlockRows, out.rows.count),
                          first,
                          std::min(first + kChunkTiles, tiles),
                          packed + b * tiles * tile_size,
                          tile_size};
        multiply(left, out, block, scale, worker);
      });
    }
  }
}

template <typename T>
void MatrixProducts<T>::multiply(const MatrixBatch<const T>& left, const MatrixBatch<T>& out, const Block& block,
                                 T scale, Worker& worker) {
  constexpr Size wide = product_columns<T>, high = product_rows;
  T* const rows = worker.rows.reserve(static_cast<std::size_t>(kBlockRows * kDepth<T>));
  T* const apart = worker.tile.reserve(static_cast<std::size_t>(high * wide));
  for (Size m = block.start; m < block.stop; m += high) {
    pack<product_rows>(left, block.b, block.k0, block.depth, m, rows + (m - block.start) * block.depth);
  }
  const auto kernel = kernel_for(T());
  for (Size t = block.first; t < block.last; ++t) {
    const Size n = t * wide, columns = std::min(wide, out.columns.count - n);
    for (Size m = block.start; m < block.stop; m += high) {
      const Size count = std::min(high, block.stop - m);
      const bool adds = block.k0 > 0;
      const bool even =
          out.columns.inner_step == 1 && out.rows.run(m, count) == count && out.columns.run(n, columns) == columns;
      T* const to = out.of(block.b);
      ProductTile<T> tile{rows + (m - block.start) * block.depth,
                          block.packed + t * block.tile_size,
                          static_cast<int>(block.depth),
                          scale,
                          to + out.rows.offset(m) + out.columns.offset(n),
                          out.rows.inner_step,
                          static_cast<int>(count),
                          static_cast<int>(columns),
                          adds};
      if (even) {
        kernel(tile);
        continue;
      }
      tile.out = apart;  // its elements go to rows of pixels that do not follow one another
      tile.step = wide;
      tile.adds = false;
      kernel(tile);
      for (Size i = 0; i < count; ++i) {
        for (Size j = 0; j < columns; ++j) {
          T& element = to[out.rows.offset(m + i) + out.columns.offset(n + j)];
          element = adds ? element + apart[i * wide + j] : apart[i * wide + j];
        }
      }
    }
  }
}

template class MatrixProducts<float>;
template class MatrixProducts<double>;

}  // namespace geomvision

#include "cuda/launch.cuh"
#include "geomvision/cuda/all_pairs_correlation.hpp"
#include "ops/all_pairs.hpp"

// A batch of matrix products. A block has a square of the result and goes through the depth of the sum slice by slice
// in shared memory, while another block of the same processor waits for its own. A thread has `each` x `each` results,
// in groups of four that lie side by side.

namespace geomvision::cuda {
namespace {

const char* const owner = "AllPairsCorrelation";

constexpr int across = 16, block = across * across, deep = 16;

template <typename T>
struct alignas(4 * sizeof(T)) Four {
  T values[4];
};

// The element of product (b, y) at row i, and at k of the sum.
template <typename T>
struct Factor {
  const T* data;
  std::ptrdiff_t batch, row, i, k;
  int count;
};

template <typename T>
struct Products {
  Factor<T> a, b;
  T* out;
  std::ptrdiff_t out_batch, out_row, out_a;
  int rows, depth;
  T scale;
};

// A slice of a factor: threads beside one another read what lies side by side.
template <typename T, int each>
struct Slice {
  static constexpr int side = across * each, pitch = side + 4;

  static __device__ void fetch(const Factor<T>& factor, const T* from, int i0, int k0, int depth, Four<T>* slice) {
    const bool along_k = factor.k == 1;
    const int n = static_cast<int>(threadIdx.x), step_i = along_k ? block / deep : 0,
              step_k = along_k ? 0 : block / side;
    int i = along_k ? n / deep : n % side, k = along_k ? n % deep : n / side;
    from += (i0 + i) * factor.i + (k0 + k) * factor.k;
    for (int e = 0; e < each; ++e, i += step_i, k += step_k, from += step_i * factor.i + step_k * factor.k) {
      const bool there = i0 + i < factor.count && k0 + k < depth;
      slice[(k * pitch + i) / 4].values[i % 4] = there ? *from : T(0);
    }
  }
};

template <typename T, int each>
__device__ void add_slice(const Four<T>* slice_a, const Four<T>* slice_b, int row, int column, T (&sums)[each][each]) {
  constexpr int pitch = Slice<T, each>::pitch, groups = each / 4;
  for (int k = 0; k < deep; ++k) {
    Four<T> a[groups], b[groups];
    for (int g = 0; g < groups; ++g) {
      a[g] = slice_a[k * pitch / 4 + row + g * across];
      b[g] = slice_b[k * pitch / 4 + column + g * across];
    }
    for (int i = 0; i < each; ++i) {
      for (int j = 0; j < each; ++j) sums[i][j] += a[i / 4].values[i % 4] * b[j / 4].values[j % 4];
    }
  }
}

template <typename T, int each>
__global__ void __launch_bounds__(block, 2) multiply(Products<T> products, int tiles_a, int tiles_b) {
  using Tile = Slice<T, each>;
  __shared__ Four<T> slice_a[deep * Tile::pitch / 4], slice_b[deep * Tile::pitch / 4];
  const int tile_b = static_cast<int>(blockIdx.x % static_cast<unsigned>(tiles_b));
  const int rest = static_cast<int>(blockIdx.x / static_cast<unsigned>(tiles_b));
  const int product = rest / tiles_a, b = product / products.rows, y = product % products.rows;
  const int i0 = rest % tiles_a * Tile::side, j0 = tile_b * Tile::side;
  const T* from_a = products.a.data + b * products.a.batch + y * products.a.row;
  const T* from_b = products.b.data + b * products.b.batch + y * products.b.row;
  const int row = static_cast<int>(threadIdx.x) / across, column = static_cast<int>(threadIdx.x) % across;

  T sums[each][each] = {};
  for (int k0 = 0; k0 < products.depth; k0 += deep) {
    Tile::fetch(products.a, from_a, i0, k0, products.depth, slice_a);
    Tile::fetch(products.b, from_b, j0, k0, products.depth, slice_b);
    __syncthreads();
    add_slice<T, each>(slice_a, slice_b, row, column, sums);
    __syncthreads();
  }

  T* out = products.out + b * products.out_batch + y * products.out_row;
  for (int i = 0; i < each; ++i) {
    const int at_a = i0 + 4 * (row + i / 4 * across) + i % 4;
    if (at_a >= products.a.count) continue;
    T* to = out + at_a * products.out_a;
    for (int j = 0; j < each; ++j) {
      const int at_b = j0 + 4 * (column + j / 4 * across) + j % 4;
      if (at_b < products.b.count) to[at_b] = sums[i][j] * products.scale;
    }
  }
}

// Squares of 128 for float, of 64 for double: what registers hold.
template <typename T>
void run(const Products<T>& products, std::ptrdiff_t batch, Stream stream) {
  constexpr int each = sizeof(T) == 4 ? 8 : 4;
  constexpr int side = Slice<T, each>::side;
  const int tiles_a = (products.a.count + side - 1) / side, tiles_b = (products.b.count + side - 1) / side;
  const unsigned grid = blocks(batch * products.rows * tiles_a * tiles_b, 1);
  launch(multiply<T, each>, grid, block, 0, stream, products, tiles_a, tiles_b);
}

int counted(std::ptrdiff_t count) {
  check(count < (std::ptrdiff_t{1} << 31) - 256, owner, ": ", count, " elements of an axis are more than a GPU takes");
  return static_cast<int>(count);
}

// Features and a volume as factors: all pixels of an image at once, or row by row.
template <typename T, int Rank>
struct Pairs {
  static constexpr bool by_row = Rank == 4;
  DeviceView<const T, 4> features0, features1;

  std::ptrdiff_t rows() const { return by_row ? features0.size(2) : 1; }
  static std::ptrdiff_t pixels(const DeviceView<const T, 4>& features) {
    return by_row ? features.size(3) : features.size(2) * features.size(3);
  }
  static std::ptrdiff_t plane(const DeviceView<const T, 4>& features) { return features.size(2) * features.size(3); }

  // Rows are the pixels, the sum is over the channels.
  static Factor<T> by_pixel(const DeviceView<const T, 4>& features) {
    const std::ptrdiff_t all = plane(features);
    return {features.data(), features.size(1) * all, features.size(3), 1, all, counted(pixels(features))};
  }
  // Rows are the channels, the sum is over the pixels.
  static Factor<T> by_channel(const DeviceView<const T, 4>& features) {
    const std::ptrdiff_t all = plane(features);
    return {features.data(), features.size(1) * all, features.size(3), all, 1, counted(features.size(1))};
  }
  // Rows are the pixels of the first image, the sum is over those of the second.
  Factor<T> volume(const T* data) const {
    const std::ptrdiff_t one = pixels(features0) * pixels(features1);
    return {data, rows() * one, one, pixels(features1), 1, counted(pixels(features0))};
  }
  Factor<T> turned_volume(const T* data) const {
    const std::ptrdiff_t one = pixels(features0) * pixels(features1);
    return {data, rows() * one, one, 1, pixels(features1), counted(pixels(features1))};
  }

  void correlate(T* out, Stream stream) const {
    const Factor<T> to = volume(out);
    multiply_all({by_pixel(features0), by_pixel(features1), out, to.batch, to.row, to.i, counted(rows()),
                  counted(features0.size(1)), scale()},
                 stream);
  }
  void derive(const T* d_volume, T* d_features0, T* d_features1, Stream stream) const {
    multiply_all({by_channel(features1), volume(d_volume), d_features0, features0.size(1) * plane(features0),
                  features0.size(3), plane(features0), counted(rows()), counted(pixels(features1)), scale()},
                 stream);
    multiply_all({by_channel(features0), turned_volume(d_volume), d_features1, features1.size(1) * plane(features1),
                  features1.size(3), plane(features1), counted(rows()), counted(pixels(features0)), scale()},
                 stream);
  }

 private:
  T scale() const { return ops::pair_scale<T>(features0.size(1)); }
  void multiply_all(const Products<T>& products, Stream stream) const { run(products, features0.size(0), stream); }
};

template <typename T, int Rank, typename Volume>
Pairs<T, Rank> checked(const DeviceView<const T, 4>& features0, const DeviceView<const T, 4>& features1,
                       const Volume& volume) {
  ops::check_pairs<Rank>(owner, features0, features1, volume);
  require_packed(owner, "features0", features0);
  require_packed(owner, "features1", features1);
  return {features0, features1};
}

template <typename T, int Rank>
void derive(const DeviceView<const T, Rank>& d_volume, const DeviceView<const T, 4>& features0,
            const DeviceView<const T, 4>& features1, const DeviceView<T, 4>& d_features0,
            const DeviceView<T, 4>& d_features1, Stream stream) {
  const auto pairs = checked<T, Rank>(features0, features1, d_volume);
  ops::check_derivatives(owner, features0, features1, d_features0, d_features1);
  require_packed(owner, "d_features0", d_features0);
  require_packed(owner, "d_features1", d_features1);
  pairs.derive(d_volume.data(), d_features0.data(), d_features1.data(), stream);
}

}  // namespace

template <typename T>
void AllPairsCorrelation<T>::operator()(DeviceView<const T, 4> features0, DeviceView<const T, 4> features1,
                                        DeviceView<T, 5> volume, Stream stream) const {
  checked<T, 5>(features0, features1, volume).correlate(volume.data(), stream);
}

template <typename T>
void AllPairsCorrelation<T>::operator()(DeviceView<const T, 4> features0, DeviceView<const T, 4> features1,
                                        DeviceView<T, 4> volume, Stream stream) const {
  checked<T, 4>(features0, features1, volume).correlate(volume.data(), stream);
}

template <typename T>
void AllPairsCorrelation<T>::backward(DeviceView<const T, 5> d_volume, DeviceView<const T, 4> features0,
                                      DeviceView<const T, 4> features1, DeviceView<T, 4> d_features0,
                                      DeviceView<T, 4> d_features1, Stream stream) const {
  derive<T, 5>(d_volume, features0, features1, d_features0, d_features1, stream);
}

template <typename T>
void AllPairsCorrelation<T>::backward(DeviceView<const T, 4> d_volume, DeviceView<const T, 4> features0,
                                      DeviceView<const T, 4> features1, DeviceView<T, 4> d_features0,
                                      DeviceView<T, 4> d_features1, Stream stream) const {
  derive<T, 4>(d_volume, features0, features1, d_features0, d_features1, stream);
}

template class AllPairsCorrelation<float>;
template class AllPairsCorrelation<double>;

}  // namespace geomvision::cuda

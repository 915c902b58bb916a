#include "geomvision/ops/all_pairs_correlation.hpp"

#include <algorithm>
#include <functional>

#include "check_apart.hpp"
#include "geomvision/check.hpp"
#include "geomvision/parallel.hpp"
#include "ops/all_pairs.hpp"
#include "ops/matrix_products.hpp"

namespace geomvision::ops {
namespace {

const char* const owner = "AllPairsCorrelation";

auto halving_kernel(float) { return GEOMVISION_KERNEL(halve_rows_f32); }
auto halving_kernel(double) { return GEOMVISION_KERNEL(halve_rows_f64); }

// What the products are made of: all pixels of an image at once, or a row of it for each of a larger batch.
struct Pairs {
  bool rows;

  template <typename T>
  ProductAxis batch(const TensorView<T, 4>& features) const {
    const std::ptrdiff_t height = rows ? features.size(2) : 1;
    return {features.size(0) * height, height, features.stride(0), features.stride(2)};
  }
  template <typename T>
  ProductAxis pixels(const TensorView<T, 4>& features) const {
    const std::ptrdiff_t height = rows ? 1 : features.size(2), width = std::max<std::ptrdiff_t>(features.size(3), 1);
    return {height * features.size(3), width, features.stride(2), 1};
  }
  // Features as (channel, pixel), or turned round.
  template <typename T>
  MatrixBatch<T> matrix(const TensorView<T, 4>& features, bool turned = false) const {
    const ProductAxis channels = ProductAxis::even(features.size(1), features.stride(1)), at = pixels(features);
    return {features.data(), batch(features), turned ? at : channels, turned ? channels : at};
  }
};

// A volume as (pixel of the first image, pixel of the second), or turned round.
template <typename T, int Rank>
MatrixBatch<T> matrix(const TensorView<T, Rank>& volume, bool turned = false) {
  std::ptrdiff_t batch = volume.size(0), first = volume.size(2), second = volume.size(3);
  if constexpr (Rank == 4) {
    batch *= volume.size(1);
  } else {
    first *= volume.size(1);
    second *= volume.size(4);
  }
  const ProductAxis rows = ProductAxis::even(first, second), columns = ProductAxis::even(second, 1);
  return {volume.data(), ProductAxis::even(batch, first * second), turned ? columns : rows, turned ? rows : columns};
}

}  // namespace

template <typename T>
struct AllPairsCorrelation<T>::Scratch {
  MatrixProducts<T> multiply;

  template <int Rank>
  void correlate(const TensorView<const T, 4>& features0, const TensorView<const T, 4>& features1,
                 const TensorView<T, Rank>& volume, int num_threads) {
    check_pairs<Rank>(owner, features0, features1, volume);
    const Pairs pairs{Rank == 4};
    multiply(pairs.matrix(features0), pairs.matrix(features1), matrix(volume), pair_scale<T>(features0.size(1)),
             num_threads);
  }

  template <int Rank>
  void derive(const TensorView<const T, Rank>& d_volume, const TensorView<const T, 4>& features0,
              const TensorView<const T, 4>& features1, const TensorView<T, 4>& d_features0,
              const TensorView<T, 4>& d_features1, int num_threads) {
    check_pairs<Rank>(owner, features0, features1, d_volume);
    check_derivatives(owner, features0, features1, d_features0, d_features1);
    const Pairs pairs{Rank == 4};
    const T scale = pair_scale<T>(features0.size(1));
    multiply(pairs.matrix(features1, true), matrix(d_volume, true), pairs.matrix(d_features0), scale, num_threads);
    multiply(pairs.matrix(features0, true), matrix(d_volume), pairs.matrix(d_features1), scale, num_threads);
  }
};

template <typename T>
AllPairsCorrelation<T>::AllPairsCorrelation() : scratch_(std::make_unique<Scratch>()) {}
template <typename T>
AllPairsCorrelation<T>::AllPairsCorrelation(AllPairsCorrelation&&) noexcept = default;
template <typename T>
AllPairsCorrelation<T>& AllPairsCorrelation<T>::operator=(AllPairsCorrelation&&) noexcept = default;
template <typename T>
AllPairsCorrelation<T>::~AllPairsCorrelation() = default;

template <typename T>
void AllPairsCorrelation<T>::operator()(TensorView<const T, 4> features0, TensorView<const T, 4> features1,
                                        TensorView<T, 5> volume, int num_threads) {
  scratch_->correlate(features0, features1, volume, num_threads);
}

template <typename T>
void AllPairsCorrelation<T>::operator()(TensorView<const T, 4> features0, TensorView<const T, 4> features1,
                                        TensorView<T, 4> volume, int num_threads) {
  scratch_->correlate(features0, features1, volume, num_threads);
}

template <typename T>
void AllPairsCorrelation<T>::backward(TensorView<const T, 5> d_volume, TensorView<const T, 4> features0,
                                      TensorView<const T, 4> features1, TensorView<T, 4> d_features0,
                                      TensorView<T, 4> d_features1, int num_threads) {
  scratch_->derive(d_volume, features0, features1, d_features0, d_features1, num_threads);
}

template <typename T>
void AllPairsCorrelation<T>::backward(TensorView<const T, 4> d_volume, TensorView<const T, 4> features0,
                                      TensorView<const T, 4> features1, TensorView<T, 4> d_features0,
                                      TensorView<T, 4> d_features1, int num_threads) {
  scratch_->derive(d_volume, features0, features1, d_features0, d_features1, num_threads);
}

namespace {

// body(b, y, x) for every pixel of the first image, some rows of it at a time.
template <typename T, typename Body>
void each_pixel(const TensorView<T, 5>& volume, int num_threads, const Body& body) {
  const std::ptrdiff_t height = volume.size(1);
  const auto rows = [&](int begin, int end) {
    for (std::ptrdiff_t i = begin; i < end; ++i) {
      for (std::ptrdiff_t x = 0; x < volume.size(2); ++x) body(i / height, i % height, x);
    }
  };
  parallel_for(static_cast<int>(volume.size(0) * height), num_threads, std::ref(rows));
}

template <typename T, typename U>
void check_half(const TensorView<T, 5>& volume, const TensorView<U, 5>& half) {
  const bool row = volume.size(3) == 1;
  const typename TensorView<T, 5>::Sizes wanted{volume.size(0), volume.size(1), volume.size(2),
                                                row ? 1 : volume.size(3) / 2, volume.size(4) / 2};
  check(half.sizes() == wanted, "halve_volume: the volume is ", volume.shape(), ", half of it ", half.shape(),
        "; it must be half in the last two axes, rounded down, or of one row as the volume is");
}

}  // namespace

template <typename T>
void halve_volume(TensorView<const T, 5> volume, TensorView<T, 5> half, int num_threads) {
  check_half(volume, half);
  check_apart("halve_volume", volume, half);
  const auto kernel = halving_kernel(T());
  const std::ptrdiff_t next = volume.size(3) == 1 ? 0 : 1;
  each_pixel(half, num_threads, [&](std::ptrdiff_t b, std::ptrdiff_t y, std::ptrdiff_t x) {
    for (std::ptrdiff_t row = 0; row < half.size(3); ++row) {
      kernel(volume.at(b, y, x, 2 * row), volume.at(b, y, x, 2 * row + next), static_cast<int>(half.size(4)),
             half.at(b, y, x, row));
    }
  });
}

template <typename T>
void halve_volume_backward(TensorView<const T, 5> d_half, TensorView<T, 5> d_volume, int num_threads) {
  check_half(d_volume, d_half);
  const std::ptrdiff_t pooled = d_volume.size(3) == 1 ? 1 : 2, width = d_half.size(4);
  const T share = T(1) / static_cast<T>(2 * pooled);
  each_pixel(d_volume, num_threads, [&](std::ptrdiff_t b, std::ptrdiff_t y, std::ptrdiff_t x) {
    for (std::ptrdiff_t row = 0; row < d_volume.size(3); ++row) {
      T* to = d_volume.at(b, y, x, row);
      std::fill_n(to, d_volume.size(4), T(0));
      if (row / pooled >= d_half.size(3)) continue;
      const T* from = d_half.at(b, y, x, row / pooled);
      for (std::ptrdiff_t i = 0; i < width; ++i) to[2 * i] = to[2 * i + 1] = from[i] * share;
    }
  });
}

#define GEOMVISION_ALL_PAIRS(T)                                              \
  template class AllPairsCorrelation<T>;                                     \
  template void halve_volume(TensorView<const T, 5>, TensorView<T, 5>, int); \
  template void halve_volume_backward(TensorView<const T, 5>, TensorView<T, 5>, int)
GEOMVISION_ALL_PAIRS(float);
GEOMVISION_ALL_PAIRS(double);
#undef GEOMVISION_ALL_PAIRS

}  // namespace geomvision::ops

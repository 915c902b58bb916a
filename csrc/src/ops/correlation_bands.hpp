#pragma once

#include <cstdint>
#include <tuple>
#include <vector>

#include "geomvision/ops/correlation_lookup.hpp"
#include "geomvision/tensor.hpp"
#include "ops/aligned.hpp"
#include "ops/window_kernels.hpp"

namespace geomvision::ops {

/// What the rows of a lookup along rows have in common.
///
/// Correlation is linear in the second features, so a product with a position of an odd level is the mean of two
/// products at the level below. Each even level therefore has a band: the products of a pixel with consecutive
/// positions, from which its own samples and those of the level above it are taken.
template <typename T>
struct BandPlan {
  BandPlan(const CorrelationLookupOptions& options, std::ptrdiff_t channels, std::ptrdiff_t width1, bool keeps);

  struct Band {
    int level;
    bool paired;            // whether the level above it takes its samples here too
    std::ptrdiff_t width;   // positions of the level
    std::ptrdiff_t packed;  // first packed element of the level
    int needed, size;       // positions a pixel needs, and has: more where they are kept, so that it can move
    int offset;             // of the band in a pixel's products
  };
  static constexpr int most_bands = 8;
  static constexpr int most_pixels = 64;  // of a tile

  int radius, side, planes;
  int bands = 0;
  Band band[most_bands];
  int columns = 0;                // products of a pixel, all bands together
  std::ptrdiff_t channels, step;  // features, and elements from one packed position to the next
  std::ptrdiff_t width1;
  std::ptrdiff_t granule;   // columns of the second features that are packed together
  std::ptrdiff_t row_size;  // elements of a packed row
  int pitch;                // elements from the samples of a pixel to those of the next
  T scale;                  // 1 / sqrt(channels)
  WindowKernels<T> kernels;
};

/// What one thread works with.
template <typename T>
struct BandWorker {
  Aligned<T> row, pixels, samples, kept;
  std::vector<std::int32_t> firsts;
  std::vector<char> packed;    // which granules of the row
  std::vector<char> needed;    // which lines of the row's pixels
  T pairs[2 * (2 * 100 + 2)];  // of the largest radius

  auto buffers() { return std::tie(row, pixels, samples, kept, firsts, packed, needed); }
};

/// Looks up the pixels of one row.
template <typename T>
class BandRow {
 public:
  static constexpr std::int32_t nothing = INT32_MIN;  // the first position of a band that has no products yet

  BandRow(const BandPlan<T>& plan, BandWorker<T>& worker, const TensorView<const T, 4>& features0,
          const TensorView<const T, 4>& features1, std::ptrdiff_t b, std::ptrdiff_t y);

  /// Finds out which pixels will need their features, from where they look and what their bands begin with; all of
  /// them where these are null. To be called before the row's lookups.
  void foresee(const T* xs, const std::int32_t* firsts);

  /// `count` pixels from x on, at most most_pixels, which look at xs; their products and the bands' first positions
  /// lie at `kept` and `firsts`, and stay valid for the next lookup in the same features.
  void look_up(std::ptrdiff_t x, int count, const T* xs, T* kept, std::int32_t* firsts, const TensorView<T, 4>& out);

 private:
  using Band = typename BandPlan<T>::Band;
  struct Window {
    T scaled;              // where the pixel looks, in positions of the band
    std::ptrdiff_t at;     // its floor
    std::ptrdiff_t above;  // the floor of half of it
    std::ptrdiff_t begin;  // first position needed
  };
  bool sees(const Band& band, T x, Window& window) const;
  void sample(const Band& band, int k, T x, T* kept, std::int32_t& first);
  void move(const Band& band, int k, std::ptrdiff_t to, T* products, std::int32_t& first);
  void multiply(const Band& band, int k, std::ptrdiff_t begin, std::ptrdiff_t end, T* products);
  bool needed(std::ptrdiff_t x) const;
  const T* pixel(int k);
  void fetch(int k);
  void pack(std::ptrdiff_t begin, std::ptrdiff_t end);
  void pack_columns(std::ptrdiff_t begin, std::ptrdiff_t end);

  const BandPlan<T>& plan_;
  BandWorker<T>& worker_;
  const TensorView<const T, 4>& features0_;
  const TensorView<const T, 4>& features1_;
  std::ptrdiff_t b_, y_, x_ = 0;
  int count_ = 0;
  static constexpr int line = 16;           // pixels that are loaded together at least
  unsigned loaded_ = 0;                     // which of the tile's lines are
  std::ptrdiff_t soon_ = 0, soon_end_ = 0;  // what the next tile will load
  std::size_t packed_ = 0;                  // granules of the row
  std::ptrdiff_t packed_end_ = 0;           // where the last of them ended
  T *row_, *pixels_, *samples_;
};

}  // namespace geomvision::ops

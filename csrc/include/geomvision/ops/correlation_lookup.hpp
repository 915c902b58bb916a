#pragma once

#include <cstdint>

#include "geomvision/scratch.hpp"
#include "geomvision/tensor.hpp"

namespace geomvision::ops {

struct CorrelationLookupOptions {
  int radius = 4;  ///< samples -radius ... radius around a coordinate, at each level
  int levels = 4;  ///< each pools the one before it by 2
};

/// Windows of RAFT's correlation pyramid, without the volume (Teed & Deng, ECCV 2020, sec. 3.2).
///
/// Correlation is linear in the second image's features, so pooled features give the pooled volume: the pyramid of
/// features is packed once, and each lookup takes the products it needs. T is float or double. Sizes that disagree
/// throw std::invalid_argument. An object keeps its scratch memory and serves one caller at a time.
///
/// features: (batch, channels, height, width). packed: (batch, positions, padded_channels), see `positions`; levels
/// one after another, each row by row. coordinates: (batch, 2, height, width), (x, y) in pixels of the second image
/// at level 0; NaN and what lies outside see zeros. out: (batch, levels * side * side, height, width), side = 2 radius
/// + 1; channel (level * side + i) * side + j holds the sample at (x / 2^level + i - radius, y / 2^level + j - radius):
/// x changes slowest, as in the authors' code. All is divided by sqrt(channels).
template <typename T>
class CorrelationLookup {
 public:
  explicit CorrelationLookup(const CorrelationLookupOptions& options = {});
  CorrelationLookup(CorrelationLookup&&) noexcept;
  CorrelationLookup& operator=(CorrelationLookup&&) noexcept;
  ~CorrelationLookup();

  /// Positions of all levels together. Throws std::invalid_argument when the last level has none.
  std::ptrdiff_t positions(std::ptrdiff_t height, std::ptrdiff_t width) const;

  /// Channels are filled up with zeros to whole cache lines.
  static std::ptrdiff_t padded_channels(std::ptrdiff_t channels) { return (channels + 15) / 16 * 16; }

  void pack(TensorView<const T, 4> features1, TensorView<T, 3> packed, int num_threads = 0);
  void pack_backward(TensorView<const T, 3> d_packed, TensorView<T, 4> d_features1, int num_threads = 0);

  /// `height1` and `width1` are the size of the second image at level 0.
  void operator()(TensorView<const T, 4> features0, TensorView<const T, 3> packed, std::ptrdiff_t height1,
                  std::ptrdiff_t width1, TensorView<const T, 4> coordinates, TensorView<T, 4> out, int num_threads = 0);
  void backward(TensorView<const T, 4> d_out, TensorView<const T, 4> features0, TensorView<const T, 3> packed,
                std::ptrdiff_t height1, std::ptrdiff_t width1, TensorView<const T, 4> coordinates,
                TensorView<T, 4> d_features0, TensorView<T, 3> d_packed, int num_threads = 0);
  void backward_coordinates(TensorView<const T, 4> d_out, TensorView<const T, 4> features0,
                            TensorView<const T, 3> packed, std::ptrdiff_t height1, std::ptrdiff_t width1,
                            TensorView<const T, 4> coordinates, TensorView<T, 4> d_coordinates, int num_threads = 0);

 private:
  struct Scratch;
  CorrelationLookupOptions options_;
  ScratchPointer<Scratch> scratch_;
};

/// The same along the rows of rectified images (RAFT-Stereo: Lipson et al., 3DV 2021, sec. 3.2), pooled in x only.
///
/// features1 may have another width. x: (batch, height, width), pixels. out: (batch, levels * side, height, width);
/// channel level * side + i holds the sample at x / 2^level + i - radius.
template <typename T>
class CorrelationLookup1D {
 public:
  explicit CorrelationLookup1D(const CorrelationLookupOptions& options = {});
  CorrelationLookup1D(CorrelationLookup1D&&) noexcept;
  CorrelationLookup1D& operator=(CorrelationLookup1D&&) noexcept;
  ~CorrelationLookup1D();

  void operator()(TensorView<const T, 4> features0, TensorView<const T, 4> features1, TensorView<const T, 3> x,
                  TensorView<T, 4> out, int num_threads = 0);

  /// The same, for many lookups in the same features: `kept`, (batch, height, width, kept_products()), holds the
  /// products that each pixel met last, `firsts`, (batch, height, width, kept_bands()), where they begin. Only products
  /// that are not there are computed. Results are those of the call without, bit by bit. Fill `firsts` with
  /// `nothing_kept` at first, and again whenever the features change.
  void operator()(TensorView<const T, 4> features0, TensorView<const T, 4> features1, TensorView<const T, 3> x,
                  TensorView<T, 4> kept, TensorView<std::int32_t, 4> firsts, TensorView<T, 4> out, int num_threads = 0);
  static constexpr std::int32_t nothing_kept = INT32_MIN;
  std::ptrdiff_t kept_products() const;
  std::ptrdiff_t kept_bands() const;

  void backward(TensorView<const T, 4> d_out, TensorView<const T, 4> features0, TensorView<const T, 4> features1,
                TensorView<const T, 3> x, TensorView<T, 4> d_features0, TensorView<T, 4> d_features1,
                int num_threads = 0);
  void backward_coordinates(TensorView<const T, 4> d_out, TensorView<const T, 4> features0,
                            TensorView<const T, 4> features1, TensorView<const T, 3> x, TensorView<T, 3> d_x,
                            int num_threads = 0);

 private:
  struct Scratch;
  CorrelationLookupOptions options_;
  ScratchPointer<Scratch> scratch_;
};

}  // namespace geomvision::ops

#pragma once

#include <cstdint>

#include "geomvision/image.hpp"
#include "geomvision/scratch.hpp"
#include "geomvision/tensor.hpp"

namespace geomvision::ops {

/// Options of `SGMPaths`; `paths` and penalties are those of `stereo::SGMOptions`.
struct SGMPathsOptions {
  int paths = 8;        ///< 4, 5, 8 or 16
  int p1 = 24;          ///< penalty of a step of one candidate along a path
  int p2 = 180;         ///< penalty of larger steps, p1 <= p2; lower across edges where there is a guide
  int num_threads = 0;  ///< 0: all cores; results do not depend on it

  /// Throws std::invalid_argument, saying what was given and what is allowed.
  void check() const;
};

/// Sums of path costs (Hirschmueller, TPAMI 2008, eq. 13) over any matching costs: learned ones, or those of other ops.
///
///     gv::ops::SGMPaths paths({.paths = 5});
///     paths(costs, guide, sums);             // a second call of the same size allocates nothing
///
/// costs and sums: (height, width, disparities). Path costs are bytes, so costs must be at most 255 - p2; larger ones
/// are refused. Where a guide is given, the left image, P2 is lower the more it changes along the path: divided by the
/// ratio of that change to the mean one, yet never below P1. One object serves one thread at a time.
class SGMPaths {
 public:
  explicit SGMPaths(SGMPathsOptions options = {});
  ~SGMPaths();
  SGMPaths(SGMPaths&&) noexcept;
  SGMPaths& operator=(SGMPaths&&) noexcept;

  const SGMPathsOptions& options() const { return options_; }

  /// The same P2 everywhere.
  void operator()(TensorView<const std::uint8_t, 3> costs, TensorView<std::uint16_t, 3> sums);

  /// P2 from the changes of a guide of the costs' height and width. Floats must be finite.
  void operator()(TensorView<const std::uint8_t, 3> costs, ImageView<const std::uint8_t> guide,
                  TensorView<std::uint16_t, 3> sums);
  void operator()(TensorView<const std::uint8_t, 3> costs, ImageView<const std::uint16_t> guide,
                  TensorView<std::uint16_t, 3> sums);
  void operator()(TensorView<const std::uint8_t, 3> costs, ImageView<const float> guide,
                  TensorView<std::uint16_t, 3> sums);

 private:
  struct Scratch;
  template <typename T>
  void guided(TensorView<const std::uint8_t, 3> costs, ImageView<const T> guide, TensorView<std::uint16_t, 3> sums);
  void sweep(TensorView<const std::uint8_t, 3> costs, bool adaptive, TensorView<std::uint16_t, 3> sums);

  SGMPathsOptions options_;
  ScratchPointer<Scratch> scratch_;
};

/// The same in one call.
inline void sgm_paths(TensorView<const std::uint8_t, 3> costs, TensorView<std::uint16_t, 3> sums,
                      const SGMPathsOptions& options = {}) {
  SGMPaths paths(options);
  paths(costs, sums);
}
template <typename T>
void sgm_paths(TensorView<const std::uint8_t, 3> costs, ImageView<const T> guide, TensorView<std::uint16_t, 3> sums,
               const SGMPathsOptions& options = {}) {
  SGMPaths paths(options);
  paths(costs, guide, sums);
}

}  // namespace geomvision::ops

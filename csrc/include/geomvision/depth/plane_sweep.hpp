#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "geomvision/image.hpp"
#include "geomvision/scratch.hpp"
#include "geomvision/tensor.hpp"

namespace geomvision::depth {

/// Options of `PlaneSweep`; those of the Python class `FromMotion` of the same names have the same defaults.
struct PlaneSweepOptions {
  int p1 = 24;                ///< penalty of a step of one plane along a path, bits
  int p2 = 180;               ///< penalty of larger steps, p1 <= p2 <= 192; lower where the reference changes
  double contrast = 0.15;     ///< share by which the winner's costs must undercut the mean of all planes
  double min_parallax = 3.0;  ///< displacement that an estimate needs beyond a point at infinity, pixels
  int speckle = 100;          ///< regions of fewer pixels are removed
  int num_threads = 0;        ///< 0: all cores; results do not depend on it

  /// Throws std::invalid_argument, saying what was given and what is allowed.
  void check() const;
};

/// A frame that the reference is compared with. The reference's ray r (x, y, 1) at inverse depth q is its pixel
/// (M r + q b)[:2] / (M r + q b)[2]: M = K R row by row and b = K t, with R, t from the reference to this frame.
struct SweepSource {
  ImageView<const std::uint8_t> image;
  std::array<float, 9> M;
  std::array<float, 3> b;
  ImageView<const std::uint8_t> known = {};  ///< 255 where the image shows something; empty: everywhere
};

/// Planes of constant inverse depth: first, first + step, ...
struct SweepPlanes {
  double first = 0, step = 0;
  int count = 0;
};

/// Dense inverse depth by a plane sweep (Collins, CVPR 1996) and semi-global matching (Hirschmueller, TPAMI 2008).
///
///     gv::depth::PlaneSweep sweep({.speckle = 100});
///     sweep(reference, rays, sources, {1 / far, step, 128}, inverse_depth, margin);
///
/// A plane's cost are the differing bits of 9x7 census words (Zabih & Woodfill, ECCV 1994) of the reference and of the
/// source as the plane shows it: the mean of the better half of the sources that see it (Kang, Szeliski & Chai, CVPR
/// 2001). Winners are fitted between planes and filtered (median of 3x3, speckles). There is no estimate (NaN) where
/// two planes are equally good, at both ends of the range, where nothing can be matched (`contrast`, in windows of
/// 7x7), and with too little parallax in every source that sees the point.
class PlaneSweep {
 public:
  /// Throws std::invalid_argument when an option is not allowed.
  explicit PlaneSweep(PlaneSweepOptions options = {});
  ~PlaneSweep();
  PlaneSweep(PlaneSweep&&) noexcept;
  PlaneSweep& operator=(PlaneSweep&&) noexcept;

  const PlaneSweepOptions& options() const { return options_; }

  /// rays: (3, height, width), NaN where a pixel has none. margin: (s2 - s1) / s2 of the winner's sum of path costs s1
  /// and the least more than one plane away s2, 0 where there is no estimate. A second call of one size allocates
  /// nothing. Throws std::invalid_argument when sizes disagree, with 1 ... 64 sources and 4 ... 2048 planes allowed.
  void operator()(ImageView<const std::uint8_t> reference, TensorView<const float, 3> rays,
                  const std::vector<SweepSource>& sources, const SweepPlanes& planes, ImageView<float> inverse_depth,
                  ImageView<float> margin);

  /// The costs alone, (height, width, planes), 0 ... 62; 24 where no source sees the point.
  void costs(ImageView<const std::uint8_t> reference, TensorView<const float, 3> rays,
             const std::vector<SweepSource>& sources, const SweepPlanes& planes, TensorView<std::uint8_t, 3> volume);

 private:
  struct Scratch;
  PlaneSweepOptions options_;
  ScratchPointer<Scratch> scratch_;
};

}  // namespace geomvision::depth

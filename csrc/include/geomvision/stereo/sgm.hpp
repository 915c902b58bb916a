#pragma once

#include <cstdint>
#include <string>

#include "geomvision/image.hpp"
#include "geomvision/scratch.hpp"
#include "geomvision/stereo/matcher.hpp"
#include "geomvision/tensor.hpp"

namespace geomvision::stereo {

/// Options of `SGM`; names, meaning and defaults are those of the Python class.
struct SGMOptions {
  int max_disparity = 128;     ///< search min_disparity ... max_disparity - 1, pixels
  int min_disparity = 0;       ///< may be negative
  std::string census = "9x7";  ///< window of the census transform: "5x5", "7x7" or "9x7" (width x height)
  int paths = 8;               ///< 4: rows and columns; 8: and diagonals; 16: and knight's moves; 5: see below
  int p1 = 24;                 ///< penalty of a step of one pixel along a path
  int p2 = 180;                ///< penalty of larger steps; p1 <= p2 <= 192, so that path costs fit a byte
  bool adaptive_p2 = true;     ///< lower p2 where the left image changes strongly along the path
  std::string subpixel = "equiangular";  ///< "none", "parabola" or "equiangular"
  int uniqueness = 0;          ///< percent by which the best sum must beat those more than 1 px away; ties never pass
  int left_right = 1;          ///< tolerance of the left-right check, pixels; -1: no check
  int median = 3;              ///< window of the median filter, pixels, odd; 1: none
  int speckle_size = 20;       ///< regions of fewer pixels are removed; 0: none
  float speckle_range = 1.0f;  ///< step between neighbours of one region, pixels
  std::string fill = "none";   ///< "none"; "background" (`BackgroundFill`) or "row" (`fill_rows`) leave no gap
  int num_threads = 0;         ///< 0: all cores; results do not depend on it

  /// Throws std::invalid_argument, saying what was given and what is allowed.
  void check() const;
};

/// Semi-global matching of rectified pairs (Hirschmueller, TPAMI 2008) on census costs.
///
/// 5 paths are those along rows and the three that run down: one pass over the rows, in memory of a few of them and of
/// the result. The others need a second pass upwards; it keeps the sums of a band of rows, or with 4 paths, where bands
/// are large, those of a tile of it.
///
///     gv::stereo::SGM sgm({.max_disparity = 96});
///     gv::Image<float> disparity = sgm(left, right);     // pixels, NaN where there is no estimate
///     sgm(left, right, disparity.view());                // a second call of the same size allocates nothing
///
/// Images are grey. One object serves one thread at a time.
class SGM : public Matcher {
 public:
  /// Throws std::invalid_argument when an option is not allowed.
  explicit SGM(SGMOptions options = {});
  ~SGM() override;
  SGM(SGM&&) noexcept;
  SGM& operator=(SGM&&) noexcept;

  const SGMOptions& options() const { return options_; }

  using Matcher::operator();

  /// The same, but confidence and occluded pixels go where the caller wants them, which must not be where an image
  /// lies: confidence() and occluded() know nothing of such a call.
  void operator()(Bytes left, Bytes right, ImageView<float> disparity, ImageView<float> confidence,
                  ImageView<std::uint8_t> occluded);
  void operator()(Words left, Words right, ImageView<float> disparity, ImageView<float> confidence,
                  ImageView<std::uint8_t> occluded);
  void operator()(Floats left, Floats right, ImageView<float> disparity, ImageView<float> confidence,
                  ImageView<std::uint8_t> occluded);

  /// From costs that the caller computed, learned ones say: (height, width, max_disparity - min_disparity), for left
  /// pixel x and disparity d those of right pixel x - d, where there is none whatever the caller holds for likely.
  /// Path costs are bytes: costs above 255 - p2 are refused. `left` guides P2; `census` is not asked for.
  void operator()(TensorView<const std::uint8_t, 3> costs, ImageView<const std::uint8_t> left,
                  ImageView<float> disparity);
  void operator()(TensorView<const std::uint8_t, 3> costs, ImageView<const std::uint16_t> left,
                  ImageView<float> disparity);
  void operator()(TensorView<const std::uint8_t, 3> costs, ImageView<const float> left, ImageView<float> disparity);

  /// Confidence in [0, 1] of the last call: (s2 - s1) / s2 * 1 / (1 + |d_left - d_right|), with s1 the winning sum, s2
  /// the smallest more than one pixel away, d_right the right view's disparity; 0 for pixels without their own
  /// estimate.
  ImageView<const float> confidence() const override;

  ImageView<const std::uint8_t> occluded() const override;

 private:
  struct Scratch;
  struct Maps {
    ImageView<float> disparity, confidence;
    ImageView<std::uint8_t> occluded;
  };
  void match(Bytes left, Bytes right, ImageView<float> disparity) override;
  void match(Words left, Words right, ImageView<float> disparity) override;
  void match(Floats left, Floats right, ImageView<float> disparity) override;
  template <typename T>
  void run(ImageView<const T> left, ImageView<const T> right, const Maps& maps);
  template <typename T>
  void match_costs(TensorView<const std::uint8_t, 3> costs, ImageView<const T> left, ImageView<float> disparity);

  Maps kept(int width, int height, ImageView<float> disparity);

  SGMOptions options_;
  ScratchPointer<Scratch> scratch_;
};

}  // namespace geomvision::stereo

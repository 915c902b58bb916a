#pragma once

#include <cstdint>
#include <string>

#include "geomvision/image.hpp"
#include "geomvision/scratch.hpp"
#include "geomvision/stereo/matcher.hpp"

namespace geomvision::stereo {

/// Options of `BlockMatching`; names, meaning and defaults are those of the Python class.
struct BlockMatchingOptions {
  int max_disparity = 128;           ///< search min_disparity ... max_disparity - 1, pixels
  int min_disparity = 0;             ///< may be negative
  std::string cost = "census";       ///< "sad", "ssd", "ncc", "zncc" or "census" (9x7)
  std::string prefilter = "xsobel";  ///< what sad and ssd compare: "none": the images, "xsobel": clipped gradients
  int window = 11;                   ///< side of the square window, pixels, odd
  float texture = 0.0f;              ///< mean horizontal gradient a window needs, levels (of 255) per pixel; 0: no test
  int uniqueness = 0;  ///< percent by which the best cost must beat those more than 1 px away; ties never pass
  std::string subpixel = "equiangular";  ///< "none", "parabola" or "equiangular"
  int left_right = 1;                    ///< tolerance of the left-right check, pixels; -1: no check
  int speckle_size = 0;                  ///< regions of fewer pixels are removed; 0: none
  float speckle_range = 1.0f;            ///< step between neighbours of one region, pixels
  std::string fill = "none";  ///< "none"; "background" (`BackgroundFill`) or "row" (`fill_rows`) leave no gap
  int num_threads = 0;        ///< 0: all cores; results do not depend on it

  /// Throws std::invalid_argument, saying what was given and what is allowed.
  void check() const;
};

/// Winner-take-all matching of square windows in rectified pairs (Scharstein & Szeliski, IJCV 2002).
///
///     gv::stereo::BlockMatching matching({.max_disparity = 96, .cost = "zncc"});
///     gv::Image<float> disparity = matching(left, right);  // pixels, NaN where there is no estimate
///     matching(left, right, disparity.view());             // a second call of the same size allocates nothing
///
/// Images are grey; floats are quantised to 16 bits over the pair's joint range. Windows that reach beyond the border
/// see the border pixels repeated. One object serves one thread at a time.
class BlockMatching : public Matcher {
 public:
  explicit BlockMatching(BlockMatchingOptions options = {});
  BlockMatching(BlockMatching&&) noexcept;
  BlockMatching& operator=(BlockMatching&&) noexcept;
  ~BlockMatching() override;

  const BlockMatchingOptions& options() const { return options_; }

  using Matcher::operator();

  /// The same, but confidence and occluded pixels go where the caller wants them: confidence() and occluded() know
  /// nothing of such a call.
  void operator()(Bytes left, Bytes right, ImageView<float> disparity, ImageView<float> confidence,
                  ImageView<std::uint8_t> occluded);
  void operator()(Words left, Words right, ImageView<float> disparity, ImageView<float> confidence,
                  ImageView<std::uint8_t> occluded);
  void operator()(Floats left, Floats right, ImageView<float> disparity, ImageView<float> confidence,
                  ImageView<std::uint8_t> occluded);

  /// Confidence in [0, 1] of the last call: (c2 - c1) / c2 / (1 + |d_left - d_right|), with c1 the winning cost, c2 the
  /// smallest more than one pixel away, d_right the right view's disparity there; 0 where one of them is missing and
  /// for pixels without their own estimate.
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
  void run(ImageView<const T> left, ImageView<const T> right, ImageView<float> disparity);
  template <typename T>
  void run(ImageView<const T> left, ImageView<const T> right, const Maps& maps);

  BlockMatchingOptions options_;
  ScratchPointer<Scratch> scratch_;
};

}  // namespace geomvision::stereo

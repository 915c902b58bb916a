#pragma once

#include <cstdint>
#include <string>

#include "geomvision/image.hpp"
#include "geomvision/scratch.hpp"
#include "geomvision/stereo/matcher.hpp"

namespace geomvision::stereo {

/// Options of `PatchMatch`; names, meaning and defaults are those of the Python class.
struct PatchMatchOptions {
  int max_disparity = 128;          ///< search min_disparity ... max_disparity - 1, pixels
  int min_disparity = 0;            ///< may be negative
  int iterations = 3;               ///< rounds of propagation and refinement, 1 to 100
  int window = 29;                  ///< side of the support window, pixels, odd, 3 to 35
  int step = 2;                     ///< between the compared pixels of the window: 1 or 2
  double gamma = 10.0;              ///< levels of difference at which the support weight falls to 1/e
  double alpha = 0.97;              ///< weight of gradients against levels
  double tau_colour = 10.0;         ///< truncation of differences of levels
  double tau_gradient = 2.0;        ///< truncation of differences of gradients, levels per pixel
  double max_slope = 0.5;           ///< largest slope of a plane, pixels of disparity per pixel, at most 0.9
  int seed = 0;                     ///< of the random planes; 0 or more
  int left_right = 1;               ///< tolerance of the left-right check, pixels; -1: no check
  std::string fill = "background";  ///< "none" or "background": planes of the neighbours, and a weighted median
  int num_threads = 0;              ///< 0: all cores; results do not depend on it

  /// Throws std::invalid_argument, saying what was given and what is allowed.
  void check() const;
};

/// PatchMatch stereo with slanted support windows (Bleyer, Rhemann & Rother, BMVC 2011).
///
///     gv::stereo::PatchMatch patchmatch({.max_disparity = 96});
///     gv::Image<float> disparity = patchmatch(left, right);  // pixels, NaN where there is no estimate
///     patchmatch(left, right, disparity.view());             // a second call of the same size allocates nothing
///
/// Images are grey. One object serves one thread at a time.
class PatchMatch : public Matcher {
 public:
  /// Throws std::invalid_argument when an option is not allowed.
  explicit PatchMatch(PatchMatchOptions options = {});
  ~PatchMatch() override;
  PatchMatch(PatchMatch&&) noexcept;
  PatchMatch& operator=(PatchMatch&&) noexcept;

  const PatchMatchOptions& options() const { return options_; }

  /// Confidence in [0, 1] of the last call: (c2 - c1) / c2 * 1 / (1 + |d_left - d_right|), with c1 the plane's cost, c2
  /// the smaller of its costs when moved by two pixels of disparity either way; 0 for pixels without their own
  /// estimate.
  ImageView<const float> confidence() const override;

  ImageView<const std::uint8_t> occluded() const override;

 private:
  struct Scratch;
  void match(Bytes left, Bytes right, ImageView<float> disparity) override;
  void match(Words left, Words right, ImageView<float> disparity) override;
  void match(Floats left, Floats right, ImageView<float> disparity) override;
  template <typename T>
  void run(ImageView<const T> left, ImageView<const T> right, ImageView<float> disparity);

  PatchMatchOptions options_;
  ScratchPointer<Scratch> scratch_;
};

}  // namespace geomvision::stereo

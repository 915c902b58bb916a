#pragma once

#include <cstdint>
#include <string>

#include "geomvision/image.hpp"
#include "geomvision/scratch.hpp"
#include "geomvision/stereo/matcher.hpp"

namespace geomvision::stereo {

/// Options of `ADCensus`; names, meaning and defaults are those of the Python class.
struct ADCensusOptions {
  int max_disparity = 128;          ///< search min_disparity ... max_disparity - 1, pixels
  int min_disparity = 0;            ///< may be negative
  double lambda_ad = 60.0;          ///< scale of absolute differences, levels
  double lambda_census = 30.0;      ///< scale of Hamming distances, bits
  int arm = 17;                     ///< longest arm of a cross, pixels, 1 to 64
  int arm_near = 9;                 ///< arms beyond it must pass the stricter threshold, pixels
  int tau = 8;                      ///< difference of levels within an arm
  int tau_far = 3;                  ///< the same beyond arm_near
  int aggregations = 2;             ///< averages over crosses: rows first, then columns first, ...
  double pi1 = 0.5;                 ///< penalty of a step of one pixel; costs lie between 0 and 2
  double pi2 = 3.0;                 ///< penalty of larger steps; pi1 <= pi2 <= 4
  int tau_scan = 15;                ///< difference of levels that counts as a change
  int left_right = 1;               ///< tolerance of the left-right check, pixels; -1: no check
  int votings = 5;                  ///< rounds of region voting
  int votes = 20;                   ///< a region needs more reliable pixels than that
  int share = 40;                   ///< and more than that percentage of them for the winner
  int median = 3;                   ///< window of the median filter, pixels, odd; 1: none
  std::string fill = "background";  ///< "none" or "background": voting and interpolation
  int num_threads = 0;              ///< 0: all cores; results do not depend on it

  /// Throws std::invalid_argument, saying what was given and what is allowed.
  void check() const;
};

/// AD-census stereo (Mei, Sun, Zhou, Jiao, Wang & Zhang, ICCV Workshops 2011): absolute differences and census words,
/// averaged over crosses of like grey, scanned along rows and columns, and repaired.
///
///     gv::stereo::ADCensus ad_census({.max_disparity = 96});
///     gv::Image<float> disparity = ad_census(left, right);  // pixels, NaN where there is no estimate
///     ad_census(left, right, disparity.view());             // a second call of the same size allocates nothing
///
/// Images are grey. One object serves one thread at a time. Keeps about ten bytes for each pixel and disparity.
class ADCensus : public Matcher {
 public:
  /// Throws std::invalid_argument when an option is not allowed.
  explicit ADCensus(ADCensusOptions options = {});
  ~ADCensus() override;
  ADCensus(ADCensus&&) noexcept;
  ADCensus& operator=(ADCensus&&) noexcept;

  const ADCensusOptions& options() const { return options_; }

  /// Confidence in [0, 1] of the last call: (s2 - s1) / s2 * 1 / (1 + |d_left - d_right|), with s1 the winning sum, s2
  /// the smallest more than one pixel away, d_right the right view's disparity; 0 for pixels without their own
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

  ADCensusOptions options_;
  ScratchPointer<Scratch> scratch_;
};

}  // namespace geomvision::stereo

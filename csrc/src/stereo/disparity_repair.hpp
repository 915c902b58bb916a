#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "geomvision/image.hpp"
#include "stereo/ad_census_volume.hpp"

namespace geomvision::stereo {

/// How AD-census repairs whole disparities (Mei et al., ICCV Workshops 2011, section 2.4). Every step reads what the
/// step before left; the object keeps its memory between calls.
class DisparityRepair {
 public:
  static constexpr std::int16_t none = std::numeric_limits<std::int16_t>::min();

  /// Pixels without an estimate take the disparity that most of their cross has (the smallest of equals): of more than
  /// `votes` estimates, more than `share` percent. `count` disparities from `first` on.
  void vote(Image<std::int16_t>& disparity, const Image<Cross>& crosses, int first, int count, int votes, int share,
            int num_threads);

  /// Pixels without an estimate take one of those met first in sixteen directions: occluded ones the lowest, others
  /// that of the pixel whose level is most like their own (the first of equals).
  void interpolate(Image<std::int16_t>& disparity, const Image<std::uint8_t>& occluded,
                   const Image<std::uint8_t>& levels, int num_threads);

  /// Beside a step of more than a pixel in its row a pixel takes its neighbour's disparity where that costs less.
  void adjust_edges(Image<std::int16_t>& disparity, const ADCensusVolume& volume, int num_threads);

 private:
  void remember(const Image<std::int16_t>& disparity);

  Image<std::int16_t> source_;
  std::vector<int> histograms_;
};

}  // namespace geomvision::stereo

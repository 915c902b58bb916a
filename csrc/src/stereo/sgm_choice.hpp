#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "geomvision/image.hpp"
#include "geomvision/stereo/postprocess.hpp"
#include "geomvision/stereo/sgm.hpp"
#include "kernels/sgm_winners.hpp"
#include "stereo/sgm_sweep.hpp"

namespace geomvision::stereo {

/// Winner-take-all in both views from sums as they come, and what the views say of each other.
class SGMChoice : public SGMSink {
 public:
  static constexpr std::int16_t none = std::numeric_limits<std::int16_t>::min();

  /// Disparities first ... first + count - 1; members of the sweep have strips as it says.
  void prepare(const SGMOptions& options, const SGMSweep& sweep, int first, int count, ImageView<float> disparity);

  void begin_row(int member, int y, int begin, int end) override;
  void take(int member, int y, int x, int pixels, std::uint16_t* sums) override;

  /// What the views say of each other: confidence, and how each left pixel stands to the right view.
  void end_rows(int member, int members, int begin, int end) override;

  Image<float>& confidence() { return confidence_; }
  /// For each left pixel the number of its `Agreement`.
  Image<std::uint8_t>& agreement() { return agreement_; }

 private:
  struct Offers {  // of one strip and row: smallest sums and their indices, see sgm_offer
    std::uint16_t *best, *index;
    int pitch;
  };
  Offers offers(int member, int y, int begin, int end);
  void choose_right(int members, int y, std::uint16_t* best, std::int16_t* right);
  void weigh(int y, const std::int16_t* left, const std::int16_t* right);

  SGMOptions options_;
  int first_ = 0, count_ = 0, padded_ = 0, width_ = 0, height_ = 0, row_ = 0;
  decltype(&kernels::baseline::sgm_choose) choose_ = nullptr;  // kernels are chosen once for each image
  decltype(&kernels::baseline::sgm_estimate) estimate_ = nullptr;
  decltype(&kernels::baseline::sgm_offer) offer_ = nullptr;
  int lanes_ = 1;
  kernels::SGMFit fit_ = kernels::SGMFit::none;
  ImageView<float> disparity_;
  std::vector<std::uint16_t> indices_, pads_;  // in the layout of the sums
  // of the rows on their way, and all strips
  std::vector<std::uint16_t> offers_;
  Image<std::int16_t> left_;
  // of each member: its strip, and rows to work on
  std::vector<int> strip_begin_, strip_end_;
  Image<std::uint16_t> best_;
  Image<std::int16_t> right_;
  Image<Agreement> agreement_row_;
  // of the image
  Image<float> confidence_;
  Image<std::uint8_t> agreement_;
};

}  // namespace geomvision::stereo

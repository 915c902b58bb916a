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

  /// Disparities first ... first + count - 1.
  void prepare(const SGMOptions& options, const SGMSweep& sweep, int first, int count, ImageView<float> disparity);

  void begin_row(int slot, int y) override;
  void take(int slot, int y, int x, int pixels, std::uint16_t* sums) override;

  /// What the views say of each other: confidence, and how each left pixel stands to the right view.
  void end_row(int slot, int y) override;

  Image<float>& confidence() { return confidence_; }
  /// For each left pixel the number of its `Agreement`.
  Image<std::uint8_t>& agreement() { return agreement_; }

 private:
  // Of a row: smallest sums and their indices for each right pixel, see sgm_offer, and the winners of both views.
  struct Room {
    std::vector<std::uint16_t> best, index, keys;
    std::vector<std::int16_t> left, right;
    std::vector<Agreement> agreement;
  };
  void choose_right(Room& room) const;
  void weigh(int y, const Room& room);

  SGMOptions options_;
  int first_ = 0, count_ = 0, padded_ = 0, width_ = 0, classes_ = 2, pitch_ = 0;
  std::uint16_t unoffered_ = 0;                                // above every sum
  decltype(&kernels::baseline::sgm_choose) choose_ = nullptr;  // kernels are chosen once for each image
  decltype(&kernels::baseline::sgm_estimate) estimate_ = nullptr;
  decltype(&kernels::baseline::sgm_offer) offer_ = nullptr;
  int lanes_ = 1;
  kernels::SGMFit fit_ = kernels::SGMFit::none;
  ImageView<float> disparity_;
  std::vector<std::uint16_t> indices_, pads_;  // in the layout of the sums
  std::vector<Room> room_;                     // of each slot
  // of the image
  Image<float> confidence_;
  Image<std::uint8_t> agreement_;
};

}  // namespace geomvision::stereo

#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "geomvision/image.hpp"
#include "geomvision/stereo/postprocess.hpp"
#include "geomvision/stereo/sgm.hpp"
#include "kernels/sgm_winners.hpp"
#include "stereo/check_room.hpp"
#include "stereo/sgm_sweep.hpp"

namespace geomvision::stereo {

/// Winner-take-all in both views from sums as they come, and what the views say of each other.
class SGMChoice : public SGMSink {
 public:
  static constexpr std::int16_t none = std::numeric_limits<std::int16_t>::min();

  /// Disparities first ... first + count - 1. `agreement` takes the number of each left pixel's `Agreement`.
  void prepare(const SGMOptions& options, const SGMSweep& sweep, int first, int count, ImageView<float> disparity,
               ImageView<float> confidence, ImageView<std::uint8_t> agreement);

  void begin_row(int slot, int y) override;
  void take(int slot, int y, int x, int pixels, std::uint16_t* sums) override;

  /// What the views say of each other: confidence, and how each left pixel stands to the right view.
  void end_row(int slot, int y) override;

 private:
  // Of a row: what right pixels were offered, see sgm_offer, and the left view's winners.
  struct Row {
    std::vector<std::uint16_t> open_best, open_from, best, from;  // the latter from place -padded on
    std::vector<std::int16_t> left;
  };
  struct Room {  // of a thread
    std::vector<std::int16_t> right;
    CheckRoom check;
  };
  Room& room_of(int slot) { return room_[static_cast<std::size_t>(slot / rows_at_once_)]; }
  void close(Row& row) const;
  void choose_right(const Row& row, Room& room) const;

  SGMOptions options_;
  int first_ = 0, count_ = 0, padded_ = 0, width_ = 0;
  decltype(&kernels::baseline::sgm_choose) choose_ = nullptr;  // kernels are chosen once for each image
  decltype(&kernels::baseline::sgm_estimate) estimate_ = nullptr;
  decltype(&kernels::baseline::sgm_offer) offer_ = nullptr;
  int lanes_ = 1;
  kernels::SGMFit fit_ = kernels::SGMFit::none;
  ImageView<float> disparity_, confidence_;
  ImageView<std::uint8_t> agreement_;
  std::vector<std::uint16_t> indices_, pads_;  // in the layout of the sums
  int rows_at_once_ = 1;
  std::vector<Row> rows_;  // of each slot
  std::vector<Room> room_;
};

}  // namespace geomvision::stereo

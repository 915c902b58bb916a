#include "stereo/sgm_choice.hpp"

#include <algorithm>

#include "kernels/row_check.hpp"

namespace geomvision::stereo {
namespace {

constexpr std::uint16_t nothing = std::numeric_limits<std::uint16_t>::max();  // above every sum
constexpr int most_pixels = 64;                                               // taken at once
constexpr int spare = 20;                                                     // words, see sgm_offer

using kernels::RowCheck;
static_assert(static_cast<int>(Agreement::agrees) == RowCheck::agrees &&
              static_cast<int>(Agreement::mismatched) == RowCheck::mismatched &&
              static_cast<int>(Agreement::occluded) == RowCheck::occluded &&
              static_cast<int>(Agreement::unknown) == RowCheck::unknown);

}  // namespace

void SGMChoice::prepare(const SGMOptions& options, const SGMSweep& sweep, int first, int count,
                        ImageView<float> disparity, ImageView<float> confidence, ImageView<std::uint8_t> agreement) {
  options_ = options;
  first_ = first;
  count_ = count;
  padded_ = sweep.padded();
  disparity_ = disparity;
  confidence_ = confidence;
  agreement_ = agreement;
  width_ = disparity.width();
  fit_ = options.subpixel == "none"
             ? kernels::SGMFit::none
             : (options.subpixel == "parabola" ? kernels::SGMFit::parabola : kernels::SGMFit::equiangular);
  choose_ = GEOMVISION_KERNEL(sgm_choose);
  estimate_ = GEOMVISION_KERNEL(sgm_estimate);
  offer_ = GEOMVISION_KERNEL(sgm_offer);
  lanes_ = GEOMVISION_KERNEL(sgm_lanes)();
  indices_.resize(static_cast<std::size_t>(padded_));
  pads_.resize(static_cast<std::size_t>(padded_));
  for (int i = 0; i < padded_; ++i) {
    const int vectors = padded_ / lanes_, lane = i / vectors;
    const int place = i % vectors * lanes_ + lane % 2 * (lanes_ / 2) + lane / 2;
    indices_[static_cast<std::size_t>(place)] = static_cast<std::uint16_t>(i);
    pads_[static_cast<std::size_t>(place)] = i < count ? std::uint16_t{0} : nothing;
  }
  classes_ = 2 * padded_ / lanes_;
  pitch_ = width_ / classes_ + lanes_ / 2 + spare;
  unoffered_ = static_cast<std::uint16_t>(255 * options.paths + 1);
  rows_at_once_ = sweep.rows_at_once();
  if (static_cast<int>(rows_.size()) < sweep.slots()) rows_.resize(static_cast<std::size_t>(sweep.slots()));
  for (Row& row : rows_) {
    row.best.resize(static_cast<std::size_t>(classes_) * static_cast<std::size_t>(pitch_));
    row.index.resize(row.best.size());
    row.left.resize(static_cast<std::size_t>(width_) + 1);
  }
  const auto threads = static_cast<std::size_t>(sweep.slots() / rows_at_once_);
  if (room_.size() < threads) room_.resize(threads);
  for (Room& room : room_) {
    room.keys.resize(4 * (static_cast<std::size_t>(classes_) * static_cast<std::size_t>(lanes_ / 2 + spare) + 32));
    room.right.resize(static_cast<std::size_t>(width_));
    room.check.resize(width_);
  }
}

void SGMChoice::begin_row(int slot, int /*y*/) {
  Row& row = rows_[static_cast<std::size_t>(slot)];
  std::fill(row.best.begin(), row.best.end(), unoffered_);
}

void SGMChoice::take(int slot, int y, int x, int pixels, std::uint16_t* sums) {
  std::uint16_t memory[5][most_pixels];
  const kernels::SGMWinners winners{memory[0], memory[1], memory[2], memory[3], memory[4]};
  const int vectors = padded_ / lanes_;
  Row& row = rows_[static_cast<std::size_t>(slot)];
  choose_(sums, pixels, vectors, count_, indices_.data(), pads_.data(), winners);
  estimate_(winners, pixels, first_, count_, options_.uniqueness, fit_, none, row.left.data() + x,
            disparity_.row(y) + x, confidence_.row(y) + x);
  const int together = options_.paths == 16 ? 16 : 32;
  for (int i = 0; i < pixels; i += together) {
    offer_(sums + std::ptrdiff_t{i} * padded_, std::min(together, pixels - i), vectors, width_ - 1 - x - i, pitch_,
           room_of(slot).keys.data(), row.best.data(), row.index.data());
  }
}

// The right view's winners. Place p of the offers belongs to the right column width - 1 - first - p.
void SGMChoice::choose_right(const Row& row, Room& room) const {
  std::fill(room.right.begin(), room.right.end(), none);
  const int last = width_ - 1 - first_, begin = std::max(0, last - width_ + 1);
  const int end = std::min(width_ + count_ - 1, last + 1);
  for (int c = 0; c < classes_; ++c) {
    const int skipped = begin > c ? (begin - c + classes_ - 1) / classes_ : 0;
    std::ptrdiff_t at = std::ptrdiff_t{c} * pitch_ + skipped;
    for (int place = c + skipped * classes_; place < end; place += classes_, ++at) {
      const auto i = static_cast<std::size_t>(at);
      if (row.best[i] == unoffered_) continue;
      room.right[static_cast<std::size_t>(last - place)] = static_cast<std::int16_t>(first_ + row.index[i]);
    }
  }
}

void SGMChoice::end_row(int slot, int y) {
  Row& row = rows_[static_cast<std::size_t>(slot)];
  Room& room = room_of(slot);
  choose_right(row, room);
  row.left[static_cast<std::size_t>(width_)] = none;
  GEOMVISION_KERNEL(weigh_row)(room.check.check(row.left.data(), room.right.data(), options_.left_right),
                               confidence_.row(y), agreement_.row(y));
}

}  // namespace geomvision::stereo

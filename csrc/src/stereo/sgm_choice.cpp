#include "stereo/sgm_choice.hpp"

#include <algorithm>

#include "kernels/row_check.hpp"

namespace geomvision::stereo {
namespace {

constexpr std::uint16_t nothing = std::numeric_limits<std::uint16_t>::max();  // above every sum
constexpr int most_pixels = 64;                                               // taken at once

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
  rows_at_once_ = sweep.rows_at_once();
  if (static_cast<int>(rows_.size()) < sweep.slots()) rows_.resize(static_cast<std::size_t>(sweep.slots()));
  for (Row& row : rows_) {
    for (auto* words : {&row.open_best, &row.open_from}) words->resize(static_cast<std::size_t>(padded_));
    for (auto* words : {&row.best, &row.from}) words->resize(static_cast<std::size_t>(width_ + padded_));
    row.left.resize(static_cast<std::size_t>(width_) + 1);
  }
  const auto threads = static_cast<std::size_t>(sweep.slots() / rows_at_once_);
  if (room_.size() < threads) room_.resize(threads);
  for (Room& room : room_) {
    room.right.resize(static_cast<std::size_t>(width_));
    room.check.resize(width_);
  }
}

void SGMChoice::begin_row(int slot, int /*y*/) {
  Row& row = rows_[static_cast<std::size_t>(slot)];
  std::fill(row.open_best.begin(), row.open_best.end(), nothing);
}

void SGMChoice::take(int slot, int y, int x, int pixels, std::uint16_t* sums) {
  std::uint16_t memory[5][most_pixels];
  const kernels::SGMWinners winners{memory[0], memory[1], memory[2], memory[3], memory[4]};
  const int vectors = padded_ / lanes_;
  Row& row = rows_[static_cast<std::size_t>(slot)];
  choose_(sums, pixels, vectors, count_, indices_.data(), pads_.data(), winners);
  estimate_(winners, pixels, first_, count_, options_.uniqueness, fit_, none, row.left.data() + x,
            disparity_.row(y) + x, confidence_.row(y) + x);
  offer_(sums, pixels, vectors, x,
         {row.open_best.data(), row.open_from.data(), row.best.data() + x, row.from.data() + x});
}

// What right pixels were offered that the last pixels of a row did not close.
void SGMChoice::close(Row& row) const {
  const int classes = 2 * padded_ / lanes_, words = lanes_ / 2;
  for (int i = 0; i < padded_; ++i) {
    const auto open = static_cast<std::size_t>((width_ + i) % classes * words + words - 1 - i / classes);
    row.best[static_cast<std::size_t>(width_ + i)] = row.open_best[open];
    row.from[static_cast<std::size_t>(width_ + i)] = row.open_from[open];
  }
}

// The right view's winners: right column x is at place x + first.
void SGMChoice::choose_right(const Row& row, Room& room) const {
  std::fill(room.right.begin(), room.right.end(), none);
  const int begin = std::clamp(-padded_ - first_, 0, width_), end = std::clamp(width_ - first_, begin, width_);
  for (int x = begin; x < end; ++x) {
    const auto at = static_cast<std::size_t>(x + first_ + padded_);
    const auto candidate = static_cast<std::uint16_t>(row.from[at] - x - first_);
    const auto winner = static_cast<std::int16_t>(first_ + candidate);
    room.right[static_cast<std::size_t>(x)] = row.best[at] == nothing ? none : winner;
  }
}

void SGMChoice::end_row(int slot, int y) {
  Row& row = rows_[static_cast<std::size_t>(slot)];
  Room& room = room_of(slot);
  close(row);
  choose_right(row, room);
  row.left[static_cast<std::size_t>(width_)] = none;
  GEOMVISION_KERNEL(weigh_row)(room.check.check(row.left.data(), room.right.data(), options_.left_right),
                               confidence_.row(y), agreement_.row(y));
}

}  // namespace geomvision::stereo

#include "stereo/sgm_choice.hpp"

#include <algorithm>
#include <cstdlib>

namespace geomvision::stereo {
namespace {

constexpr std::uint16_t nothing = std::numeric_limits<std::uint16_t>::max();  // above every sum
constexpr int held = 3 * SGMSink::group;                                      // rows on their way
constexpr int most_pixels = 64;                                               // taken at once
constexpr int spare = 4;                                                      // words beyond a strip's last candidate

template <typename T>
void fit(Image<T>& image, int width, int height) {
  if (image.width() != width || image.height() != height) image.resize(width, height);
}

}  // namespace

void SGMChoice::prepare(const SGMOptions& options, const SGMSweep& sweep, int first, int count,
                        ImageView<float> disparity) {
  options_ = options;
  first_ = first;
  count_ = count;
  padded_ = sweep.padded();
  disparity_ = disparity;
  width_ = disparity.width();
  height_ = disparity.height();
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
    const int place = i / lanes_ * lanes_ + i % 2 * (lanes_ / 2) + i % lanes_ / 2;
    indices_[static_cast<std::size_t>(place)] = static_cast<std::uint16_t>(i);
    pads_[static_cast<std::size_t>(place)] = i < count ? std::uint16_t{0} : nothing;
  }
  row_ = 2 * (width_ + sweep.members() * (padded_ + spare));
  offers_.resize(static_cast<std::size_t>(row_) * held);
  strip_begin_.resize(static_cast<std::size_t>(sweep.members()));
  strip_end_.resize(static_cast<std::size_t>(sweep.members()));
  fit(left_, width_, held);
  fit(confidence_, width_, height_);
  fit(agreement_, width_, height_);
  fit(best_, width_, sweep.members());
  fit(right_, width_, sweep.members());
  fit(agreement_row_, width_, sweep.members());
}

SGMChoice::Offers SGMChoice::offers(int member, int y, int begin, int end) {
  const int pitch = (end - begin + padded_ + spare) / 2;
  std::uint16_t* row = offers_.data() + static_cast<std::size_t>(row_) * static_cast<std::size_t>(y % held);
  row += 2 * (begin + member * (padded_ + spare));
  return {row, row + 2 * pitch, pitch};
}

void SGMChoice::begin_row(int member, int y, int begin, int end) {
  strip_begin_[static_cast<std::size_t>(member)] = begin;
  strip_end_[static_cast<std::size_t>(member)] = end;
  const Offers row = offers(member, y, begin, end);
  std::fill_n(row.best, 2 * row.pitch, nothing);
}

void SGMChoice::take(int member, int y, int x, int pixels, std::uint16_t* sums) {
  std::uint16_t memory[5][most_pixels];
  const kernels::SGMWinners winners{memory[0], memory[1], memory[2], memory[3], memory[4]};
  const int vectors = padded_ / lanes_;
  choose_(sums, pixels, vectors, count_, indices_.data(), pads_.data(), winners);
  estimate_(winners, pixels, first_, count_, options_.uniqueness, fit_, none, left_.view().row(y % held) + x,
            disparity_.row(y) + x, confidence_.view().row(y) + x);
  const int end = strip_end_[static_cast<std::size_t>(member)];
  const Offers row = offers(member, y, strip_begin_[static_cast<std::size_t>(member)], end);
  offer_(sums, pixels, vectors, indices_.data(), end - 1 - x, row.pitch, row.best, row.index);
}

// The right view's winners: the best offer of all strips, of equal ones the smallest disparity, whose left pixel lies
// furthest to the left.
void SGMChoice::choose_right(int members, int y, std::uint16_t* best, std::int16_t* right) {
  std::fill_n(best, width_, nothing);
  std::fill_n(right, width_, none);
  for (int member = 0; member < members; ++member) {
    const int begin = strip_begin_[static_cast<std::size_t>(member)];
    const int end = strip_end_[static_cast<std::size_t>(member)];
    const Offers row = offers(member, y, begin, end);
    const int last = end - 1 - first_;  // right column of place 0
    const int from = std::max(0, last - width_ + 1), until = std::min(end - begin + count_ - 1, last + 1);
    for (int place = from; place < until; ++place) {
      const int at = place % 2 * row.pitch + place / 2, x = last - place;
      if (row.best[at] >= best[x]) continue;
      best[x] = row.best[at];
      right[x] = static_cast<std::int16_t>(first_ + row.index[at]);
    }
  }
}

// A winner that the right view confirms keeps its confidence; one whose match lies outside has none.
void SGMChoice::weigh(int y, const std::int16_t* left, const std::int16_t* right) {
  float* confidence = confidence_.view().row(y);
  for (int x = 0; x < width_; ++x) {
    if (left[x] == none) continue;
    const int partner = x - left[x];
    const bool inside = partner >= 0 && partner < width_ && right[partner] != none;
    const int distance = inside ? std::abs(left[x] - right[partner]) : 0;
    confidence[x] = inside ? confidence[x] / static_cast<float>(1 + distance) : 0.0f;
  }
}

void SGMChoice::end_rows(int member, int members, int begin, int end) {
  std::uint16_t* best = best_.view().row(member);
  std::int16_t* right = right_.view().row(member);
  Agreement* found = agreement_row_.view().row(member);
  for (int y = begin + member; y < end; y += members) {
    const std::int16_t* left = left_.view().row(y % held);
    choose_right(members, y, best, right);
    weigh(y, left, right);
    std::fill_n(found, width_, Agreement::agrees);
    if (options_.left_right >= 0) left_right_check(left, right, width_, none, options_.left_right, found);
    std::uint8_t* agreement = agreement_.view().row(y);
    for (int x = 0; x < width_; ++x) agreement[x] = static_cast<std::uint8_t>(found[x]);
  }
}

}  // namespace geomvision::stereo

#include "stereo/sgm_rows.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "geomvision/parallel.hpp"

namespace geomvision::stereo {
namespace {

constexpr std::size_t cache_bytes = std::size_t{16} << 20;  // for the sums and costs of the bands at work
constexpr std::size_t edge_bytes = std::size_t{128} << 20;  // for path costs at the edges of bands
constexpr int smallest_band = 4, largest_band = 12;         // rows
constexpr int smallest_segment = 16;
constexpr int segments_of_thread = 3;  // where path costs at the beginnings of runs are small: fast threads take over
constexpr std::size_t run_bytes = std::size_t{4} << 20;
constexpr std::size_t untiled_bytes = std::size_t{24} << 20;  // where that is too much for both, bands have tiles
constexpr int rows_of_tile = 32, columns_of_tile = 64;
constexpr int usual_block = 32;  // rows: with more, more columns beside a strip are done twice

}  // namespace

void SGMRows::resize(int rows, int columns, int padded) {
  rows_ = rows;
  columns_ = columns + 2 * margin;
  padded_ = padded;
  row_bytes_ = (product(columns_, padded + 1) + 63) / 64 * 64;
  bytes_.resize(row_bytes_ * static_cast<std::size_t>(rows));
}

SGMRow SGMRows::row(int index) {
  std::uint8_t* start = bytes_.data() + row_bytes_ * static_cast<std::size_t>(index);
  return {start + product(margin, padded_), start + product(columns_, padded_) + margin};
}

void SGMRows::clear_margins() {
  for (int i = 0; i < rows_; ++i) {
    const SGMRow here = row(i);
    for (const std::ptrdiff_t column : {-margin, columns_ - 2 * margin}) {
      std::memset(here.costs + column * padded_, 0, product(margin, padded_));
      std::memset(here.least + column, 0, margin);
    }
  }
}

int SGMState::columns_of(int rows) const { return std::abs(direction_.dx) * (rows / back_of(direction_) + 1); }

void SGMState::resize(SGMDirection direction, int columns, int rows, int padded) {
  direction_ = direction;
  padded_ = padded;
  slide_ = columns_of(rows);
  columns_ = columns + slide_;
  row_bytes_ = (product(columns_, padded + 1) + 63) / 64 * 64;
  bytes_.resize(row_bytes_ * static_cast<std::size_t>(back_of(direction)));
}

void SGMState::begin(int first, int until, int width, int rows) {
  first_ = first;
  const bool from_left = direction_.dx > 0;
  const int beside = columns_of(rows);
  if (beside == 0 || (from_left ? first > 0 : until < width)) return;
  const std::ptrdiff_t place = from_left ? slide_ - beside : until - first;
  for (int i = 0; i < back_of(direction_); ++i) {
    std::uint8_t* start = bytes_.data() + row_bytes_ * static_cast<std::size_t>(i);
    std::memset(start + place * padded_, 0, product(beside, padded_));
    std::memset(start + product(columns_, padded_) + place, 0, static_cast<std::size_t>(beside));
  }
}

SGMRow SGMState::row(int step) {
  std::uint8_t* start = bytes_.data() + row_bytes_ * static_cast<std::size_t>(step % back_of(direction_));
  const std::ptrdiff_t place = (direction_.dx > 0 ? slide_ : 0) - first_ - step / back_of(direction_) * direction_.dx;
  return {start + place * padded_, start + product(columns_, padded_) + place};
}

void SGMPlan::prepare(const SGMTask& task, const SGMGuide* guide) {
  task_ = task;
  guide_ = guide;
  advance = GEOMVISION_KERNEL(sgm_advance);
  costs = GEOMVISION_KERNEL(sgm_costs);
  costs_and_west = GEOMVISION_KERNEL(sgm_costs_and_west);
  jumps_ = GEOMVISION_KERNEL(sgm_jumps);
  penalties_ = {task.p1, task.p2, SGMGuide::usual_change};
  const int lanes = GEOMVISION_KERNEL(sgm_lanes)();
  vectors_ = (task.count + lanes - 1) / lanes;
  padded_ = vectors_ * lanes;
  down_.clear();
  up_.clear();
  down_.push_back({0, 1});
  if (task.paths >= 5) down_.insert(down_.end(), {{1, 1}, {-1, 1}});
  if (task.paths == 16) down_.insert(down_.end(), {{1, 2}, {-1, 2}, {2, 1}, {-2, 1}});
  reach_ = 0;
  for (const SGMDirection direction : down_) reach_ = std::max(reach_, std::abs(direction.dx));
  if (task.paths != 5) {
    for (const SGMDirection direction : down_) up_.push_back({direction.dx, -direction.dy});
  }
  cut();
}

void SGMPlan::cut() {
  const int height = task_.height;
  threads_ = std::min(resolve_threads(task_.num_threads), std::max(1, height / smallest_segment));
  const std::size_t of_run = product(task_.width, padded_) * down_.size();  // where it begins
  const bool many = of_run * static_cast<std::size_t>(threads_ * (segments_of_thread - 1)) <= run_bytes;
  const int parts = threads_ == 1 ? 1 : std::min(height / smallest_segment, threads_ * (many ? segments_of_thread : 1));
  const int segment = (height + parts - 1) / parts;
  int most = usual_block;
  tile_ = task_.width;
  if (goes_up()) {
    const std::size_t row = product(task_.width, padded_);
    const auto edges = [&](int rows) { return product(height / rows, 1) * row * down_.size(); };
    const std::size_t rows = cache_bytes / static_cast<std::size_t>(threads_) / (row * 3);
    const int least = edges(smallest_band) > edge_bytes ? 2 * smallest_band : smallest_band;
    most = std::clamp(static_cast<int>(std::min(rows, std::size_t{largest_band})), least, largest_band);
    if (reach_ == 0 && product(threads_ * most, 3) * row + edges(most) > untiled_bytes) {
      most = rows_of_tile;
      tile_ = columns_of_tile;
    }
  }
  of_segment_ = (segment + most - 1) / most;
  band_ = (segment + of_segment_ - 1) / of_segment_;
  while (band_ < height && height % band_ == 1) ++band_;  // a step may come from two rows above
  bands_ = (height + band_ - 1) / band_;
  of_block_ = std::max(1, usual_block / band_);
}

int SGMPlan::segment_at(int place) const {
  const int half = segments() / 2;
  if (!goes_up()) return segments() - 1 - place;
  return place < half ? half - 1 - place : place;
}

bool SGMPlan::begins_run(int place) const {
  if (begins_half(place)) return true;
  const int half = goes_up() ? segments() / 2 : 0;
  for (int thread = 0; thread < threads_; ++thread) {
    const auto given = static_cast<int>(std::int64_t{segments()} * thread / threads_);
    if (place <= given && (place < half) == (given < half)) return true;
  }
  return false;
}

void SGMPlan::jumps(int y, SGMDirection direction, int begin, int end, std::uint8_t* jumps) const {
  if (!task_.adaptive_p2) {
    std::memset(jumps, task_.p2, static_cast<std::size_t>(end - begin));
    return;
  }
  const int from = std::clamp(y - direction.dy, 0, task_.height - 1);
  jumps_(guide_->row(y) + begin, guide_->row(from) + begin - direction.dx, end - begin, penalties_, jumps);
}

}  // namespace geomvision::stereo

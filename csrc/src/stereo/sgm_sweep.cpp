#include "stereo/sgm_sweep.hpp"

#include <algorithm>
#include <cstring>
#include <functional>
#include <utility>

#include "geomvision/parallel.hpp"

namespace geomvision::stereo {
namespace {

constexpr int margin = 2;                                  // no path goes further to the side in one step
constexpr int narrowest = 48;                              // columns of a strip
constexpr int least_lanes = 8192;                          // costs of a strip's row that are worth waiting for others
constexpr int chunk = 32;                                  // pixels whose costs and sums stay in the first cache
constexpr std::size_t band_bytes = std::size_t{12} << 20;  // of sums and costs: what the caches of a machine hold
constexpr int smallest_band = 16;
constexpr int at_once = 4;       // paths
constexpr int gap_bytes = 4096;  // between strips in memory

std::size_t product(int a, int b) { return static_cast<std::size_t>(a) * static_cast<std::size_t>(b); }

}  // namespace

struct SGMSweep::Member {
  int index, begin, end;         // columns of the strip
  int shift;                     // what is added to them in memory
  int steps = 0, west_rows = 0;  // taken so far
  kernels::SGMCosts source{};
  std::uint8_t* costs;
  std::uint16_t* sums;
  std::uint8_t* jumps;        // of each direction, for the strip
  kernels::SGMPath paths[8];  // through the row at hand, from its first column on
  Direction directions[8];
  Row before[8];            // where they come from
  int rows = 0;             // whose sums have been taken
  int group_steps[4] = {};  // after which the last groups of them were
};

void SGMSweep::choose_directions() {
  down_.clear();
  up_.clear();
  down_.push_back({0, 1});
  if (task_.paths >= 5) down_.insert(down_.end(), {{1, 1}, {-1, 1}});
  if (task_.paths == 16) down_.insert(down_.end(), {{1, 2}, {-1, 2}, {2, 1}, {-2, 1}});
  if (task_.paths == 5) return;
  for (const Direction direction : down_) up_.push_back({direction.dx, -direction.dy});
}

void SGMSweep::prepare(const SGMTask& task) {
  task_ = task;
  advance_ = GEOMVISION_KERNEL(sgm_advance);
  make_costs_ = GEOMVISION_KERNEL(sgm_costs);
  jumps_ = GEOMVISION_KERNEL(sgm_jumps);
  choose_directions();
  const int lanes = GEOMVISION_KERNEL(sgm_lanes)();
  vectors_ = (task.count + lanes - 1) / lanes;
  padded_ = vectors_ * lanes;
  most_members_ =
      std::clamp(std::min(resolve_threads(task.num_threads), task.width / std::max(narrowest, least_lanes / padded_)),
                 1, most_strips);
  gap_ = most_members_ == 1 ? 0 : std::max(2 * margin, gap_bytes / padded_);
  wide_ = task.width + (most_members_ - 1) * gap_;
  band_ = task.height;
  if (!up_.empty()) {
    const std::size_t row = product(task.width, padded_) * 3;
    band_ = std::clamp(static_cast<int>(std::min(band_bytes / row, std::size_t{1} << 30)), smallest_band,
                       std::max(smallest_band, task.height));
    band_ = std::min(band_, task.height);
  }
  west_rows_ = most_members_ == 1 ? 1 : 2 * most_members_ + 2;
  cost_rows_ = 2 * most_members_ + (up_.empty() ? 0 : band_);
  allocate();
}

std::size_t SGMSweep::row_bytes() const {
  const std::size_t bytes = product(wide_ + 2 * margin, padded_ + 1);
  return (bytes + 63) / 64 * 64;
}

SGMSweep::Row SGMSweep::row_in(AlignedBytes& memory, std::size_t row) const {
  std::uint8_t* start = memory.data() + row * row_bytes();
  return {start + product(margin, padded_), start + product(wide_ + 2 * margin, padded_) + margin};
}

// Beyond the border of the image all path costs are 0: a path that comes from there begins with its cost alone.
void SGMSweep::clear_margins(const Member& member, int members) {
  for (const auto& [memory, rows] :
       {std::pair(&state_, state_rows_), {&east_, 1}, {&west_, west_rows_}, {&kept_, all_kept_rows_}}) {
    for (int r = 0; r < rows; ++r) {
      const Row row = row_in(*memory, static_cast<std::size_t>(r));
      const auto clear = [&](std::ptrdiff_t column) {
        std::memset(row.costs + column * padded_, 0, product(margin, padded_));
        std::memset(row.least + column, 0, margin);
      };
      if (member.index == 0) clear(-margin);
      if (member.index + 1 == members) clear(member.end + member.shift);
    }
  }
}

// Strips lie apart, or a core that reads ahead at the end of its strip would take from its neighbour what that one is
// about to write. So each has copies of the pixels beside it that its paths come from.
void SGMSweep::fetch(const Member& member, const Row& row, int dx) const {
  const std::ptrdiff_t to = dx > 0 ? member.begin + member.shift - dx : member.end + member.shift;
  const std::ptrdiff_t from = dx > 0 ? to - gap_ : to + gap_;
  std::memcpy(row.costs + to * padded_, row.costs + from * padded_, product(std::abs(dx), padded_));
  std::memcpy(row.least + to, row.least + from, static_cast<std::size_t>(std::abs(dx)));
}

void SGMSweep::fetch_all(const Member& member, int paths, bool from_left) {
  for (int g = 0; g < paths; ++g) {
    const int dx = member.directions[g].dx;
    if (dx != 0 && (dx > 0) == from_left && member.before[g].costs != row_in(zeros_, 0).costs) {
      fetch(member, member.before[g], dx);
    }
  }
}

void SGMSweep::allocate() {
  state_rows_ = kept_rows_ = 0;
  for (const Direction direction : down_) {
    state_rows_ += direction.dy + 1;
    kept_rows_ += direction.dy;
  }
  for (const Direction direction : up_) state_rows_ += 1 - direction.dy;
  all_kept_rows_ = ((task_.height + band_ - 1) / band_ - 1) * kept_rows_;
  state_.resize(row_bytes() * static_cast<std::size_t>(state_rows_));
  east_.resize(row_bytes());
  west_.resize(row_bytes() * static_cast<std::size_t>(west_rows_));
  kept_.resize(row_bytes() * static_cast<std::size_t>(all_kept_rows_));
  zeros_.resize(row_bytes());
  costs_.resize(product(wide_, padded_) * static_cast<std::size_t>(cost_rows_));
  if (!up_.empty()) sums_.resize(product(wide_, padded_) * static_cast<std::size_t>(band_) * 2);
  const std::size_t own = product(chunk, padded_) * 3 + product(task_.width + 64, 9);
  scratch_.resize(own / 64 * 64 * static_cast<std::size_t>(most_members_));
}

void SGMSweep::run(SGMCostRows& costs, const SGMGuide& guide, SGMSink& sink) {
  source_ = &costs;
  guide_ = &guide;
  sink_ = &sink;
  for (int i = 0; i < most_members_; ++i) {
    begun_[i].reset();
    done_[i].reset();
    west_done_[i].reset();
  }
  const std::size_t own = (product(chunk, padded_) * 3 + product(task_.width + 64, 9)) / 64 * 64;
  const auto body = [&](int index, int members) {
    Member member{};
    member.index = index;
    member.begin = first_column(index, members);
    member.end = first_column(index + 1, members);
    member.shift = index * gap_;
    member.costs = scratch_.data() + own * static_cast<std::size_t>(index);
    member.sums = reinterpret_cast<std::uint16_t*>(member.costs + product(chunk, padded_));
    member.jumps = member.costs + product(chunk, padded_) * 3;
    clear_margins(member, members);
    sweep(member, members);
  };
  parallel_team(most_members_, std::ref(body));
}

// Bands are counted from below, and so are the rows of the leftward path: those of the lowest band first, each band's
// from above to below.
int SGMSweep::row_of(int west_row) const {
  const int band = west_row / band_;
  return std::max(0, task_.height - (band + 1) * band_) + west_row - band * band_;
}

void SGMSweep::sweep(Member& member, int members) {
  const int bands = (task_.height + band_ - 1) / band_;
  for (int y = 0; y < task_.height - band_; ++y) step(member, members, Kind::light, y, task_.height, 0);
  for (int band = 0; band < bands; ++band) {
    const int bottom = task_.height - band * band_, top = std::max(0, bottom - band_);
    for (int y = top; y < bottom; ++y) {
      const int west_row = band * band_ + y - top;
      west_until(member, members, std::min(task_.height, west_row + 2 * member.index + 1));
      step(member, members, Kind::down, y, top, west_row);
    }
    if (up_.empty()) continue;
    for (int y = bottom - 1; y >= top; --y) step(member, members, Kind::up, y, top, band * band_ + y - top);
  }
  const int groups = (task_.height + SGMSink::group - 1) / SGMSink::group;
  for (int last = std::max(0, groups - 2); last < groups; ++last) end_group(member, members, last);
}

// A group of rows is ended one group late, when nobody needs to be waited for any more.
void SGMSweep::end_group(Member& member, int members, int group) {
  for (int other = 0; other < members; ++other) {
    if (other != member.index) done_[other].wait_for(member.group_steps[group % 4]);
  }
  const int begin = group * SGMSink::group, end = std::min(task_.height, begin + SGMSink::group);
  const bool upwards = !up_.empty();
  sink_->end_rows(member.index, members, upwards ? task_.height - end : begin, upwards ? task_.height - begin : end);
}

// Strips further to the right are first to follow the leftward path through a row, and last to use it: two rows more
// in advance for each strip keep everyone busy.
void SGMSweep::west_until(Member& member, int members, int west_rows) {
  for (; member.west_rows < west_rows; ++member.west_rows) {
    const int row = member.west_rows, y = row_of(row);
    const Row path = row_in(west_, static_cast<std::size_t>(row % west_rows_));
    if (member.index + 1 < members) {
      west_done_[member.index + 1].wait_for(row + 1);
      fetch(member, path, -1);
    }
    const kernels::SGMCosts source = source_->row(member.index, y, member.begin, member.end);
    const std::ptrdiff_t first = member.begin + member.shift;
    make_jumps(member, y, {-1, 0}, member.jumps);
    const kernels::SGMPath west{path.costs + (first + 1) * padded_, path.least + first + 1, member.jumps,
                                path.costs + first * padded_, path.least + first};
    GEOMVISION_KERNEL(sgm_costs_and_west)(source, west, vectors_, static_cast<std::uint8_t>(task_.p1),
                                          costs_.data() + place(row % cost_rows_, first));
    west_done_[member.index].reach(row + 1);
  }
}

void SGMSweep::make_jumps(const Member& member, int y, Direction direction, std::uint8_t* jumps) const {
  const int width = member.end - member.begin;
  if (!task_.adaptive_p2) {
    std::memset(jumps, task_.p2, static_cast<std::size_t>(width));
    return;
  }
  const std::uint16_t* here = guide_->row(y) + member.begin;
  const int from = std::clamp(y - direction.dy, 0, task_.height - 1);
  jumps_(here, guide_->row(from) + member.begin - direction.dx, width, task_.p1, task_.p2, SGMGuide::usual_change,
         jumps);
}

// Path costs of a vertical direction in row y. Those of rows above the band come from what the light sweep kept.
SGMSweep::Row SGMSweep::vertical_row(Kind kind, std::size_t direction, int y, int band_top) {
  if (y < 0 || y >= task_.height) return row_in(zeros_, 0);
  std::size_t first = 0, kept = 0;
  const auto& directions = kind == Kind::up ? up_ : down_;
  if (kind == Kind::up) {
    for (const Direction before : down_) first += static_cast<std::size_t>(before.dy) + 1;
  }
  for (std::size_t g = 0; g < direction; ++g) {
    first += static_cast<std::size_t>(std::abs(directions[g].dy)) + 1;
    kept += static_cast<std::size_t>(std::abs(directions[g].dy));
  }
  const int reach = std::abs(directions[direction].dy);
  if (kind != Kind::up && y < band_top) {
    const int above = (task_.height - y) % band_, band = (task_.height - y) / band_ - 1;  // rows above a band's top
    if (above >= 1 && above <= reach && band >= 0) {
      return row_in(kept_, product(band, kept_rows_) + kept + static_cast<std::size_t>(above - 1));
    }
  }
  return row_in(state_, first + static_cast<std::size_t>(y % (reach + 1)));
}

// Paths through a row, each from the strip's first column on; the one that runs right is the first. Returns how many.
int SGMSweep::find_paths(Member& member, Kind kind, int y, int band_top) {
  int found = 0;
  const auto add = [&](Direction direction, Row here, Row before) {
    std::uint8_t* jumps = member.jumps + product(found, member.end - member.begin);
    make_jumps(member, y, direction, jumps);
    const std::ptrdiff_t first = member.begin + member.shift, from = first - direction.dx;
    member.directions[found] = direction;
    member.before[found] = before;
    member.paths[found++] = {before.costs + from * padded_, before.least + from, jumps, here.costs + first * padded_,
                             here.least + first};
  };
  if (kind == Kind::down) add({1, 0}, row_in(east_, 0), row_in(east_, 0));
  const auto& directions = kind == Kind::up ? up_ : down_;
  for (std::size_t v = 0; v < directions.size(); ++v) {
    add(directions[v], vertical_row(kind, v, y, band_top), vertical_row(kind, v, y - directions[v].dy, band_top));
  }
  return found;
}

void SGMSweep::step(Member& member, int members, Kind kind, int y, int band_top, int west_row) {
  const bool rightward = kind == Kind::down;  // comes from the strip on the left, in this very row
  if (kind == Kind::light) member.source = source_->row(member.index, y, member.begin, member.end);
  const int paths = find_paths(member, kind, y, band_top), left = member.index - 1, right = member.index + 1;
  const bool last_sweep = kind == Kind::up || up_.empty();
  if (left >= 0) {
    done_[left].wait_for(rightward ? member.steps + 1 : member.steps);
    fetch_all(member, paths, true);
  }
  if (last_sweep) sink_->begin_row(member.index, y, member.begin, member.end);
  for (int x = member.begin; x < member.end; x += chunk) {
    const int end = std::min(member.end, x + chunk);
    if (end + margin > member.end && right < members) {
      begun_[right].wait_for(member.steps);
      fetch_all(member, paths, false);
    }
    pixels(member, kind, paths, y, band_top, west_row, x, end);
    if (x == member.begin) begun_[member.index].reach(member.steps + 1);
  }
  done_[member.index].reach(++member.steps);
  if (!last_sweep) return;
  const int group = member.rows++ / SGMSink::group;
  if (member.rows % SGMSink::group != 0 && member.rows != task_.height) return;
  member.group_steps[group % 4] = member.steps;
  if (group > 0 && member.rows != task_.height) end_group(member, members, group - 1);
}

void SGMSweep::pixels(Member& member, Kind kind, int paths, int y, int band_top, int west_row, int begin, int end) {
  const std::ptrdiff_t x = begin + member.shift;
  const int inside = begin - member.begin, count = end - begin;
  std::uint8_t* costs = member.costs;
  std::uint16_t* sums = member.sums;
  if (!up_.empty()) {
    sums = reinterpret_cast<std::uint16_t*>(sums_.data()) + place(y - band_top, x);
  }
  if (kind == Kind::light) {
    make_costs_(member.source, inside, inside + count, vectors_, costs);
  } else {
    costs = costs_.data() + place(west_row % cost_rows_, x);
  }
  const std::uint8_t* west = row_in(west_, static_cast<std::size_t>(west_row % west_rows_)).costs + x * padded_;
  for (int first = 0; first < paths; first += at_once) {
    const int some = std::min(at_once, paths - first);
    kernels::SGMPath here[at_once];
    for (int g = 0; g < some; ++g) {
      const kernels::SGMPath& path = member.paths[first + g];
      here[g] = {path.before + inside * padded_, path.least_before + inside, path.jump + inside,
                 path.here + inside * padded_, path.least + inside};
    }
    auto mode = kernels::SGMSums::add;
    if (kind == Kind::light) mode = kernels::SGMSums::none;
    if (kind == Kind::down && first == 0) mode = kernels::SGMSums::begin;
    advance_(here, some, costs, count, vectors_, static_cast<std::uint8_t>(task_.p1), mode, west, sums);
  }
  if (kind == Kind::up || up_.empty()) sink_->take(member.index, y, begin, count, sums);
}

}  // namespace geomvision::stereo

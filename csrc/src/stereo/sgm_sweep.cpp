#include "stereo/sgm_sweep.hpp"

#include <algorithm>
#include <cstdlib>

#include "each_worker.hpp"

namespace geomvision::stereo {
namespace {

constexpr int at_once = 4;  // paths
constexpr int most_paths = 8;

}  // namespace

// The paths through a row of a tile, and what is summed there. All pointers belong to its first column.
struct SGMSweep::Row {
  int y, begin, end;  // columns
  int sink;           // its slot
  int count = 0;
  kernels::SGMSums first;  // what becomes of the sums with the first four paths
  bool last;               // all paths have then been there
  const std::uint8_t* costs;
  const std::uint8_t* west;
  std::uint16_t* sums;  // of the band; null: there is one pass only
  kernels::SGMPath paths[most_paths];
};

void SGMSweep::prepare(const SGMTask& task, const SGMGuide& guide) {
  plan_.prepare(task, &guide);
  edges_.prepare(plan_);
  const int width = task.width, padded = plan_.padded(), held = plan_.goes_up() ? plan_.band_rows() : 1;
  const int columns = plan_.tile_columns(), run = std::min(task.height, plan_.run_rows());
  if (static_cast<int>(room_.size()) < plan_.threads()) room_.resize(static_cast<std::size_t>(plan_.threads()));
  for (int slot = 0; slot < plan_.threads(); ++slot) {
    Room& room = room_[static_cast<std::size_t>(slot)];
    const auto& directions = plan_.directions(false);  // those that run up go as far to the side
    for (const bool begins : {false, true}) {
      if (begins && !plan_.goes_up()) continue;
      room.paths[begins].resize(directions.size());
      for (std::size_t g = 0; g < directions.size(); ++g) {
        room.paths[begins][g].resize(directions[g], begins ? columns : width, begins ? held : run, padded);
      }
    }
    room.east.resize(1, columns, padded);
    room.west.resize(1, columns, padded);
    room.costs.resize(product(held, columns) * static_cast<std::size_t>(padded));
    room.sums.resize(plan_.goes_up() ? product(held * columns, padded) * 2 : 0);
    room.chunk.resize(product(SGMPlan::chunk, padded) * 2);
    room.jumps.resize(product(width, most_paths));
    if (plan_.tiles() == 1) continue;
    room.sources.resize(static_cast<std::size_t>(held));
    room.ends.resize(product(held, padded + 1));
  }
}

void SGMSweep::run(SGMCostRows& costs, SGMSink& sink) {
  source_ = &costs;
  sink_ = &sink;
  edges_.run(plan_, costs);
  runs_.begin(plan_.segments(), plan_.threads());
  each_slot(plan_.threads(), plan_.threads(), [this](int /*index*/, int slot) { run_through(slot); });
}

void SGMSweep::run_through(int slot) {
  const auto begins = [this](int place) { return plan_.begins_run(place); };
  bool goes_on = false;
  for (int place = runs_.next(slot, begins, goes_on); place >= 0; place = runs_.next(slot, begins, goes_on)) {
    segment(slot, plan_.segment_at(place), goes_on && !plan_.begins_half(place));
  }
}

void SGMSweep::segment(int slot, int index, bool goes_on) {
  Room& room = room_[static_cast<std::size_t>(slot)];
  const int width = plan_.task().width, first = plan_.first_band(index), end = plan_.first_band(index + 1);
  const bool upwards = plan_.goes_up() && plan_.upwards(first);
  if (!goes_on) {
    room.run = upwards ? first : end - 1;
    room.east.clear_margins();
    room.west.clear_margins();
    for (SGMState& path : room.paths[false]) {
      path.begin(0, width, width, std::min(plan_.task().height, plan_.run_rows()));
    }
  }
  if (!plan_.goes_up()) {
    for (int y = plan_.top(end - 1); y < plan_.bottom(first); ++y) begin_sums(slot, y, room.run, 0, false);
  } else if (upwards) {
    for (int i = first; i < end; ++i) band(slot, i, room.run, true);
  } else {
    for (int i = end - 1; i >= first; --i) band(slot, i, room.run, false);
  }
}

// `first` is the band that the run of segments begins with.
void SGMSweep::band(int slot, int index, int first, bool upwards) {
  const int top = plan_.top(index), bottom = plan_.bottom(index), width = plan_.task().width;
  for (int y = top; y < bottom && plan_.tiles() > 1; ++y) {
    room_[static_cast<std::size_t>(slot)].sources[static_cast<std::size_t>(y - top)] = source_->row(slot, y, 0, width);
    keep_end(slot, y - top, edges_.none().costs, 0);
  }
  for (int tile = 0; tile < plan_.tiles(); ++tile) {
    for (SGMState& path : room_[static_cast<std::size_t>(slot)].paths[true]) {
      path.begin(plan_.tile_begin(tile), plan_.tile_begin(tile + 1), width, bottom - top);
    }
    for (int row = 0; row < bottom - top; ++row) {
      begin_sums(slot, upwards ? top + row : bottom - 1 - row, index, tile, !upwards);
    }
    for (int row = 0; row < bottom - top; ++row) {
      end_sums(slot, upwards ? bottom - 1 - row : top + row, index, tile, first, upwards);
    }
  }
}

// Path costs that lead into a tile's row from its left end: tiles are visited from there.
SGMRow SGMSweep::east_end(int slot, int row) {
  std::uint8_t* ends = room_[static_cast<std::size_t>(slot)].ends.data();
  return {ends + product(row, plan_.padded()), ends + product(plan_.band_rows(), plan_.padded()) + row};
}

void SGMSweep::keep_end(int slot, int row, const std::uint8_t* costs, std::uint8_t least) {
  const SGMRow end = east_end(slot, row);
  std::copy_n(costs, plan_.padded(), end.costs);
  *end.least = least;
}

// A path along a row enters a tile at its column before the first one, or behind the last one.
void SGMSweep::enter(const SGMRow& from, int column, const SGMRow& to) {
  std::copy_n(from.costs, plan_.padded(), to.costs + std::ptrdiff_t{column} * plan_.padded());
  to.least[column] = *from.least;
}

// Costs of a tile's row, and the path that runs left.
void SGMSweep::run_west(int slot, int y, int row, int tile, std::uint8_t* costs) {
  Room& room = room_[static_cast<std::size_t>(slot)];
  const int begin = plan_.tile_begin(tile), end = plan_.tile_begin(tile + 1);
  const SGMRow west = room.west.row(0);
  std::uint8_t* jumps = room.jumps.data();
  if (plan_.tiles() > 1) enter(edges_.west_end(y, tile), end - begin, west);
  plan_.jumps(y, {-1, 0}, begin, end, jumps);
  const kernels::SGMCosts source =
      plan_.tiles() > 1 ? room.sources[static_cast<std::size_t>(row)] : source_->row(slot, y, begin, end);
  plan_.costs_and_west(source, begin, end, {west.costs + plan_.padded(), west.least + 1, jumps, west.costs, west.least},
                       plan_.vectors(), static_cast<std::uint8_t>(plan_.task().p1), costs);
}

// Costs and the path that runs left, from the right end; then those that run right, and those that run up or down.
void SGMSweep::begin_sums(int slot, int y, int band, int tile, bool up) {
  Room& room = room_[static_cast<std::size_t>(slot)];
  const int padded = plan_.padded(), held = plan_.goes_up() ? y - plan_.top(band) : 0;
  const std::size_t place = product(held, plan_.tile_columns()) * static_cast<std::size_t>(padded);
  std::uint8_t *costs = room.costs.data() + place, *jumps = room.jumps.data();
  run_west(slot, y, held, tile, costs);
  const SGMRow west = room.west.row(0), east = room.east.row(0);
  if (plan_.tiles() > 1) enter(east_end(slot, held), -1, east);
  Row row{};
  row.y = y;
  row.begin = plan_.tile_begin(tile);
  row.end = plan_.tile_begin(tile + 1);
  row.first = kernels::SGMSums::begin;
  row.last = !plan_.goes_up();
  row.sink = slot;
  row.costs = costs;
  row.west = west.costs;
  if (plan_.goes_up()) row.sums = reinterpret_cast<std::uint16_t*>(room.sums.data()) + place;
  plan_.jumps(y, {1, 0}, row.begin, row.end, jumps);
  row.paths[row.count++] = {east.costs - padded, east.least - 1, jumps, east.costs, east.least};
  add_vertical(slot, row, up, plan_.goes_up(), band);
  advance(slot, row);
  if (row.end == plan_.task().width) return;
  const int last = row.end - row.begin - 1;
  keep_end(slot, held, east.costs + std::ptrdiff_t{last} * padded, east.least[last]);
}

// The paths that go on from band to band, since `first_band`.
void SGMSweep::end_sums(int slot, int y, int band, int tile, int first_band, bool up) {
  Room& room = room_[static_cast<std::size_t>(slot)];
  const int held = y - plan_.top(band);
  const std::size_t place = product(held, plan_.tile_columns()) * static_cast<std::size_t>(plan_.padded());
  Row row{};
  row.y = y;
  row.begin = plan_.tile_begin(tile);
  row.end = plan_.tile_begin(tile + 1);
  row.first = kernels::SGMSums::add;
  row.last = true;
  row.sink = slot * rows_at_once() + (plan_.tiles() > 1 ? held : 0);
  row.costs = room.costs.data() + place;
  row.sums = reinterpret_cast<std::uint16_t*>(room.sums.data()) + place;
  add_vertical(slot, row, up, false, first_band);
  advance(slot, row);
}

// Paths of all directions that run down or up. They began at the edge of `band`; those in the room's second half
// (`begins`) do so in each band.
void SGMSweep::add_vertical(int slot, Row& row, bool up, bool begins, int band) {
  Room& room = room_[static_cast<std::size_t>(slot)];
  const int width = plan_.task().width, steps = up ? plan_.bottom(band) - 1 - row.y : row.y - plan_.top(band);
  const std::ptrdiff_t padded = plan_.padded();
  for (std::size_t g = 0; g < plan_.directions(up).size(); ++g) {
    const SGMDirection direction = plan_.directions(up)[g];
    const int back = back_of(direction);
    SGMState& path = room.paths[begins][g];
    const SGMRow here = path.row(steps);
    const SGMRow before = steps < back ? edges_.before(up, band, g, back - steps) : path.row(steps - back);
    std::uint8_t* jumps = room.jumps.data() + product(row.count, width);
    plan_.jumps(row.y, direction, row.begin, row.end, jumps);
    const std::ptrdiff_t from = row.begin - direction.dx;
    row.paths[row.count++] = {before.costs + from * padded, before.least + from, jumps, here.costs + row.begin * padded,
                              here.least + row.begin};
  }
}

void SGMSweep::advance(int slot, Row& row) {
  const int columns = row.end - row.begin;
  const std::ptrdiff_t padded = plan_.padded();
  auto* chunk = reinterpret_cast<std::uint16_t*>(room_[static_cast<std::size_t>(slot)].chunk.data());
  if (row.last && row.begin == 0) sink_->begin_row(row.sink, row.y);
  for (int x = 0; x < columns; x += SGMPlan::chunk) {
    const int pixels = std::min(SGMPlan::chunk, columns - x);
    std::uint16_t *sums_before = row.sums != nullptr ? row.sums + x * padded : chunk,
                  *sums = row.last ? chunk : sums_before;
    for (int first = 0; first < row.count; first += at_once) {
      const int some = std::min(at_once, row.count - first);
      kernels::SGMPath paths[at_once];
      for (int g = 0; g < some; ++g) {
        const kernels::SGMPath& path = row.paths[first + g];
        paths[g] = {path.before + x * padded, path.least_before + x, path.jump + x, path.here + x * padded,
                    path.least + x};
      }
      const bool begins = first == 0 && row.first == kernels::SGMSums::begin;
      const auto* before = reinterpret_cast<const std::uint8_t*>(first == 0 ? sums_before : sums);
      plan_.advance(paths, some, row.costs + x * padded, pixels, plan_.vectors(),
                    static_cast<std::uint8_t>(plan_.task().p1), begins ? row.first : kernels::SGMSums::add,
                    begins ? row.west + x * padded : before, sums);
    }
    if (row.last) sink_->take(row.sink, row.y, row.begin + x, pixels, sums);
  }
  if (row.last && row.end == plan_.task().width) sink_->end_row(row.sink, row.y);
}

}  // namespace geomvision::stereo

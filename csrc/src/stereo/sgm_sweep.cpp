#include "stereo/sgm_sweep.hpp"

#include <algorithm>
#include <cstdlib>

#include "each_worker.hpp"

namespace geomvision::stereo {
namespace {

constexpr int at_once = 4;  // paths
constexpr int most_paths = 8;

}  // namespace

// The paths through a row, and what is summed there.
struct SGMSweep::Row {
  int y, count = 0;
  kernels::SGMSums first;     // what becomes of the sums with the first four paths
  bool last;                  // all paths have then been there
  const std::uint8_t* costs;  // of the row, as all below
  const std::uint8_t* west;
  std::uint16_t* sums;  // null: those of a chunk only
  kernels::SGMPath paths[most_paths];
};

void SGMSweep::prepare(const SGMTask& task, const SGMGuide& guide) {
  plan_.prepare(task, &guide);
  edges_.prepare(plan_);
  const int width = task.width, padded = plan_.padded(), held = plan_.goes_up() ? plan_.band_rows() : 1;
  const int segment = std::min(task.height, plan_.first_band(1) * plan_.band_rows());
  if (static_cast<int>(room_.size()) < slots()) room_.resize(static_cast<std::size_t>(slots()));
  for (int slot = 0; slot < slots(); ++slot) {
    Room& room = room_[static_cast<std::size_t>(slot)];
    for (const bool up : {false, true}) {
      const auto& directions = plan_.directions(up);
      room.paths[up].resize(directions.size());
      for (std::size_t g = 0; g < directions.size(); ++g) {
        room.paths[up][g].resize(directions[g], width, segment, padded);
      }
    }
    room.east.resize(1, width, padded);
    room.west.resize(1, width, padded);
    room.costs.resize(product(held, width) * static_cast<std::size_t>(padded));
    room.sums.resize(product(plan_.goes_up() ? held * width : SGMPlan::chunk, padded) * 2);
    room.jumps.resize(product(width, most_paths));
  }
}

void SGMSweep::run(SGMCostRows& costs, SGMSink& sink) {
  source_ = &costs;
  sink_ = &sink;
  edges_.run(plan_, costs);
  each_slot(plan_.segments(), plan_.threads(), [this](int index, int slot) { segment(slot, index); });
}

void SGMSweep::segment(int slot, int index) {
  Room& room = room_[static_cast<std::size_t>(slot)];
  const int width = plan_.task().width, first = plan_.first_band(index), end = plan_.first_band(index + 1);
  room.east.clear_margins();
  room.west.clear_margins();
  for (auto& paths : room.paths) {
    for (SGMState& path : paths) path.begin(0, width, width, plan_.bottom(first) - plan_.top(end - 1));
  }
  if (!plan_.goes_up()) {
    for (int y = plan_.top(end - 1); y < plan_.bottom(first); ++y) begin_sums(slot, y, end - 1, false);
  } else if (plan_.upwards(first)) {
    for (int i = first; i < end; ++i) band(slot, i, first, true);
  } else {
    for (int i = end - 1; i >= first; --i) band(slot, i, end - 1, false);
  }
}

// `first` is the band that the segment begins with.
void SGMSweep::band(int slot, int index, int first, bool upwards) {
  const int top = plan_.top(index), bottom = plan_.bottom(index), width = plan_.task().width;
  for (SGMState& path : room_[static_cast<std::size_t>(slot)].paths[!upwards])
    path.begin(0, width, width, bottom - top);
  for (int row = 0; row < bottom - top; ++row) {
    begin_sums(slot, upwards ? top + row : bottom - 1 - row, index, !upwards);
  }
  for (int row = 0; row < bottom - top; ++row) {
    end_sums(slot, upwards ? bottom - 1 - row : top + row, top, first, upwards);
  }
}

// Costs and the path that runs left, from the right end; then those that run right, and those that run up or down.
void SGMSweep::begin_sums(int slot, int y, int band, bool up) {
  Room& room = room_[static_cast<std::size_t>(slot)];
  const int width = plan_.task().width, padded = plan_.padded();
  const std::size_t place =
      plan_.goes_up() ? product(y - plan_.top(band), width) * static_cast<std::size_t>(padded) : 0;
  const SGMRow west = room.west.row(0), east = room.east.row(0);
  std::uint8_t *costs = room.costs.data() + place, *jumps = room.jumps.data();
  plan_.jumps(y, {-1, 0}, 0, width, jumps);
  plan_.costs_and_west(source_->row(slot, y, 0, width),
                       {west.costs + padded, west.least + 1, jumps, west.costs, west.least}, plan_.vectors(),
                       static_cast<std::uint8_t>(plan_.task().p1), costs);
  Row row{y, 1, kernels::SGMSums::begin, !plan_.goes_up(), costs, west.costs, nullptr, {}};
  if (plan_.goes_up()) row.sums = reinterpret_cast<std::uint16_t*>(room.sums.data()) + place;
  plan_.jumps(y, {1, 0}, 0, width, jumps);
  row.paths[0] = {east.costs - padded, east.least - 1, jumps, east.costs, east.least};
  add_vertical(slot, row, up, band);
  advance(slot, row);
}

// The paths that go on from band to band, since `first_band`.
void SGMSweep::end_sums(int slot, int y, int top, int first_band, bool up) {
  Room& room = room_[static_cast<std::size_t>(slot)];
  const std::size_t place = product(y - top, plan_.task().width) * static_cast<std::size_t>(plan_.padded());
  Row row{y, 0, kernels::SGMSums::add, true, room.costs.data() + place, nullptr, nullptr, {}};
  row.sums = reinterpret_cast<std::uint16_t*>(room.sums.data()) + place;
  add_vertical(slot, row, up, first_band);
  advance(slot, row);
}

// Paths of all directions that run down or up. They began at the edge of `band`.
void SGMSweep::add_vertical(int slot, Row& row, bool up, int band) {
  Room& room = room_[static_cast<std::size_t>(slot)];
  const int width = plan_.task().width, steps = up ? plan_.bottom(band) - 1 - row.y : row.y - plan_.top(band);
  for (std::size_t g = 0; g < plan_.directions(up).size(); ++g) {
    const SGMDirection direction = plan_.directions(up)[g];
    const int back = back_of(direction);
    const SGMRow here = room.paths[up][g].row(steps);
    const SGMRow before = steps < back ? edges_.before(up, band, g, back - steps) : room.paths[up][g].row(steps - back);
    std::uint8_t* jumps = room.jumps.data() + product(row.count, width);
    plan_.jumps(row.y, direction, 0, width, jumps);
    row.paths[row.count++] = {before.costs - std::ptrdiff_t{direction.dx} * plan_.padded(), before.least - direction.dx,
                              jumps, here.costs, here.least};
  }
}

void SGMSweep::advance(int slot, Row& row) {
  const int width = plan_.task().width;
  const std::ptrdiff_t padded = plan_.padded();
  auto* chunk_sums = reinterpret_cast<std::uint16_t*>(room_[static_cast<std::size_t>(slot)].sums.data());
  if (row.last) sink_->begin_row(slot, row.y);
  for (int x = 0; x < width; x += SGMPlan::chunk) {
    const int pixels = std::min(SGMPlan::chunk, width - x);
    std::uint16_t* sums = row.sums != nullptr ? row.sums + x * padded : chunk_sums;
    for (int first = 0; first < row.count; first += at_once) {
      const int some = std::min(at_once, row.count - first);
      kernels::SGMPath paths[at_once];
      for (int g = 0; g < some; ++g) {
        const kernels::SGMPath& path = row.paths[first + g];
        paths[g] = {path.before + x * padded, path.least_before + x, path.jump + x, path.here + x * padded,
                    path.least + x};
      }
      plan_.advance(paths, some, row.costs + x * padded, pixels, plan_.vectors(),
                    static_cast<std::uint8_t>(plan_.task().p1), first == 0 ? row.first : kernels::SGMSums::add,
                    row.west + x * padded, sums);
    }
    if (row.last) sink_->take(slot, row.y, x, pixels, sums);
  }
  if (row.last) sink_->end_row(slot, row.y);
}

}  // namespace geomvision::stereo

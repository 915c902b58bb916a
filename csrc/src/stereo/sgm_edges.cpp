#include "stereo/sgm_edges.hpp"

#include <algorithm>
#include <cstring>
#include <functional>

#include "geomvision/parallel.hpp"

namespace geomvision::stereo {
namespace {

constexpr int narrowest = 64;  // columns of a strip
constexpr int most_paths = 7;

}  // namespace

// One strip's way through a block.
struct SGMEdges::Part {
  bool up;
  int block, slot;
  int begin, end;    // columns of the strip
  int first, until;  // and of what is computed
  SGMRow here[most_paths], before[most_paths];
  kernels::SGMCosts source;
};

void SGMEdges::prepare(const SGMPlan& plan) {
  plan_ = &plan;
  const int width = plan.task().width, padded = plan.padded();
  // paths down and up at the same time, where there are both
  const bool both = plan.goes_up() && plan.segments() > 1;
  const bool tiled = plan.tiles() > 1;
  strips_ = std::clamp(width / narrowest, 1, both ? (plan.threads() + 1) / 2 : plan.threads());
  if (tiled) strips_ = std::min(strips_, plan.tiles());
  kept_rows_ = 0;
  for (const SGMDirection direction : plan.directions(false)) kept_rows_ += back_of(direction);
  int columns = std::min(width, (width + strips_ - 1) / strips_ + 2 * plan.reach() * (plan.block_rows() - 1));
  for (int i = 0; i < strips_; ++i) columns = std::max(columns, first_column(i + 1) - first_column(i));
  room_.resize(std::max(room_.size(), static_cast<std::size_t>(slots())));
  for (int i = 0; i < slots(); ++i) {
    Strip& strip = room_[static_cast<std::size_t>(i)];
    const auto& directions = plan.directions(i >= strips_ && plan.goes_up());
    strip.paths.resize(directions.size());
    for (std::size_t g = 0; g < directions.size(); ++g) {
      strip.paths[g].resize(directions[g], columns, plan.block_rows(), padded);
    }
    strip.chunk = tiled ? plan.tile_columns() : SGMPlan::chunk;
    strip.scratch.resize(product(strip.chunk, padded) + product(columns, most_paths));
    if (tiled) strip.west.resize(1, plan.tile_columns(), padded);
  }
  ends_.resize(tiled ? product(plan.task().height, plan.tiles()) * static_cast<std::size_t>(padded + 1) : 0);
  for (const bool up : {false, true}) {
    choose_edges(up);
    const int slots = 1 + *std::max_element(slots_[up].begin(), slots_[up].end());
    kept_[up].resize(kept_rows_ * slots, width, padded);
  }
  zeros_.resize(1, width, padded);
}

// Edge e lies between bands e and e - 1. Kept are those where runs begin, and bands whose paths do. All
// others are needed only by the next block: two places do, and none where strips have what they left there.
void SGMEdges::choose_edges(bool up) {
  const SGMPlan& plan = *plan_;
  std::vector<int>& slots = slots_[up];
  slots.assign(static_cast<std::size_t>(plan.bands()) + 1, -1);
  last_[up] = up ? 0 : plan.bands();
  const bool tiled = plan.tiles() > 1;
  int kept = tiled ? 0 : 2;
  std::vector<int>& begins = begins_[up];
  begins.assign(static_cast<std::size_t>(plan.bands()) + 1, 0);
  for (int place = 0; place < plan.segments(); ++place) {
    const int segment = plan.segment_at(place), first = plan.first_band(segment);
    const bool upwards = plan.goes_up() && plan.upwards(first);
    if (upwards != up || !plan.begins_run(place)) continue;
    begins[static_cast<std::size_t>(up ? first : plan.first_band(segment + 1))] = 1;
  }
  for (int edge = 1; edge < plan.bands(); ++edge) {
    const bool of_run = begins[static_cast<std::size_t>(edge)] != 0;
    const bool of_band = plan.goes_up() && plan.upwards(up ? edge : edge - 1) != up;
    int& slot = slots[static_cast<std::size_t>(edge)];
    if (!tiled && edge % plan.first_of_block(1) == 0) slot = edge / plan.first_of_block(1) % 2;
    if ((up && !plan.goes_up()) || !(of_run || of_band)) continue;
    slot = kept++;
    last_[up] = up ? std::max(last_[up], edge) : std::min(last_[up], edge);
  }
  if (!up && finds_ends(0, false)) last_[up] = 0;  // rows that no path runs up through
}

// Paths along a row are followed with those that run to where the bands of its half begin: all rows are visited so.
bool SGMEdges::finds_ends(int band, bool up) const { return plan_->tiles() > 1 && plan_->upwards(band) != up; }

SGMRow SGMEdges::edge(bool up, int edge, std::size_t direction, int back) {
  if (edge == 0 || edge == plan_->bands()) return zeros_.row(0);
  int row = slots_[up][static_cast<std::size_t>(edge)] * kept_rows_ + back - 1;
  for (std::size_t g = 0; g < direction; ++g) row += back_of(plan_->directions(up)[g]);
  return kept_[up].row(row);
}

SGMRow SGMEdges::before(bool up, int band, std::size_t direction, int back) {
  return edge(up, up ? band : band + 1, direction, back);
}

SGMRow SGMEdges::west_end(int y, int tile) {
  if (tile + 1 == plan_->tiles()) return zeros_.row(0);
  const std::size_t index = product(y, plan_->tiles()) + static_cast<std::size_t>(tile);
  const std::size_t all = product(plan_->task().height, plan_->tiles()), padded = product(plan_->padded(), 1);
  return {ends_.data() + index * padded, ends_.data() + all * padded + index};
}

void SGMEdges::run(const SGMPlan& plan, SGMCostRows& costs) {
  costs_ = &costs;
  for (SGMRows& kept : kept_) kept.clear_margins();
  const int behind = plan.tiles() > 1 ? strips_ - 1 : 0;  // blocks: the leftmost strip is so many
  for (int step = 0; step < plan.blocks() + behind; ++step) {
    const int least = std::max(0, step - behind);
    const bool down = plan.first_of_block(plan.blocks() - least) > last_[0], up = plan.first_of_block(least) < last_[1];
    const auto strips = [&](int begin, int end) {
      for (int i = begin; i < end; ++i) {
        Part part{};
        part.up = !down || i >= strips_;
        const int strip = i % strips_, place = behind > 0 ? step - (behind - strip) : step;
        if (place < 0 || place >= plan.blocks()) continue;
        part.block = part.up ? place : plan.blocks() - 1 - place;
        const int first = plan.first_of_block(part.block), until = plan.first_of_block(part.block + 1);
        if (part.up ? first >= last_[1] : until <= last_[0]) continue;
        part.slot = strip + (part.up ? strips_ : 0);
        part.begin = first_column(strip);
        part.end = first_column(strip + 1);
        advance(part);
      }
    };
    parallel_for((down ? strips_ : 0) + (up ? strips_ : 0), plan.threads(), std::ref(strips));
  }
}

int SGMEdges::first_column(int strip) const {
  if (plan_->tiles() > 1) return plan_->tile_begin(static_cast<int>(std::int64_t{plan_->tiles()} * strip / strips_));
  return static_cast<int>(std::int64_t{plan_->task().width} * strip / strips_);
}

void SGMEdges::advance(const Part& given) {
  Part part = given;
  const SGMPlan& plan = *plan_;
  const int first = plan.first_of_block(part.block), end = plan.first_of_block(part.block + 1);
  const int top = plan.top(end - 1), rows = plan.bottom(first) - top, width = plan.task().width;
  part.first = std::max(0, part.begin - plan.reach() * (rows - 1));
  part.until = std::min(width, part.end + plan.reach() * (rows - 1));
  Strip& room = room_[static_cast<std::size_t>(part.slot)];
  for (SGMState& path : room.paths) path.begin(part.first, part.until, width, rows);
  int edge = part.up ? first + 1 : end - 1;  // the next one
  for (int row = 0; row < rows; ++row) {
    const int y = part.up ? top + rows - 1 - row : top + row, aside = plan.reach() * (rows - 1 - row);
    part.source = costs_->row(part.slot, y, part.first, part.until);
    find_paths(part, y, row);
    if (finds_ends(part.up ? edge - 1 : edge, part.up)) {
      advance_tiles(part, y);
    } else {
      advance_row(part, std::max(0, part.begin - aside), part.begin, 1);
      advance_row(part, part.begin, part.end, 0);
      advance_row(part, part.end, std::min(width, part.end + aside), -1);
    }
    if (y != (part.up ? plan.top(edge - 1) : plan.bottom(edge) - 1)) continue;
    if (slots_[part.up][static_cast<std::size_t>(edge)] >= 0) keep(part, edge, row);
    edge += part.up ? 1 : -1;
  }
}

// The strip's part of the last rows before an edge.
void SGMEdges::keep(const Part& part, int edge_index, int row) {
  const std::ptrdiff_t padded = plan_->padded(), columns = part.end - part.begin;
  Strip& room = room_[static_cast<std::size_t>(part.slot)];
  for (std::size_t g = 0; g < room.paths.size(); ++g) {
    for (int back = 1; back <= back_of(plan_->directions(part.up)[g]); ++back) {
      const SGMRow from = room.paths[g].row(row - back + 1), to = edge(part.up, edge_index, g, back);
      std::memcpy(to.costs + part.begin * padded, from.costs + part.begin * padded,
                  static_cast<std::size_t>(columns * padded));
      std::memcpy(to.least + part.begin, from.least + part.begin, static_cast<std::size_t>(columns));
    }
  }
}

// Where the paths through a row are, and where they come from, up to the edge of the block.
void SGMEdges::find_paths(Part& part, int y, int row) {
  const SGMPlan& plan = *plan_;
  Strip& room = room_[static_cast<std::size_t>(part.slot)];
  std::uint8_t* jumps = room.scratch.data() + product(room.chunk, plan.padded());
  const int first = plan.first_of_block(part.block), end = plan.first_of_block(part.block + 1);
  const bool goes_on = plan.tiles() > 1 && (part.up ? first > 0 : end < plan.bands());  // straight, in one place
  for (std::size_t g = 0; g < room.paths.size(); ++g) {
    const SGMDirection direction = plan.directions(part.up)[g];
    const int back = back_of(direction);
    part.here[g] = room.paths[g].row(row);
    part.before[g] =
        row < back && !goes_on ? edge(part.up, part.up ? first : end, g, back - row) : room.paths[g].row(row - back);
    plan.jumps(y, direction, part.first, part.until, jumps);
    jumps += part.until - part.first;
  }
}

// Columns begin ... end - 1 of the strip (side 0), or beside it: those of paths that lead into it.
void SGMEdges::advance_row(const Part& part, int begin, int end, int side) {
  const SGMPlan& plan = *plan_;
  std::uint8_t* costs = room_[static_cast<std::size_t>(part.slot)].scratch.data();
  for (int x = begin; x < end; x += SGMPlan::chunk) {
    const int pixels = std::min(SGMPlan::chunk, end - x);
    plan.costs(part.source, x - part.first, x - part.first + pixels, plan.vectors(), costs);
    advance_pixels(part, x, pixels, side, costs);
  }
}

void SGMEdges::advance_pixels(const Part& part, int x, int pixels, int side, const std::uint8_t* costs) {
  const SGMPlan& plan = *plan_;
  const auto& directions = plan.directions(part.up);
  Strip& room = room_[static_cast<std::size_t>(part.slot)];
  const std::uint8_t* jumps = room.scratch.data() + product(room.chunk, plan.padded());
  const std::ptrdiff_t padded = plan.padded(), wide = part.until - part.first;
  kernels::SGMPath paths[most_paths];
  int count = 0;
  for (std::size_t g = 0; g < directions.size(); ++g) {
    if (side * directions[g].dx < 0 || (side != 0 && directions[g].dx == 0)) continue;
    const SGMRow here = part.here[g], before = part.before[g];
    const std::ptrdiff_t from = x - directions[g].dx;
    paths[count++] = {before.costs + from * padded, before.least + from,
                      jumps + static_cast<std::ptrdiff_t>(g) * wide + x - part.first, here.costs + x * padded,
                      here.least + x};
  }
  for (int g = 0; g < count; g += 4) {
    plan.advance(paths + g, std::min(4, count - g), costs, pixels, plan.vectors(),
                 static_cast<std::uint8_t>(plan.task().p1), kernels::SGMSums::none, nullptr, nullptr);
  }
}

// The strip's columns tile by tile from the right, with the path that runs left: what of it enters the tiles is kept.
void SGMEdges::advance_tiles(const Part& part, int y) {
  const SGMPlan& plan = *plan_;
  Strip& room = room_[static_cast<std::size_t>(part.slot)];
  const std::ptrdiff_t padded = plan.padded();
  std::uint8_t *costs = room.scratch.data(), *jumps = costs + product(room.chunk, plan.padded());
  jumps += static_cast<std::ptrdiff_t>(plan.directions(part.up).size()) * (part.until - part.first);
  const SGMRow west = room.west.row(0);
  plan.jumps(y, {-1, 0}, part.begin, part.end, jumps);
  for (int end = part.end, begin; end > part.begin; end = begin) {
    const int tile = (end - 1) / plan.tile_columns();
    begin = plan.tile_begin(tile);
    const SGMRow from = west_end(y, tile);
    std::memcpy(west.costs + (end - begin) * padded, from.costs, static_cast<std::size_t>(padded));
    west.least[end - begin] = *from.least;
    plan.costs_and_west(part.source, begin - part.first, end - part.first,
                        {west.costs + padded, west.least + 1, jumps + begin - part.begin, west.costs, west.least},
                        plan.vectors(), static_cast<std::uint8_t>(plan.task().p1), costs);
    advance_pixels(part, begin, end - begin, 0, costs);
    if (tile == 0) continue;
    const SGMRow to = west_end(y, tile - 1);
    std::memcpy(to.costs, west.costs, static_cast<std::size_t>(padded));
    *to.least = west.least[0];
  }
}

}  // namespace geomvision::stereo

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
  strips_ = std::clamp(width / narrowest, 1, both ? (plan.threads() + 1) / 2 : plan.threads());
  kept_rows_ = 0;
  for (const SGMDirection direction : plan.directions(false)) kept_rows_ += back_of(direction);
  const int columns = std::min(width, (width + strips_ - 1) / strips_ + 2 * plan.reach() * (plan.block_rows() - 1));
  room_.resize(std::max(room_.size(), static_cast<std::size_t>(slots())));
  for (int i = 0; i < slots(); ++i) {
    Strip& strip = room_[static_cast<std::size_t>(i)];
    const auto& directions = plan.directions(i >= strips_ && plan.goes_up());
    strip.paths.resize(directions.size());
    for (std::size_t g = 0; g < directions.size(); ++g) {
      strip.paths[g].resize(directions[g], columns, plan.block_rows(), padded);
    }
    strip.scratch.resize(product(SGMPlan::chunk, padded) + product(columns, most_paths));
  }
  for (const bool up : {false, true}) {
    choose_edges(up);
    const int slots = 1 + *std::max_element(slots_[up].begin(), slots_[up].end());
    kept_[up].resize(kept_rows_ * slots, width, padded);
  }
  zeros_.resize(1, width, padded);
}

// Edge e lies between bands e and e - 1. Kept are those where runs begin, and bands whose paths do. All
// others are needed only by the next block: two places do.
void SGMEdges::choose_edges(bool up) {
  const SGMPlan& plan = *plan_;
  std::vector<int>& slots = slots_[up];
  slots.assign(static_cast<std::size_t>(plan.bands()) + 1, -1);
  last_[up] = up ? 0 : plan.bands();
  int kept = 2;
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
    if (edge % plan.first_of_block(1) == 0) slot = edge / plan.first_of_block(1) % 2;
    if ((up && !plan.goes_up()) || !(of_run || of_band)) continue;
    slot = kept++;
    last_[up] = up ? std::max(last_[up], edge) : std::min(last_[up], edge);
  }
}

SGMRow SGMEdges::edge(bool up, int edge, std::size_t direction, int back) {
  if (edge == 0 || edge == plan_->bands()) return zeros_.row(0);
  int row = slots_[up][static_cast<std::size_t>(edge)] * kept_rows_ + back - 1;
  for (std::size_t g = 0; g < direction; ++g) row += back_of(plan_->directions(up)[g]);
  return kept_[up].row(row);
}

SGMRow SGMEdges::before(bool up, int band, std::size_t direction, int back) {
  return edge(up, up ? band : band + 1, direction, back);
}

void SGMEdges::run(const SGMPlan& plan, SGMCostRows& costs) {
  costs_ = &costs;
  const int width = plan.task().width;
  for (SGMRows& kept : kept_) kept.clear_margins();
  for (int step = 0; step < plan.blocks(); ++step) {
    const int below = plan.blocks() - 1 - step;
    const bool down = plan.first_of_block(below + 1) > last_[0], up = plan.first_of_block(step) < last_[1];
    const auto strips = [&](int begin, int end) {
      for (int i = begin; i < end; ++i) {
        Part part{};
        part.up = !down || i >= strips_;
        part.block = part.up ? step : below;
        const int strip = i % strips_;
        part.slot = strip + (part.up ? strips_ : 0);
        part.begin = static_cast<int>(std::int64_t{width} * strip / strips_);
        part.end = static_cast<int>(std::int64_t{width} * (strip + 1) / strips_);
        advance(part);
      }
    };
    parallel_for((down ? strips_ : 0) + (up ? strips_ : 0), plan.threads(), std::ref(strips));
  }
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
    advance_row(part, std::max(0, part.begin - aside), part.begin, 1);
    advance_row(part, part.begin, part.end, 0);
    advance_row(part, part.end, std::min(width, part.end + aside), -1);
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
  std::uint8_t* jumps = room.scratch.data() + product(SGMPlan::chunk, plan.padded());
  const int first = plan.first_of_block(part.block), end = plan.first_of_block(part.block + 1);
  for (std::size_t g = 0; g < room.paths.size(); ++g) {
    const SGMDirection direction = plan.directions(part.up)[g];
    const int back = back_of(direction);
    part.here[g] = room.paths[g].row(row);
    part.before[g] = row < back ? edge(part.up, part.up ? first : end, g, back - row) : room.paths[g].row(row - back);
    plan.jumps(y, direction, part.first, part.until, jumps);
    jumps += part.until - part.first;
  }
}

// Columns begin ... end - 1 of the strip (side 0), or beside it: those of paths that lead into it.
void SGMEdges::advance_row(const Part& part, int begin, int end, int side) {
  const SGMPlan& plan = *plan_;
  const auto& directions = plan.directions(part.up);
  std::uint8_t* costs = room_[static_cast<std::size_t>(part.slot)].scratch.data();
  const std::uint8_t* jumps = costs + product(SGMPlan::chunk, plan.padded());
  const std::ptrdiff_t padded = plan.padded(), wide = part.until - part.first;
  for (int x = begin; x < end; x += SGMPlan::chunk) {
    const int pixels = std::min(SGMPlan::chunk, end - x);
    plan.costs(part.source, x - part.first, x - part.first + pixels, plan.vectors(), costs);
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
}

}  // namespace geomvision::stereo

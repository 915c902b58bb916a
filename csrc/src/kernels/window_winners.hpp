#pragma once

#include "kernels/lanes_u16.hpp"
#include "kernels/window_search.hpp"

// What the costs of window_search.hpp say, in lanes. Only for kernels, like lanes_u16.hpp.
namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

constexpr std::uint16_t no_cost = 65535;

constexpr int block = lanes;  // pixels whose costs stay in the first cache

// What some costs of a pixel say, lane by lane: the smallest, its place (of equal ones the last, which is the
// smallest), and the smallest of the others.
struct Minima {
  Lanes least, second, place;

  void take(Lanes cost, Lanes at) {
    place = choose(at_most(cost, least), at, place);
    second = smaller(second, larger(least, cost));
    least = smaller(least, cost);
  }
  void take(const Minima& later) {
    place = choose(at_most(later.least, least), later.place, place);
    second = smaller(smaller(second, later.second), larger(least, later.least));
    least = smaller(least, later.least);
  }
};

inline Minima minima_of(LanesPair cost, LanesPair at) {
  return {smaller(cost.low, cost.high), larger(cost.low, cost.high),
          choose(at_most(cost.high, cost.low), at.high, at.low)};
}

// The minima of each pixel of a block, side by side.
class BlockMinima {
 public:
  static constexpr int stride = 3 * lanes, elements = block * stride;

  explicit BlockMinima(std::uint16_t* memory) : memory_(memory) {}

  const std::uint16_t* least(int b) const { return memory_ + b * stride; }
  const std::uint16_t* second(int b) const { return memory_ + b * stride + lanes; }
  const std::uint16_t* place(int b) const { return memory_ + b * stride + 2 * lanes; }

  void keep(int b, const Minima& found) const {
    store(memory_ + b * stride, found.least);
    store(memory_ + b * stride + lanes, found.second);
    store(memory_ + b * stride + 2 * lanes, found.place);
  }
  void take(const BlockMinima& later) const {
    for (int b = 0; b < block; ++b) {
      Minima found = {load(least(b)), load(second(b)), load(place(b))};
      found.take({load(later.least(b)), load(later.second(b)), load(later.place(b))});
      keep(b, found);
    }
  }

 private:
  std::uint16_t* memory_;
};

// The smallest of what some lanes of a pixel make: make(lane) is of few_lanes from that one on.
template <typename Make>
inline FewLanes fewer(const Make& make) {
  if constexpr (lanes == few_lanes) {
    return make(0);
  } else {
    return smaller(make(0), make(few_lanes));
  }
}

// The winners of `pixels` pixels from x on, and what lies beside them; the costs of the first end at `cost`, those of
// the next `stride` further on. Each step takes the whole block, since what it stores is not there at once.
inline void find_winners(BlockMinima minima, const NarrowWinners& found, const std::uint16_t* cost, int stride, int x,
                         int pixels) {
  std::uint16_t leasts[block], winners[block], beside[block];
  const auto each = [&](std::uint16_t* to, const auto& make) {  // make(b, lane) is of pixel b
    for (int from = 0; from < block; from += few_lanes) {
      store(to + from, smallest_of_each([&](int b) { return fewer([&](int lane) { return make(from + b, lane); }); }));
    }
    reload();
  };
  each(leasts, [&](int b, int lane) { return load_few(minima.least(b) + lane); });
  each(winners, [&](int b, int lane) {
    const auto best = equal(load_few(minima.least(b) + lane), every_few(leasts[b]));
    return choose(best, load_few(minima.place(b) + lane), every_few(no_cost));
  });
  for (int b = 0; b < block; ++b) beside[b] = static_cast<std::uint16_t>(winners[b] - 1);
  reload();
  // A lane whose smallest cost is the winner's or a neighbour's stands for its second.
  each(found.second + x, [&](int b, int lane) {
    const auto near = at_most(subtract(load_few(minima.place(b) + lane), every_few(beside[b])), every_few(2));
    return choose(near, load_few(minima.second(b) + lane), load_few(minima.least(b) + lane));
  });
  std::uint16_t *before = found.before + x, *after = found.after + x;
  for (int b = 0; b < pixels; ++b, cost += stride) {
    before[b] = cost[-winners[b]];
    after[b] = cost[-2 - winners[b]];
  }
  for (int b = 0; b < block; ++b) {
    found.winner[x + b] = winners[b];
    found.least[x + b] = leasts[b];
  }
}

}  // namespace
}  // namespace geomvision::kernels::GEOMVISION_ISA

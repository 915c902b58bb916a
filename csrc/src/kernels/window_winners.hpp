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

  Lanes least(int b) const { return load(memory_ + b * stride); }
  Lanes second(int b) const { return load(memory_ + b * stride + lanes); }
  Lanes place(int b) const { return load(memory_ + b * stride + 2 * lanes); }

  void keep(int b, const Minima& found) const {
    store(memory_ + b * stride, found.least);
    store(memory_ + b * stride + lanes, found.second);
    store(memory_ + b * stride + 2 * lanes, found.place);
  }
  void take(const BlockMinima& later) const {
    for (int b = 0; b < block; ++b) {
      Minima found = {least(b), second(b), place(b)};
      found.take({later.least(b), later.second(b), later.place(b)});
      keep(b, found);
    }
  }

 private:
  std::uint16_t* memory_;
};

// The winners of `pixels` pixels from x on, and what lies beside them; the costs of the first end at `cost`, those of
// the next `stride` further on.
inline void find_winners(BlockMinima minima, const RowWinners& found, const std::uint16_t* cost, int stride, int x,
                         int pixels) {
  std::uint16_t leasts[block], winners[block], beside[block], seconds[block];
  store(leasts, smallest_of_each([&](int b) { return minima.least(b); }));
  reload();
  const Lanes winner = smallest_of_each([&](int b) {
    const Chosen best = equal(minima.least(b), every(leasts[b]));
    return choose(best, minima.place(b), every(no_cost));
  });
  store(winners, winner);
  store(beside, subtract(winner, every(1)));
  reload();
  // A lane whose smallest cost is the winner's or a neighbour's stands for its second.
  store(seconds, smallest_of_each([&](int b) {
          const Chosen near = at_most(subtract(minima.place(b), every(beside[b])), every(2));
          return choose(near, minima.second(b), minima.least(b));
        }));
  for (int b = 0; b < pixels; ++b, cost += stride) {
    found.before[x + b] = cost[-winners[b]];
    found.after[x + b] = cost[-2 - winners[b]];
  }
  for (int b = 0; b < pixels; ++b) {
    found.winner[x + b] = winners[b];
    found.least[x + b] = leasts[b];
    found.second[x + b] = seconds[b];
  }
}

}  // namespace
}  // namespace geomvision::kernels::GEOMVISION_ISA

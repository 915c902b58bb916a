#pragma once

#include "kernels/window_winners.hpp"

// The other view's answer to the costs of window_search.hpp. Only for kernels, like lanes_u16.hpp.
namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

// The right view's winners of a row. Pixel b of a block offers what it costs in lane j to the right pixel of lane j +
// b; after a block of as many pixels as there are lanes the first vector of right pixels is done, and the others move
// up.
class RightWinners {
 public:
  static int elements(const RowSearch& row) { return 2 * (row.padded + lanes); }

  // `memory` holds so many elements.
  RightWinners(const RowSearch& row, const std::uint16_t* places, std::uint16_t* memory)
      : row_(row), places_(places), vectors_(row.padded / lanes), best_(memory), from_(memory + row.padded + lanes) {
    for (int i = 0; i <= vectors_; ++i) {
      store(best_ + i * lanes, every(no_cost));
      store(from_ + i * lanes, every(0));
    }
  }

  // Takes the costs of `pixels` pixels from x on; vectors before `first` hold no candidates.
  void take(const std::uint16_t* cost, int x, int pixels, int first) {
    for (int slot = first; slot <= vectors_; slot += 3) {
      switch (vectors_ + 1 - slot) {
        case 1:
          offer<1>(cost, slot, x, pixels);
          break;
        case 2:
          offer<2>(cost, slot, x, pixels);
          break;
        default:
          offer<3>(cost, slot, x, pixels);
      }
    }
    store(best_ + vectors_ * lanes, every(no_cost));
  }

  // After the last block, which ended before x.
  void end(int x) const {
    for (int i = 0; i < vectors_; ++i) hand_over(load(best_ + i * lanes), load(from_ + i * lanes), x + i * lanes);
  }

 private:
  template <int slots>
  void offer(const std::uint16_t* cost, int slot, int x, int pixels) {
    Lanes best[slots], from[slots];
    for (int i = 0; i < slots; ++i) {
      best[i] = load(best_ + (slot + i) * lanes);
      from[i] = load(from_ + (slot + i) * lanes);
    }
    Lanes here = every(static_cast<std::uint16_t>(x));
    const int step = cost_stride(row_.padded) - 1;
    cost += slot * lanes;
    for (int b = 0; b < pixels; ++b, cost += step) {
#pragma GCC unroll 3
      for (int i = 0; i < slots; ++i) {
        const Lanes offered = load(cost + i * lanes);
        from[i] = choose(below(offered, best[i]), here, from[i]);
        best[i] = smaller(best[i], offered);
      }
      here = add(here, every(1));
    }
    for (int i = 0; i < slots; ++i) {
      if (slot + i == 0) {
        hand_over(best[i], from[i], x);
      } else {
        store(best_ + (slot + i - 1) * lanes, best[i]);
        store(from_ + (slot + i - 1) * lanes, from[i]);
      }
    }
  }

  // A vector of right pixels learns its disparities.
  void hand_over(Lanes best, Lanes from, int at) const {
    const Lanes disparity = add(from, add(load(places_), every(static_cast<std::uint16_t>(row_.first - at))));
    const Lanes none = every(static_cast<std::uint16_t>(no_disparity));
    store(reinterpret_cast<std::uint16_t*>(row_.from_right) + at, choose(equal(best, every(no_cost)), none, disparity));
  }

  const RowSearch& row_;
  const std::uint16_t* places_;
  const int vectors_;
  std::uint16_t* best_;  // smallest costs offered to right pixels
  std::uint16_t* from_;  // and the left pixels they are from, modulo 2^16
};

}  // namespace
}  // namespace geomvision::kernels::GEOMVISION_ISA

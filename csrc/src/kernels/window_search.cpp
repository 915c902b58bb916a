#include "kernels/window_search.hpp"

#include "kernels/lanes_u16.hpp"

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

constexpr std::uint16_t no_cost = 65535;

// What the sums of a column gain when a row of bytes below 128 enters and another leaves.
struct SmallBytes {
  using Pixel = std::uint8_t;
  const MatchedRows<Pixel> entering, leaving;

  Lanes gain(int column, int lane) const {
    const int at = column + lane;
    return difference(distance(every_byte(entering.left[column]), load_bytes(entering.right + at)),
                      distance(every_byte(leaving.left[column]), load_bytes(leaving.right + at)));
  }
};

struct AnyBytes {
  using Pixel = std::uint8_t;
  const MatchedRows<Pixel> entering, leaving;

  Lanes gain(int column, int lane) const {
    const int at = column + lane;
    return subtract(widen(distance(every_byte(entering.left[column]), load_bytes(entering.right + at))),
                    widen(distance(every_byte(leaving.left[column]), load_bytes(leaving.right + at))));
  }
};

// Searches a row in blocks of as many pixels as there are lanes: first all costs of the block, then its winners.
template <typename Term>
class Sweep {
 public:
  Sweep(const RowSearch& row, const Term& term) : row_(row), term_(term), vectors_(row.padded / lanes) {
    stride_ = row.padded + lanes;  // rows of costs with `no_cost` between them
    costs_ = row.scratch + lanes;
    window_ = costs_ + lanes * stride_;
    best_ = window_ + row.padded;
    place_ = best_ + row.padded + lanes;
    places_ = place_ + row.padded + lanes;
  }

  void run() {
    begin();
    for (int x = 0; x < row_.width; x += lanes) {
      const int pixels = row_.width - x < lanes ? row_.width - x : lanes;
      const bool all_left = x >= row_.first + row_.count - 1;        // d <= x
      const bool all_right = x + pixels <= row_.width + row_.first;  // x - d < width
      for (int i = 0; i < vectors_; ++i) {
        if (all_left && all_right && (i > 0 || row_.padded == row_.count)) {
          sum<false>(x, pixels, i);
        } else {
          sum<true>(x, pixels, i);
        }
      }
      see_from_right(x, pixels);
      choose_winners(x, pixels);
    }
    for (int i = 0; i < vectors_; ++i) store(row_.from_right + blocks_end() + i * lanes, load(place_ + i * lanes));
  }

 private:
  int blocks_end() const { return (row_.width + lanes - 1) / lanes * lanes; }
  std::uint16_t* sums(int vector, int column) const {
    const std::int64_t columns = row_.width + 2 * row_.radius;
    return row_.sums + (vector * columns + column) * lanes;
  }

  void begin() {
    for (int lane = 0; lane < row_.padded; ++lane) {
      places_[lane] = static_cast<std::uint16_t>(row_.padded - 1 - lane);
    }
    for (int b = -1; b < lanes; ++b) store(costs_ + b * stride_ + row_.padded, every(no_cost));
    for (int i = 0; i < vectors_; ++i) {
      store(best_ + i * lanes, every(no_cost));
      store(place_ + i * lanes, every(no_place));
      Lanes window = every(0);
      for (int column = 0; column < 2 * row_.radius; ++column) {
        const Lanes sum = add(load(sums(i, column)), term_.gain(column, i * lanes));
        store(sums(i, column), sum);
        window = add(window, sum);
      }
      store(window_ + i * lanes, window);
    }
  }

  // The windows' sums of one vector of disparities; `partly` where some are no candidates.
  template <bool partly>
  void sum(int x, int pixels, int i) {
    const Lanes places = load(places_ + i * lanes);
    Lanes window = load(window_ + i * lanes);
    std::uint16_t* entering = sums(i, x + 2 * row_.radius);
    const std::uint16_t* leaving = sums(i, x);
    std::uint16_t* cost = costs_ + i * lanes;
    const Term term = term_;
    const int column = x + 2 * row_.radius, stride = stride_;
    for (int b = 0; b < pixels; ++b) {
      const Lanes gained = add(load(entering), term.gain(column + b, i * lanes));
      store(entering, gained);
      window = add(window, gained);
      if (partly) {
        const int d = x + b - row_.first;
        const int highest = d < row_.count - 1 ? d : row_.count - 1;
        const int lowest = d - (row_.width - 1) > 0 ? d - (row_.width - 1) : 0;
        const bool some = lowest <= highest;
        const Lanes above = subtract(places, every(some ? static_cast<std::uint16_t>(lowest) : no_place));
        const Lanes reach = every(some ? static_cast<std::uint16_t>(highest - lowest) : std::uint16_t{0});
        store(cost, choose(at_most(above, reach), window, every(no_cost)));
      } else {
        store(cost, window);
      }
      window = subtract(window, load(leaving));
      entering += lanes, leaving += lanes, cost += stride;
    }
    store(window_ + i * lanes, window);
  }

  // What pixel b offers in lane j belongs to the right pixel of lane j + b. The first vector of right pixels is done
  // when the block is, the others move up.
  void see_from_right(int x, int pixels) {
    for (int i = 0; i <= vectors_; ++i) {
      Lanes best = i < vectors_ ? load(best_ + i * lanes) : every(no_cost);
      Lanes place = i < vectors_ ? load(place_ + i * lanes) : every(no_place);
      Lanes here = subtract(load(places_), every(static_cast<std::uint16_t>(i * lanes)));
      const std::uint16_t* cost = costs_ + i * lanes;
      for (int b = 0; b < pixels; ++b) {
        const Lanes offer = load(cost);
        place = choose(at_most(best, offer), place, here);
        best = smaller(best, offer);
        here = add(here, every(1));
        cost += stride_ - 1;
      }
      if (i == 0) {
        store(row_.from_right + x, place);
      } else {
        store(best_ + (i - 1) * lanes, best);
        store(place_ + (i - 1) * lanes, place);
      }
    }
  }

  // `known` vectors, or (0) any number.
  template <int known>
  std::uint16_t smallest_of(const std::uint16_t* cost) const {
    const int vectors = known > 0 ? known : vectors_;
    Lanes least = load(cost);
    for (int i = 1; i < vectors; ++i) least = smaller(least, load(cost + i * lanes));
    return smallest(least);
  }

  template <int known>
  void choose_winners(int x, int pixels) {
    const RowWinners found = row_.found;
    const int vectors = known > 0 ? known : vectors_, last = row_.padded - 1, stride = stride_;
    std::uint16_t* cost = costs_;
    for (int b = 0; b < pixels; ++b, cost += stride) {
      Lanes best = load(cost), place = load(places_);
      for (int i = 1; i < vectors; ++i) {
        const Lanes here = load(cost + i * lanes);
        place = choose(at_most(here, best), load(places_ + i * lanes), place);
        best = smaller(best, here);
      }
      const std::uint16_t least = smallest(best);
      found.least[x + b] = least;
      found.winner[x + b] = smallest(choose(at_most(best, every(least)), place, every(no_cost)));
    }
    cost = costs_;
    for (int b = 0; b < pixels; ++b, cost += stride) {
      std::uint16_t* at = cost + (last - found.winner[x + b]);
      found.before[x + b] = at[1];
      found.after[x + b] = at[-1];
      at[-1] = at[0] = at[1] = no_cost;  // leave the second
    }
    cost = costs_;
    for (int b = 0; b < pixels; ++b, cost += stride) found.second[x + b] = smallest_of<known>(cost);
  }

  void choose_winners(int x, int pixels) {
    switch (vectors_) {
      case 1:
        return choose_winners<1>(x, pixels);
      case 2:
        return choose_winners<2>(x, pixels);
      case 3:
        return choose_winners<3>(x, pixels);
      case 4:
        return choose_winners<4>(x, pixels);
      case 8:
        return choose_winners<8>(x, pixels);
      default:
        return choose_winners<0>(x, pixels);
    }
  }

  const RowSearch& row_;
  const Term term_;
  const int vectors_;
  int stride_;
  std::uint16_t* costs_;   // of each pixel of the block
  std::uint16_t* window_;  // sums over the windows of the pixel before, less their first columns
  std::uint16_t* best_;    // smallest costs offered to right pixels, lane j as above
  std::uint16_t* place_;   // and where
  std::uint16_t* places_;  // of the lanes
};

}  // namespace

int search_lanes() { return lanes; }

void add_bytes(const RowSearch& row, const MatchedRows<std::uint8_t>& entering) {
  std::uint16_t* sums = row.sums;
  for (int lane = 0; lane < row.padded; lane += lanes) {
    for (int column = 0; column < row.width + 2 * row.radius; ++column, sums += lanes) {
      const Bytes left = every_byte(entering.left[column]);
      store(sums, add(load(sums), widen(distance(left, load_bytes(entering.right + column + lane)))));
    }
  }
}

void search_small_bytes(const RowSearch& row, const MatchedRows<std::uint8_t>& entering,
                        const MatchedRows<std::uint8_t>& leaving) {
  Sweep<SmallBytes>(row, {entering, leaving}).run();
}

void search_bytes(const RowSearch& row, const MatchedRows<std::uint8_t>& entering,
                  const MatchedRows<std::uint8_t>& leaving) {
  Sweep<AnyBytes>(row, {entering, leaving}).run();
}

}  // namespace geomvision::kernels::GEOMVISION_ISA

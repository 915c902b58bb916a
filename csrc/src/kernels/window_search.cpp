#include "kernels/window_search.hpp"

#include "kernels/lanes_u16.hpp"

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

constexpr std::uint16_t no_cost = 65535;

// What the sums of a left column gain when a row of bytes below 128 enters and another leaves.
struct SmallBytes {
  Bytes in, out;
  const std::uint8_t *right_in, *right_out;

  Lanes gain(int lane) const {
    return difference(near_distance(in, load_bytes(right_in + lane)), near_distance(out, load_bytes(right_out + lane)));
  }
};

struct AnyBytes {
  Bytes in, out;
  const std::uint8_t *right_in, *right_out;

  Lanes gain(int lane) const {
    return subtract(widen(distance(in, load_bytes(right_in + lane))),
                    widen(distance(out, load_bytes(right_out + lane))));
  }
};

template <typename Column>
struct ByteRows {
  const MatchedRows<std::uint8_t> entering, leaving;

  Column left(int column) const {
    return {every_byte(entering.left[column]), every_byte(leaving.left[column]), entering.right + column,
            leaving.right + column};
  }
};

// The places whose disparities lead left pixel x into the right image.
class Candidates {
 public:
  Candidates(const RowSearch& row, int x) {
    const int d = x - row.first;
    const int highest = d < row.count - 1 ? d : row.count - 1;
    const int lowest = d - (row.width - 1) > 0 ? d - (row.width - 1) : 0;
    const bool some = lowest <= highest;
    lowest_ = some ? static_cast<std::uint16_t>(lowest) : no_place;
    reach_ = some ? static_cast<std::uint16_t>(highest - lowest) : std::uint16_t{0};
  }
  // The costs there, no_cost elsewhere.
  Lanes only(Lanes places, Lanes costs) const {
    return choose(at_most(subtract(places, every(lowest_)), every(reach_)), costs, every(no_cost));
  }

 private:
  std::uint16_t lowest_, reach_;
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
    const int last = row_.first + row_.count - 1;
    for (int x = 0; x < row_.width; x += lanes) {
      const int pixels = row_.width - x < lanes ? row_.width - x : lanes;
      const bool inside = x >= last && x + pixels <= row_.width + row_.first;  // d <= x and x - d < width
      switch (inside ? vectors_ : 0) {
        case 1:
          sum<1>(x, pixels);
          break;
        case 2:
          sum<2>(x, pixels);
          break;
        case 3:
          sum<3>(x, pixels);
          break;
        case 4:
          sum<4>(x, pixels);
          break;
        case 6:
          sum<6>(x, pixels);
          break;
        case 8:
          sum<8>(x, pixels);
          break;
        default:
          sum<0>(x, pixels);
      }
      see_from_right(x, pixels);
      find_second(x, pixels);
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
        const Lanes sum = add(load(sums(i, column)), term_.left(column).gain(i * lanes));
        store(sums(i, column), sum);
        window = add(window, sum);
      }
      store(window_ + i * lanes, window);
    }
  }

  // The costs of each pixel, and the smallest of them. Either all disparities are candidates, `known` vectors of them,
  // or (0) any number of vectors, whose sums over the windows then stay in memory.
  template <int known>
  void sum(int x, int pixels) {
    constexpr int held = known > 0 ? known : 1;
    const int vectors = known > 0 ? known : vectors_, stride = stride_;
    const std::int64_t plane = sums(1, 0) - sums(0, 0);
    const std::uint16_t* places = places_;
    std::uint16_t* entering = sums(0, x + 2 * row_.radius);
    const std::uint16_t* leaving = sums(0, x);
    std::uint16_t* cost = costs_;
    const RowWinners found = row_.found;
    const Lanes nothing = every(no_cost);
    // Disparities that only fill the first vector.
    const Lanes padding =
        choose(at_most(every(static_cast<std::uint16_t>(row_.count)), load(places)), nothing, every(0));
    const Term term = term_;
    const int column = x + 2 * row_.radius;
    Lanes window[held];
    for (int i = 0; i < known; ++i) window[i] = load(window_ + i * lanes);
    for (int b = 0; b < pixels; ++b) {
      const Candidates candidates(row_, x + b);
      const auto left = term.left(column + b);
      Lanes best = nothing, place = nothing;
#pragma GCC unroll 8
      for (int i = 0; i < vectors; ++i) {
        const Lanes gained = add(load(entering + i * plane), left.gain(i * lanes));
        store(entering + i * plane, gained);
        const Lanes all = add(known > 0 ? window[known > 0 ? i : 0] : load(window_ + i * lanes), gained);
        const Lanes rest = subtract(all, load(leaving + i * plane));
        if constexpr (known > 0) {
          window[i] = rest;
        } else {
          store(window_ + i * lanes, rest);
        }
        const Lanes here = load(places + i * lanes);
        const Lanes valid = known > 0 ? (i == 0 ? unite(all, padding) : all) : candidates.only(here, all);
        store(cost + i * lanes, valid);
        place = choose(at_most(valid, best), here, place);
        best = smaller(best, valid);
      }
      const std::uint16_t least = smallest(best);
      found.least[x + b] = least;
      found.winner[x + b] = smallest(choose(at_most(best, every(least)), place, nothing));
      entering += lanes, leaving += lanes, cost += stride;
    }
    for (int i = 0; i < known; ++i) store(window_ + i * lanes, window[i]);
  }

  // What pixel b offers in lane j belongs to the right pixel of lane j + b. The first vector of right pixels is done
  // when the block is, the others move up.
  void see_from_right(int x, int pixels) {
    for (int i = 0; i <= vectors_; ++i) {
      Lanes best = i < vectors_ ? load(best_ + i * lanes) : every(no_cost);
      Lanes place = i < vectors_ ? load(place_ + i * lanes) : every(no_place);
      Lanes here = subtract(load(places_), every(static_cast<std::uint16_t>(i * lanes)));
      const std::uint16_t* cost = costs_ + i * lanes;
#pragma GCC unroll 4
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

  template <int known>
  std::uint16_t smallest_of(const std::uint16_t* cost) const {
    const int vectors = known > 0 ? known : vectors_;
    Lanes least = load(cost);
    for (int i = 1; i < vectors; ++i) least = smaller(least, load(cost + i * lanes));
    return smallest(least);
  }

  // The smallest cost away from the winner, and those beside it.
  void find_second(int x, int pixels) {
    const RowWinners found = row_.found;
    const int last = row_.padded - 1, stride = stride_;
    std::uint16_t* cost = costs_;
    for (int b = 0; b < pixels; ++b, cost += stride) {
      std::uint16_t* at = cost + (last - found.winner[x + b]);
      found.before[x + b] = at[1];
      found.after[x + b] = at[-1];
      at[-1] = at[0] = at[1] = no_cost;
    }
    const auto each = [&](auto smallest_cost) {
      for (int b = 0; b < pixels; ++b) found.second[x + b] = smallest_cost(costs_ + b * stride);
    };
    switch (vectors_) {
      case 2:
        return each([this](const std::uint16_t* costs) { return smallest_of<2>(costs); });
      case 4:
        return each([this](const std::uint16_t* costs) { return smallest_of<4>(costs); });
      case 8:
        return each([this](const std::uint16_t* costs) { return smallest_of<8>(costs); });
      default:
        return each([this](const std::uint16_t* costs) { return smallest_of<0>(costs); });
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
  Sweep<ByteRows<SmallBytes>>(row, {entering, leaving}).run();
}

void search_bytes(const RowSearch& row, const MatchedRows<std::uint8_t>& entering,
                  const MatchedRows<std::uint8_t>& leaving) {
  Sweep<ByteRows<AnyBytes>>(row, {entering, leaving}).run();
}

}  // namespace geomvision::kernels::GEOMVISION_ISA

#include "kernels/window_search.hpp"

#include "kernels/window_winners.hpp"

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

constexpr int stripe = 2 * lanes;
constexpr int block = lanes;                       // pixels whose costs stay in the first cache
constexpr int kept_columns = 2 * most_radius + 2;  // a power of two

inline LanesPair load_pair(const std::uint16_t* from) { return {load(from), load(from + lanes)}; }
inline void store_pair(std::uint16_t* to, LanesPair a) {
  store(to, a.low);
  store(to + lanes, a.high);
}
inline LanesPair add(LanesPair a, LanesPair b) { return {add(a.low, b.low), add(a.high, b.high)}; }
inline LanesPair subtract(LanesPair a, LanesPair b) { return {subtract(a.low, b.low), subtract(a.high, b.high)}; }

// What a left column and its candidates are in the row that enters the windows and in the one that leaves them.
struct Column {
  Bytes in, out;
  const std::uint8_t *right_in, *right_out;
};

// What the windows of a row gain by a column: what it gains itself, less what the column that leaves them gained,
// which is found at `before`. Both fit a byte where bytes differ by less than 64.
struct SmallGains {
  using Kept = std::uint8_t;

  static Bytes none() { return every_byte(0); }
  static Bytes of(const Column& column, int lane) {
    return subtract_bytes(near_distance(column.in, load_bytes(column.right_in + lane)),
                          near_distance(column.out, load_bytes(column.right_out + lane)));
  }
  static void keep(Kept* at, Bytes gain) { store_bytes(at, gain); }
  static LanesPair wide(Bytes gain) { return widen_signed(gain); }
  static LanesPair less(Bytes gain, const Kept* before) { return wide(subtract_bytes(gain, load_bytes(before))); }
};

struct AnyGains {
  using Kept = std::uint16_t;

  static LanesPair none() { return {every(0), every(0)}; }
  static LanesPair of(const Column& column, int lane) {
    return subtract(widen(distance(column.in, load_bytes(column.right_in + lane))),
                    widen(distance(column.out, load_bytes(column.right_out + lane))));
  }
  static void keep(Kept* at, LanesPair gain) { store_pair(at, gain); }
  static LanesPair wide(LanesPair gain) { return gain; }
  static LanesPair less(LanesPair gain, const Kept* before) { return subtract(gain, load_pair(before)); }
};

// The places whose disparities lead left pixel x into the right image.
class Candidates {
 public:
  Candidates(const RowSearch& row, int x) {
    const int d = x - row.first;
    const int highest = d < row.count - 1 ? d : row.count - 1;
    const int lowest = d - (row.width - 1) > 0 ? d - (row.width - 1) : 0;
    const bool some = lowest <= highest;
    lowest_ = some ? static_cast<std::uint16_t>(lowest) : no_cost;
    reach_ = some ? static_cast<std::uint16_t>(highest - lowest) : std::uint16_t{0};
  }
  // The costs there, no_cost elsewhere.
  Lanes only(Lanes places, Lanes costs) const {
    return choose(at_most(subtract(places, every(lowest_)), every(reach_)), costs, every(no_cost));
  }
  LanesPair only(LanesPair places, LanesPair costs) const {
    return {only(places.low, costs.low), only(places.high, costs.high)};
  }

 private:
  std::uint16_t lowest_, reach_;
};

// Parts of a row's scratch memory.
std::uint16_t* places_of(const RowSearch& row) { return row.scratch; }
std::uint16_t* kept_gains_of(const RowSearch& row) { return row.scratch + row.padded; }

void number_places(const RowSearch& row) {
  std::uint16_t* places = places_of(row);
  for (int lane = 0; lane < row.padded; ++lane) places[lane] = static_cast<std::uint16_t>(row.padded - 1 - lane);
}

// The first stripe that holds a candidate of any of `pixels` pixels from x on: those before lead left of the right
// image.
int first_stripe(const RowSearch& row, int x, int pixels) {
  const int beyond = row.first + row.padded - 1 - (x + pixels - 1);
  const int begin = beyond > 0 ? beyond / stripe : 0, last = row.padded / stripe - 1;
  return begin < last ? begin : last;
}

// Searches a row in blocks of pixels: first all costs of the block, then its winners.
template <typename Gains>
class Sweep {
 public:
  Sweep(const RowSearch& row, const MatchedRows<std::uint8_t>& entering, const MatchedRows<std::uint8_t>& leaving)
      : row_(row), entering_(entering), leaving_(leaving), vectors_(row.padded / lanes) {
    number_places(row);
    places_ = places_of(row);
    kept_ = reinterpret_cast<Kept*>(kept_gains_of(row));
    gains_ = kept_gains_of(row) + kept_columns * row.padded;
    minima_ = gains_ + row.padded;
  }

  void run() {
    RightWinners right(row_, places_, minima_ + block * lanes);
    const int last = row_.first + row_.count - 1;
    int open = row_.padded / stripe, x = 0;  // stripes from `open` on have candidates
    for (; x < row_.width; x += block) {
      const int pixels = row_.width - x < block ? row_.width - x : block;
      for (const int begin = first_stripe(row_, x, pixels); open > begin;) start(--open, x);
      const bool inside = x >= last && x + pixels <= row_.width + row_.first;  // d <= x and x - d < width
      sum_block(inside ? vectors_ / 2 : 0, open, x, pixels);
      right.take(costs(x), x, pixels, 2 * open);
      find(x, pixels, 2 * open);
    }
    right.end(x);
  }

 private:
  using Kept = typename Gains::Kept;

  Column column_at(int column) const {
    return {every_byte(entering_.left[column]), every_byte(leaving_.left[column]), entering_.right + column,
            leaving_.right + column};
  }
  Kept* kept(int column) const { return kept_ + (column & (kept_columns - 1)) * row_.padded; }
  std::uint16_t* costs(int x) const {
    return row_.costs + most_lanes + static_cast<std::int64_t>(x) * cost_stride(row_.padded);
  }

  // The gain of a stripe's window before x: that of its columns but the first, as if that had gained nothing.
  void start(int part, int x) {
    const int lane = part * stripe;
    LanesPair gain = {every(0), every(0)};
    Gains::keep(kept(x - 1) + lane, Gains::none());
    for (int column = x; column < x + 2 * row_.radius; ++column) {
      const auto gained = Gains::of(column_at(column), lane);
      Gains::keep(kept(column) + lane, gained);
      gain = add(gain, Gains::wide(gained));
    }
    store_pair(gains_ + lane, gain);
  }

  void sum_block(int inside, int open, int x, int pixels) {
    switch (inside) {
      case 1:
        return sum<1>(0, x, pixels);
      case 2:
        return sum<2>(0, x, pixels);
      case 3:
        return sum<3>(0, x, pixels);
      case 4:
        return sum<4>(0, x, pixels);
      default:
        sum<0>(open, x, pixels);
    }
  }

  // The costs of each pixel, and the smallest of them. Either all disparities are candidates, `known` stripes of them,
  // or (0) some in the stripes from `open` on, whose gains then stay in memory.
  template <int known>
  void sum(int open, int x, int pixels) {
    constexpr int held = known > 0 ? known : 1;
    const int parts = known > 0 ? known : vectors_ / 2;
    const std::uint16_t* places = places_;
    const LanesPair padding = beyond_count(load_pair(places));
    const int stride = cost_stride(row_.padded), padded = row_.padded, window = 2 * row_.radius + 1;
    const std::uint8_t *left_in = entering_.left + window - 1, *left_out = leaving_.left + window - 1;
    const std::uint8_t *right_in = entering_.right + window - 1, *right_out = leaving_.right + window - 1;
    Kept* const kept = kept_;
    std::uint16_t *cost = costs(x), *minima = minima_, *gains_kept = gains_;
    LanesPair gains[held];
    for (int i = 0; i < known; ++i) gains[i] = load_pair(gains_kept + i * stripe);
    for (const int end = x + pixels; x < end; ++x, cost += stride, minima += lanes) {
      const Candidates candidates(row_, x);
      const Column column = {every_byte(left_in[x]), every_byte(left_out[x]), right_in + x, right_out + x};
      Kept* now = kept + ((x + window - 1) & (kept_columns - 1)) * padded;
      const Kept* before = kept + ((x - 1) & (kept_columns - 1)) * padded;
      Lanes least = every(no_cost);
#pragma GCC unroll 4
      for (int i = open; i < parts; ++i) {
        const int lane = i * stripe;
        const auto gained = Gains::of(column, lane);
        const LanesPair gain = add(known > 0 ? gains[known > 0 ? i : 0] : load_pair(gains_kept + lane),
                                   Gains::less(gained, before + lane));
        Gains::keep(now + lane, gained);
        LanesPair sum = add(load_pair(cost + lane), gain);
        if constexpr (known > 0) {
          gains[i] = gain;
          if (i == 0) sum = {unite(sum.low, padding.low), unite(sum.high, padding.high)};
        } else {
          store_pair(gains_kept + lane, gain);
          sum = candidates.only(load_pair(places + lane), sum);
        }
        store_pair(cost + lane, sum);
        least = smaller(least, smaller(sum.low, sum.high));
      }
      store(minima, least);
    }
    for (int i = 0; i < known; ++i) store_pair(gains_kept + i * stripe, gains[i]);
  }

  LanesPair beyond_count(LanesPair places) const {
    const Lanes count = every(static_cast<std::uint16_t>(row_.count));
    return {choose(at_most(count, places.low), every(no_cost), every(0)),
            choose(at_most(count, places.high), every(no_cost), every(0))};
  }

  // The place of each pixel's smallest cost, of equal ones the last, and what lies beside it.
  void find(int x, int pixels, int first) {
    switch (vectors_ - first) {
      case 2:
        return find<2>(x, pixels, first);
      case 4:
        return find<4>(x, pixels, first);
      case 6:
        return find<6>(x, pixels, first);
      case 8:
        return find<8>(x, pixels, first);
      default:
        find<0>(x, pixels, first);
    }
  }

  template <int known>
  void find(int x, int pixels, int first) {
    const int vectors = known > 0 ? known : vectors_ - first;
    const std::uint16_t* cost = costs(x) + first * lanes;
    const int stride = cost_stride(row_.padded);
    const std::uint16_t* places = places_ + first * lanes;
    const RowWinners found = row_.found;
    std::uint16_t winner[block];
    std::uint32_t bits[block];
    for (int b = 0; b < pixels; ++b) {
      const Lanes minima = load(minima_ + b * lanes);
      const std::uint16_t least = smallest(minima);
      found.least[x + b] = least;
      bits[b] = equal_bits(minima, every(least));
    }
    for (int b = 0; b < pixels; ++b) {
      const std::uint16_t* here = cost + b * stride;
      const int place = last_place(here, vectors, bits[b], static_cast<std::uint16_t>(found.least[x + b]));
      winner[b] = static_cast<std::uint16_t>(vectors * lanes - 1 - place);
      found.winner[x + b] = vectors * lanes - 1 - place;
      found.before[x + b] = here[place + 1];
      found.after[x + b] = here[place - 1];
    }
    for (int b = 0; b < pixels; ++b) {
      found.second[x + b] = smallest_away(cost + b * stride, places, vectors, winner[b]);
    }
  }

  const RowSearch& row_;
  const MatchedRows<std::uint8_t> entering_, leaving_;
  const int vectors_;
  std::uint16_t* places_;  // of the lanes
  Kept* kept_;             // what each of the last columns gained
  std::uint16_t* gains_;   // what windows gained, of the pixel before
  std::uint16_t* minima_;  // the smallest cost of every lane, of each pixel of the block
};

// The windows of a stripe of disparities along a row, by running sums of the sums of their columns.
void sum_stripe(const RowSearch& row, const MatchedRows<std::uint8_t>* rows, int together, int lane) {
  const int height = 2 * row.radius + 1;
  std::uint16_t* kept = kept_gains_of(row);
  for (int i = 0; i < kept_columns; ++i) store_pair(kept + i * stripe, {every(0), every(0)});
  const LanesPair places = load_pair(places_of(row) + lane);
  std::uint16_t* cost = row.costs + most_lanes + lane;
  LanesPair window = {every(0), every(0)};
  for (int column = 0; column < row.width + 2 * row.radius; ++column) {
    LanesPair sum = {every(0), every(0)};
    for (int i = 0; i < height;) {
      Bytes some = every_byte(0);
      for (const int end = i + together < height ? i + together : height; i < end; ++i) {
        const Bytes right = load_bytes(rows[i].right + column + lane);
        some = add_bytes(some, distance(every_byte(rows[i].left[column]), right));
      }
      sum = add(sum, widen(some));
    }
    std::uint16_t* now = kept + (column & (kept_columns - 1)) * stripe;
    const std::uint16_t* before = kept + ((column - height) & (kept_columns - 1)) * stripe;
    window = add(window, subtract(sum, load_pair(before)));
    store_pair(now, sum);
    const int x = column - 2 * row.radius;
    if (x < 0) continue;
    store_pair(cost, Candidates(row, x).only(places, window));
    cost += cost_stride(row.padded);
  }
}

}  // namespace

int search_stripe() { return stripe; }

void sum_byte_windows(const RowSearch& row, const MatchedRows<std::uint8_t>* rows, int together) {
  const std::int64_t elements = cost_elements(row.width, row.padded);
  for (std::int64_t i = 0; i < elements; ++i) row.costs[i] = no_cost;
  number_places(row);
  for (int lane = 0; lane < row.padded; lane += stripe) sum_stripe(row, rows, together, lane);
}

void search_small_bytes(const RowSearch& row, const MatchedRows<std::uint8_t>& entering,
                        const MatchedRows<std::uint8_t>& leaving) {
  Sweep<SmallGains>(row, entering, leaving).run();
}

void search_bytes(const RowSearch& row, const MatchedRows<std::uint8_t>& entering,
                  const MatchedRows<std::uint8_t>& leaving) {
  Sweep<AnyGains>(row, entering, leaving).run();
}

}  // namespace geomvision::kernels::GEOMVISION_ISA

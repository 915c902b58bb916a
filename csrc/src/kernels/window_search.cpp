#include "kernels/window_search.hpp"

#include "kernels/right_winners.hpp"
#include "kernels/window_winners.hpp"

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

constexpr int stripe = 2 * lanes;
constexpr int most_stripes = 4;                    // whose gains registers hold
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
      : row_(row),
        entering_(entering),
        leaving_(leaving),
        places_(places_of(row)),
        kept_(reinterpret_cast<Kept*>(kept_gains_of(row))),
        gains_(kept_gains_of(row) + kept_columns * row.padded),
        right_(gains_ + row.padded),
        minima_(right_ + RightWinners::elements(row)),
        later_(right_ + RightWinners::elements(row) + BlockMinima::elements) {
    number_places(row);
  }

  void run() {
    RightWinners right(row_, places_, right_);
    const int last = row_.first + row_.count - 1;
    int open = row_.padded / stripe, x = 0;  // stripes from `open` on have candidates
    for (; x < row_.width; x += block) {
      const int pixels = row_.width - x < block ? row_.width - x : block;
      for (const int begin = first_stripe(row_, x, pixels); open > begin;) start(--open, x);
      const bool inside = x >= last && x + pixels <= row_.width + row_.first;  // d <= x and x - d < width
      for (int part = open; part < row_.padded / stripe; part += most_stripes) {
        const BlockMinima& minima = part == open ? minima_ : later_;
        inside ? sum_stripes<false>(part, x, pixels, minima) : sum_stripes<true>(part, x, pixels, minima);
        if (part > open) minima_.take(later_);
      }
      right.take(costs(x), x, pixels, 2 * open);
      find_winners(minima_, row_.found, costs(x) + row_.padded, cost_stride(row_.padded), x, pixels);
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

  // The costs of each pixel at up to most_stripes stripes from `part` on, and the smallest of them; `edge`: not all of
  // them are candidates.
  template <bool edge>
  void sum_stripes(int part, int x, int pixels, BlockMinima minima) {
    switch (row_.padded / stripe - part) {
      case 1:
        return sum<1, edge>(part * stripe, x, pixels, minima);
      case 2:
        return sum<2, edge>(part * stripe, x, pixels, minima);
      case 3:
        return sum<3, edge>(part * stripe, x, pixels, minima);
      default:
        sum<most_stripes, edge>(part * stripe, x, pixels, minima);
    }
  }

  template <int stripes, bool edge>
  void sum(int lane, int x, int pixels, BlockMinima minima) {
    const bool pads = lane == 0 && row_.count < row_.padded;
    const LanesPair padding = beyond_count(load_pair(places_ + lane));
    const int stride = cost_stride(row_.padded), padded = row_.padded, window = 2 * row_.radius + 1;
    const std::uint8_t *left_in = entering_.left + window - 1, *left_out = leaving_.left + window - 1;
    const std::uint8_t *right_in = entering_.right + window - 1 + lane, *right_out = leaving_.right + window - 1 + lane;
    const std::uint16_t* places = places_ + lane;
    Kept* const kept = kept_ + lane;
    std::uint16_t* cost = costs(x) + lane;
    LanesPair gains[stripes];
    for (int i = 0; i < stripes; ++i) gains[i] = load_pair(gains_ + lane + i * stripe);
    for (int b = 0; b < pixels; ++b, ++x, cost += stride) {
      const Candidates candidates(row_, x);
      const Column column = {every_byte(left_in[x]), every_byte(left_out[x]), right_in + x, right_out + x};
      Kept* now = kept + ((x + window - 1) & (kept_columns - 1)) * padded;
      const Kept* before = kept + ((x - 1) & (kept_columns - 1)) * padded;
      LanesPair sums[stripes];
#pragma GCC unroll 4
      for (int i = 0; i < stripes; ++i) {
        const auto gained = Gains::of(column, i * stripe);
        gains[i] = add(gains[i], Gains::less(gained, before + i * stripe));
        Gains::keep(now + i * stripe, gained);
        LanesPair sum = add(load_pair(cost + i * stripe), gains[i]);
        if constexpr (edge) {
          sum = candidates.only(load_pair(places + i * stripe), sum);
        } else if (i == 0) {
          if (pads) sum = {unite(sum.low, padding.low), unite(sum.high, padding.high)};
        }
        store_pair(cost + i * stripe, sum);
        sums[i] = sum;
      }
      Minima found = minima_of(sums[0], load_pair(places));
#pragma GCC unroll 4
      for (int i = 1; i < stripes; ++i) {
        const LanesPair at = load_pair(places + i * stripe);
        found.take(sums[i].low, at.low);
        found.take(sums[i].high, at.high);
      }
      minima.keep(b, found);
    }
    for (int i = 0; i < stripes; ++i) store_pair(gains_ + lane + i * stripe, gains[i]);
  }

  LanesPair beyond_count(LanesPair places) const {
    const Lanes count = every(static_cast<std::uint16_t>(row_.count));
    return {choose(at_most(count, places.low), every(no_cost), every(0)),
            choose(at_most(count, places.high), every(no_cost), every(0))};
  }

  const RowSearch& row_;
  const MatchedRows<std::uint8_t> entering_, leaving_;
  std::uint16_t* const places_;       // of the lanes
  Kept* const kept_;                  // what each of the last columns gained
  std::uint16_t* const gains_;        // what windows gained, of the pixel before
  std::uint16_t* const right_;        // memory of the right view's winners
  const BlockMinima minima_, later_;  // of the block, and of further stripes
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
  for (int x = 0; x <= row.width; ++x) {  // what lies between pixels
    std::uint16_t* before = row.costs + static_cast<std::int64_t>(x) * cost_stride(row.padded);
    for (int lane = 0; lane < most_lanes; lane += lanes) store(before + lane, every(no_cost));
  }
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

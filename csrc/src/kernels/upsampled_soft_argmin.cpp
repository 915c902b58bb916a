#include "kernels/exponential.hpp"
#include "kernels/soft_argmin.hpp"

// Linear interpolation between the costs c and c' of neighbours makes the weights of the `factor` = F candidates in
// between products of powers: with u = exp(-c / 2F) and v = exp(-c' / 2F), candidate j weighs u^(2F-1-2j) v^(2j+1).
// So one exponential serves F candidates, and their sums are polynomials in u^2 and v^2.

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

constexpr int kLane = kLanes<float>;
constexpr int kRoom = 16384;         // floats of a tile
constexpr float kEnough = 0x1p-60f;  // sums of weights from here on have lost nothing to underflow

struct Tile {
  int begin, end;                      // upsampled columns
  int column, pitch;                   // first given column; columns held
  alignas(64) float exponents[kRoom];  // -c log2(e) / 2F, candidate by candidate
  alignas(64) float highest[kRoom / 2];

  float* at(int k) { return exponents + k * pitch; }
  const float* at(int k) const { return exponents + k * pitch; }
};

// Where upsampled column x lies between the given ones (half-pixel centres; the border repeats).
struct Place {
  int column;
  float weight;  // of the column after it
};

Place place(const UpsampledRow& row, int x) {
  const double at = (x + 0.5) * row.ratio - 0.5;
  const int column = at > 0 ? static_cast<int>(at) : 0;
  return {column, at > 0 ? static_cast<float>(at - column) : 0.0f};
}

// The columns of one vector of upsampled pixels: lanes interpolate between `index` and `index` + 1 after `base`.
struct Columns {
  int base;
  Ints index;
  Floats near, far;

  Columns(const UpsampledRow& row, const Tile& tile, int x) : base(0), index{}, near{}, far{} {
    const int first = place(row, x).column;
    base = first - tile.column;
    for (int i = 0; i < kLane; ++i) {
      const Place p = place(row, x + i < row.wide_width ? x + i : row.wide_width - 1);
      index[i] = p.column - first;
      far[i] = p.weight;
    }
    near = 1.0f - far;
  }

  [[gnu::always_inline]] Floats operator()(const float* row) const {
    row += base;
#if defined(__GNUC__) && !defined(__clang__)
    const Floats from = load<Floats>(row);
    const Floats a = __builtin_shuffle(from, index), b = __builtin_shuffle(from, index + 1);
#else
    Floats a, b;
    for (int i = 0; i < kLane; ++i) {
      a[i] = row[index[i]];
      b[i] = row[index[i] + 1];
    }
#endif
    return fma(b, far, a * near);
  }
};

// Interpolate between the two given rows, for as many columns as fit, and as many pixels as they serve.
void fill(const UpsampledRow& row, int begin, Tile& tile) {
  tile.begin = begin;
  tile.column = place(row, begin).column;
  tile.pitch = kRoom / row.candidates / kLane * kLane;
  const int whole = row.width - tile.column + kLane;
  if (tile.pitch > whole) tile.pitch = whole;
  const int last = tile.column + tile.pitch - kLane;  // a vector may begin here
  tile.end = row.wide_width;
  if (last < row.width - 1) {
    tile.end = begin + kLane;
    while (place(row, tile.end).column <= last) tile.end += kLane;
  }
  const float scale = -kLog2e / static_cast<float>(2 * row.factor);
  const float top_weight = (1.0f - row.bottom_weight) * scale, bottom_weight = row.bottom_weight * scale;
  const int inside = row.width - tile.column < tile.pitch ? row.width - tile.column : tile.pitch;
  for (int x = 0; x < tile.pitch; ++x) tile.highest[x] = -__builtin_inff();
  for (int k = 0; k < row.candidates; ++k) {
    const float* top = row.top + k * row.step + tile.column;
    const float* bottom = row.bottom + k * row.step + tile.column;
    float* out = tile.at(k);
    for (int x = 0; x < inside; ++x) out[x] = top[x] * top_weight + bottom[x] * bottom_weight;
    for (int x = inside; x < tile.pitch; ++x) out[x] = out[inside - 1];
    for (int x = 0; x < tile.pitch; ++x) tile.highest[x] = out[x] > tile.highest[x] ? out[x] : tile.highest[x];
  }
}

struct Moments {
  Floats total, mean;  // sum of weights; of weights times candidates, then divided by it
  Floats shift;        // exponents are taken relative to it
  bool plain;          // whether every weight had to be computed by itself
};

// p (a^(F-1) + a^(F-2) b + ... + b^(F-1)), and the same sums with j, j^2 times each term.
template <int factor>
struct Between {
  Floats sum, first, second;

  [[gnu::always_inline]] Between(Floats u, Floats v, Floats a, Floats b) {
    const Floats p = u * v;
    Floats power = b;
    sum = a + b;
    first = second = b;
    for (int j = 2; j < factor; ++j) {
      power *= b;
      sum = fma(sum, a, power);
      first = fma(first, a, power * static_cast<float>(j));
      second = fma(second, a, power * static_cast<float>(j * j));
    }
    sum *= p;
    first *= p;
    second *= p;
  }
};

template <int factor>
[[gnu::always_inline]] inline Floats power(Floats a) {
  for (int i = 1; i < factor; i *= 2) a *= a;
  return a;
}

// Every upsampled candidate by itself: visit(candidate, exponent / 2F, given candidate before it, weight of the next).
template <int factor, typename Visit>
[[gnu::always_inline]] inline void for_each(const UpsampledRow& row, const Tile& tile, const Columns& columns,
                                            const Visit& visit) {
  Floats here = columns(tile.at(0));
  for (int j = 0; j < factor / 2; ++j) visit(j, here, 0, 0.0f);
  for (int k = 0; k + 1 < row.candidates; ++k) {
    const Floats next = columns(tile.at(k + 1));
    for (int j = 0; j < factor; ++j) {
      const float weight = static_cast<float>(2 * j + 1) / (2 * factor);
      visit(factor * k + factor / 2 + j, here * (1.0f - weight) + next * weight, k, weight);
    }
    here = next;
  }
  const int last = row.candidates - 1;
  for (int j = 0; j < factor / 2; ++j) visit(factor * last + factor / 2 + j, here, last, 0.0f);
}

// The weight of a candidate by itself: exponents become whole once relative to the highest, where none is infinite.
template <int factor>
[[gnu::always_inline]] inline Floats plain_weight(Floats exponent, Floats shift) {
  return exp2((exponent - shift) * (2.0f * factor));
}

template <int factor>
[[gnu::noinline]] Moments plain_moments(const UpsampledRow& row, const Tile& tile, const Columns& columns) {
  Moments m{Floats{}, Floats{}, Floats{} - __builtin_inff(), true};
  for_each<factor>(row, tile, columns, [&](int, Floats e, int, float) { m.shift = e > m.shift ? e : m.shift; });
  for_each<factor>(row, tile, columns, [&](int d, Floats e, int, float) {
    const Floats weight = plain_weight<factor>(e, m.shift);
    m.total += weight;
    m.mean = fma(weight, Floats{} + static_cast<float>(d), m.mean);
  });
  m.mean /= m.total;
  return m;
}

// The softmin of one vector of pixels; keeps the u of every given candidate when `kept` is not null.
template <int factor>
[[gnu::always_inline]] inline Moments moments(const UpsampledRow& row, const Tile& tile, const Columns& columns,
                                              float* kept) {
  constexpr int half = factor / 2;
  const Floats shift = columns(tile.highest);
  Floats u = exp2(columns(tile.at(0)) - shift), a = u * u;
  if (kept) store(kept, u);
  Floats total = power<factor>(a) * static_cast<float>(half);
  Floats mean = total * (0.5f * (half - 1));
  for (int k = 0; k + 1 < row.candidates; ++k) {
    const Floats v = exp2(columns(tile.at(k + 1)) - shift), b = v * v;
    if (kept) store(kept + (k + 1) * kLane, v);
    const Between<factor> part(u, v, a, b);
    total += part.sum;
    mean += fma(part.sum, Floats{} + static_cast<float>(factor * k + half), part.first);
    u = v;
    a = b;
  }
  const Floats last = power<factor>(a) * static_cast<float>(half);
  total += last;
  mean = fma(last, Floats{} + (factor * row.candidates - 0.5f * (half + 1)), mean);
  const Ints enough = total >= kEnough;
  for (int i = 0; i < kLane; ++i) {
    if (!enough[i]) return plain_moments<factor>(row, tile, columns);
  }
  return {total, mean / total, shift, false};
}

template <int factor>
void forward(const UpsampledRow& row, float first, float* disparity) {
  Tile tile;
  for (int begin = 0; begin < row.wide_width; begin = tile.end) {
    fill(row, begin, tile);
    for (int x = tile.begin; x < tile.end; x += kLane) {
      const Columns columns(row, tile, x);
      const Floats found = moments<factor>(row, tile, columns, nullptr).mean + first;
      if (x + kLane <= row.wide_width) {
        store(disparity + x, found);
      } else {
        for (int i = 0; x + i < row.wide_width; ++i) disparity[x + i] = found[i];
      }
    }
  }
}

// What d_disparity = 1 gives the cost of every given candidate of one vector of pixels, interpolated along x and y.
template <int factor>
[[gnu::always_inline]] inline void slopes(const UpsampledRow& row, const Tile& tile, const Columns& columns,
                                          float* out) {
  constexpr int half = factor / 2;
  const Moments m = moments<factor>(row, tile, columns, out);
  if (m.plain) {
    for (int k = 0; k < row.candidates; ++k) store(out + k * kLane, Floats{});
    for_each<factor>(row, tile, columns, [&](int d, Floats e, int k, float weight) {
      const Floats slope = plain_weight<factor>(e, m.shift) / m.total * (m.mean - static_cast<float>(d));
      store(out + k * kLane, load<Floats>(out + k * kLane) + slope * (1.0f - weight));
      if (weight > 0) store(out + (k + 1) * kLane, load<Floats>(out + (k + 1) * kLane) + slope * weight);
    });
    return;
  }
  const Floats scale = -1.0f / m.total;
  Floats u = load<Floats>(out), a = u * u;
  Floats from_before = power<factor>(a) * (0.5f * (half - 1) - m.mean) * static_cast<float>(half);
  for (int k = 0; k + 1 < row.candidates; ++k) {
    const Floats v = load<Floats>(out + (k + 1) * kLane), b = v * v;
    const Between<factor> part(u, v, a, b);
    const Floats offset = static_cast<float>(factor * k + half) - m.mean;
    const Floats sum = fma(offset, part.sum, part.first);        // of weight * (candidate - mean)
    const Floats moment = fma(offset, part.first, part.second);  // the same, times j
    const Floats to_next = fma(moment, Floats{} + 2.0f, sum) * (0.5f / factor);
    store(out + k * kLane, (from_before + (sum - to_next)) * scale);
    from_before = to_next;
    u = v;
    a = b;
  }
  const Floats end = power<factor>(a) * ((factor * row.candidates - 0.5f * (half + 1)) - m.mean);
  store(out + (row.candidates - 1) * kLane, (from_before + end * static_cast<float>(half)) * scale);
}

template <int factor>
void backward(const UpsampledRow& row, const float* d_disparity, float* d_top, float* d_bottom, std::ptrdiff_t d_step) {
  Tile tile;
  alignas(64) float given[kRoom + kLane];  // gradients of the columns of the tile
  alignas(64) float out[kUpsampledCandidates * kLane];
  for (int begin = 0; begin < row.wide_width; begin = tile.end) {
    fill(row, begin, tile);
    for (int i = 0; i < row.candidates * tile.pitch; ++i) given[i] = 0;
    for (int x = tile.begin; x < tile.end; x += kLane) {
      const Columns columns(row, tile, x);
      slopes<factor>(row, tile, columns, out);
      for (int i = 0; i < kLane && x + i < row.wide_width; ++i) {
        const float near = columns.near[i] * d_disparity[x + i], far = columns.far[i] * d_disparity[x + i];
        float* to = given + columns.base + columns.index[i];
        for (int k = 0; k < row.candidates; ++k) {
          to[k * tile.pitch] += near * out[k * kLane + i];
          to[k * tile.pitch + 1] += far * out[k * kLane + i];
        }
      }
    }
    const float top_weight = 1.0f - row.bottom_weight;
    const int inside = row.width - tile.column < tile.pitch ? row.width - tile.column : tile.pitch;
    for (int k = 0; k < row.candidates; ++k) {
      const float* from = given + k * tile.pitch;
      float beyond = 0;  // columns that repeat the last one
      for (int x = inside; x < tile.pitch; ++x) beyond += from[x];
      given[k * tile.pitch + inside - 1] += beyond;
      float* to_top = d_top ? d_top + k * d_step + tile.column : nullptr;
      float* to_bottom = d_bottom ? d_bottom + k * d_step + tile.column : nullptr;
      for (int x = 0; to_top && x < inside; ++x) to_top[x] += top_weight * from[x];
      for (int x = 0; to_bottom && x < inside; ++x) to_bottom[x] += row.bottom_weight * from[x];
    }
  }
}

}  // namespace

void upsampled_soft_argmin_row(const UpsampledRow& row, float first, float* disparity) {
  if (row.factor == 2) return forward<2>(row, first, disparity);
  if (row.factor == 4) return forward<4>(row, first, disparity);
  forward<8>(row, first, disparity);
}

void upsampled_soft_argmin_backward_row(const UpsampledRow& row, const float* d_disparity, float* d_top,
                                        float* d_bottom, std::ptrdiff_t d_step) {
  if (row.factor == 2) return backward<2>(row, d_disparity, d_top, d_bottom, d_step);
  if (row.factor == 4) return backward<4>(row, d_disparity, d_top, d_bottom, d_step);
  backward<8>(row, d_disparity, d_top, d_bottom, d_step);
}

}  // namespace geomvision::kernels::GEOMVISION_ISA

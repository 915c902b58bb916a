#include "kernels/undistortion.hpp"

#include "kernels/double_lanes.hpp"

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

constexpr int tile = 128;
constexpr double endless = __builtin_inf(), no_number = __builtin_nan("");

struct Point {
  Doubles x, y;
};

struct Distorted {
  Point at;
  Doubles xx, xy, yx, yy;  // derivatives
};

template <bool rational, bool prism>
[[gnu::always_inline]] inline Distorted distort(const double* k, const Point& p) {
  const Doubles s = p.x * p.x + p.y * p.y;
  Doubles radial = 1.0 + s * (k[0] + s * (k[1] + s * k[4]));
  Doubles growth = k[0] + s * (2.0 * k[1] + s * (3.0 * k[4]));
  if (rational) {
    const Doubles d = 1.0 + s * (k[5] + s * (k[6] + s * k[7])), dd = k[5] + s * (2.0 * k[6] + s * (3.0 * k[7]));
    const Doubles inverse = 1.0 / d;
    radial = radial * inverse;
    growth = (growth - radial * dd) * inverse;
  }
  const Doubles xy = 2.0 * p.x * p.y, xx = 2.0 * p.x * p.x, yy = 2.0 * p.y * p.y;
  const Doubles across = 2.0 * p.x, down = 2.0 * p.y;
  const Doubles mixed = xy * growth + (k[2] * across + k[3] * down);
  Distorted out{{p.x * radial + (k[2] * xy + k[3] * (s + xx)), p.y * radial + (k[2] * (s + yy) + k[3] * xy)},
                radial + xx * growth + (k[2] * down + 3.0 * k[3] * across),
                mixed,
                mixed,
                radial + yy * growth + (3.0 * k[2] * down + k[3] * across)};
  if (prism) {
    const Doubles of_x = k[8] + 2.0 * k[9] * s, of_y = k[10] + 2.0 * k[11] * s;
    out.at.x += s * (k[8] + s * k[9]);
    out.at.y += s * (k[10] + s * k[11]);
    out.xx += across * of_x;
    out.xy += down * of_x;
    out.yx += across * of_y;
    out.yy += down * of_y;
  }
  return out;
}

[[gnu::always_inline]] inline Doubles larger(Doubles a, Doubles b) { return a > b ? a : b; }
[[gnu::always_inline]] inline Doubles size_of(Doubles a) { return a < 0.0 ? -a : a; }

// Newton's iteration with steps that are shortened until they lead downhill; a lane that stands is left alone.
template <bool rational, bool prism>
[[gnu::always_inline]] inline Point undistorted(const BrownLens& lens, const Point& wanted) {
  constexpr int most_rounds = 60;
  constexpr double last_step = 1e-8, rounding = 1e-13, solved = 1e-11;
  const Doubles none = Doubles{} + no_number, scale = larger(size_of(wanted.x), size_of(wanted.y));
  const Doubles unit = scale > 1.0 ? scale : Doubles{} + 1.0;
  const double square = lens.limit * lens.limit;
  const Doubles s = wanted.x * wanted.x + wanted.y * wanted.y, series = 1.0 + s * (lens.back[0] + s * lens.back[1]);
  const Doubles start = series > 0.5 ? (series < 2.0 ? series : Doubles{} + 2.0) : Doubles{} + 0.5;
  Point found = wanted, trial{wanted.x * start, wanted.y * start};
  Doubles error = Doubles{} + endless, step_x = Doubles{}, step_y = Doubles{};
  auto open = scale < endless;
  for (int round = 0; round < most_rounds && any(open); ++round) {
    const Doubles radius = trial.x * trial.x + trial.y * trial.y;
    const auto beyond = open & (radius > square);
    if (any(beyond)) {
      const Doubles shrink = lens.limit / root(radius);
      trial = {beyond ? trial.x * shrink : trial.x, beyond ? trial.y * shrink : trial.y};
    }
    const Distorted there = distort<rational, prism>(lens.k, trial);
    const Doubles miss_x = there.at.x - wanted.x, miss_y = there.at.y - wanted.y;
    const Doubles miss = larger(size_of(miss_x), size_of(miss_y));
    const auto better = open & (miss < error);
    const Doubles inverse = 1.0 / (there.xx * there.yy - there.xy * there.yx);
    const Doubles full_x = (miss_x * there.yy - miss_y * there.xy) * inverse;
    const Doubles full_y = (miss_y * there.xx - miss_x * there.yx) * inverse;
    step_x = better ? full_x : 0.25 * step_x;
    step_y = better ? full_y : 0.25 * step_y;
    found = {better ? trial.x : found.x, better ? trial.y : found.y};
    error = better ? miss : error;
    trial = {found.x - step_x, found.y - step_y};
    const auto small = larger(size_of(step_x), size_of(step_y)) <= last_step * unit;
    const auto inside = trial.x * trial.x + trial.y * trial.y <= square;
    // Errors square with every full step: after a small one there is nothing left to do.
    const auto done = better & small & inside & (miss <= last_step * unit);
    found = {done ? trial.x : found.x, done ? trial.y : found.y};
    error = done ? Doubles{} : error;
    open = open & (done == 0) & ((better | (error > rounding * unit)) != 0);
  }
  const auto good = (error <= solved * unit) & (scale < endless);
  return {good ? found.x : none, good ? found.y : none};
}

[[gnu::always_inline]] inline Point untilted(const double* h, const Point& p) {
  const Doubles w = h[6] * p.x + h[7] * p.y + h[8], none = Doubles{} + no_number;
  const auto ahead = w > 0.0;
  return {ahead ? (h[0] * p.x + h[1] * p.y + h[2]) / w : none, ahead ? (h[3] * p.x + h[4] * p.y + h[5]) / w : none};
}

template <bool rational, bool prism>
[[gnu::always_inline]] inline void undistort_all(const BrownLens& lens, const double* pixels, double* plane,
                                                 std::ptrdiff_t all) {
  alignas(64) double rows[2][tile];
  for (std::ptrdiff_t at = 0; at < all; at += tile) {
    const int count = static_cast<int>(all - at < tile ? all - at : tile);
    to_rows<2>(pixels + 2 * at, count, rows);
    for (int i = count; i < tile && i % double_lanes != 0; ++i) rows[0][i] = rows[1][i] = no_number;
    for (int i = 0; i < count; i += double_lanes) {
      Point p{(load<Doubles>(rows[0] + i) - lens.cx) / lens.fx, (load<Doubles>(rows[1] + i) - lens.cy) / lens.fy};
      if (lens.tilted) p = untilted(lens.flat, p);
      p = undistorted<rational, prism>(lens, p);
      store(rows[0] + i, p.x);
      store(rows[1] + i, p.y);
    }
    from_rows<2>(rows, count, plane + 2 * at);
  }
}

}  // namespace

void undistort_points(const BrownLens& lens, const double* pixels, double* plane, std::ptrdiff_t count) {
  if (lens.prism) return undistort_all<true, true>(lens, pixels, plane, count);
  if (lens.rational) return undistort_all<true, false>(lens, pixels, plane, count);
  undistort_all<false, false>(lens, pixels, plane, count);
}

}  // namespace geomvision::kernels::GEOMVISION_ISA

#include "kernels/track.hpp"

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

typedef float Vector4 __attribute__((vector_size(16)));
typedef float Vector8 __attribute__((vector_size(32), aligned(4), may_alias));
typedef float Vector16 __attribute__((vector_size(64), aligned(4), may_alias));
typedef int Mask8 __attribute__((vector_size(32)));
typedef int Mask16 __attribute__((vector_size(64)));

constexpr int widest = 256;

struct Eight {
  using Floats = Vector8;
  using Ints = Mask8;
  static constexpr Ints counting = {0, 1, 2, 3, 4, 5, 6, 7};
  static constexpr int lanes = 8;
};

struct Sixteen {
  using Floats = Vector16;
  using Ints = Mask16;
  static constexpr Ints counting = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  static constexpr int lanes = 16;
};

template <typename Lanes>
const typename Lanes::Floats& at(const float* values) {
  return *reinterpret_cast<const typename Lanes::Floats*>(values);
}

template <typename Lanes>
typename Lanes::Floats& at(float* values) {
  return *reinterpret_cast<typename Lanes::Floats*>(values);
}

// The values, loaded for good: they lie across two cache lines, and the compiler would load them for each use.
template <typename Lanes>
void load_once(const float* values, typename Lanes::Floats& loaded) {
  loaded = at<Lanes>(values);
#if defined(__AVX512F__)
  __asm__("" : "+v"(loaded));
#endif
}

// Calls body(lanes, x) for columns x, x + 1, ... of a window.
template <typename Body>
void for_columns(int window, const Body& body) {
  int x = 0;
  for (; x + 8 < window; x += 16) body(Sixteen(), x);
  if (x < window) body(Eight(), x);
}

// Rows of a window of one plane, from the first that is in the image on, at columns x, x + 1, ...
template <typename Lanes>
struct Rows {
  using Floats = typename Lanes::Floats;

  Rows(const TrackWindow& window, int x)
      : next(window.pixels + window.first_row * window.stride + x),
        stride(window.stride),
        fx(window.fx),
        fy(window.fy) {
    Floats left;
    load_once<Lanes>(next, left);
    upper = left + fx * (at<Lanes>(next + 1) - left);
  }

  // The next row, interpolated.
  void take(Floats& values) {
    next += stride;
    Floats left;
    load_once<Lanes>(next, left);
    const Floats lower = left + fx * (at<Lanes>(next + 1) - left);
    values = upper + fy * (lower - upper);
    upper = lower;
  }

  const float* next;
  std::ptrdiff_t stride;
  float fx, fy;
  Floats upper;
};

// `values` where columns x, x + 1, ... are in the image, else 0.
template <typename Lanes>
void keep(const TrackWindow& window, int x, typename Lanes::Floats& values) {
  const typename Lanes::Ints column = Lanes::counting + x;
  const typename Lanes::Floats none = {};
  values = (column >= window.first_column) & (column < window.last_column) ? values : none;
}

// The power of two that `fold` begins with.
int whole_power(int count) {
  int power = 8;
  while (power < count) power *= 2;
  return power;
}

// What the vectors of a window of columns leave untouched of a row of sums.
void clear(float* values, int window, int power) {
  for (int i = window / 8 * 8; i < power; i += 8) at<Eight>(values + i) = Vector8{};
}

// Sum of `power` values by adding halves.
float fold(float* values, int power) {
  for (int half = power / 2; half >= 8; half /= 2) {
    for (int i = 0; i < half; i += 8) at<Eight>(values + i) += at<Eight>(values + half + i);
  }
  const Vector8 last = at<Eight>(values);
  const Vector4 four =
      __builtin_shufflevector(last, last, 0, 1, 2, 3) + __builtin_shufflevector(last, last, 4, 5, 6, 7);
  return (four[0] + four[2]) + (four[1] + four[3]);
}

}  // namespace

void track_cut(const TrackWindow* windows, int window, int pitch, float* cut, float* tensor) {
  const std::ptrdiff_t plane = static_cast<std::ptrdiff_t>(window) * pitch;
  const int power = whole_power(window);
  float sums[3][widest];
  for (int k = 0; k < 3; ++k) clear(sums[k], window, power);
  for_columns(window, [&](auto lanes, int x) {
    using Lanes = decltype(lanes);
    using Floats = typename Lanes::Floats;
    const TrackWindow& in = windows[0];
    const Floats none = {};
    for (int y = 0; y < window; ++y) {
      if (y >= in.first_row && y < in.last_row) continue;
      for (int k = 0; k < 3; ++k) at<Lanes>(cut + k * plane + y * pitch + x) = none;
    }
    Rows<Lanes> grey(windows[0], x), along(windows[1], x), down(windows[2], x);
    Floats xx = none, xy = none, yy = none;
    for (int y = in.first_row; y < in.last_row; ++y) {
      Floats values, gx, gy;
      grey.take(values);
      along.take(gx);
      down.take(gy);
      if (x + Lanes::lanes > in.last_column || x < in.first_column) {
        keep<Lanes>(in, x, values);
        keep<Lanes>(in, x, gx);
        keep<Lanes>(in, x, gy);
      }
      float* out = cut + y * pitch + x;
      at<Lanes>(out) = values;
      at<Lanes>(out + plane) = gx;
      at<Lanes>(out + 2 * plane) = gy;
      xx += gx * gx;
      xy += gx * gy;
      yy += gy * gy;
    }
    at<Lanes>(sums[0] + x) = xx;
    at<Lanes>(sums[1] + x) = xy;
    at<Lanes>(sums[2] + x) = yy;
  });
  for (int k = 0; k < 3; ++k) tensor[k] = fold(sums[k], power);
}

void track_compare(const TrackWindow& in, int window, int pitch, const float* cut, float* sums) {
  const std::ptrdiff_t plane = static_cast<std::ptrdiff_t>(window) * pitch;
  const bool whole = in.first_row == 0 && in.last_row == window && in.first_column == 0 && in.last_column == window;
  const int power = whole_power(window);
  const int wanted = whole ? 2 : 5;
  float columns[5][widest];
  for (int k = 0; k < wanted; ++k) clear(columns[k], window, power);
  for_columns(window, [&](auto lanes, int x) {
    using Lanes = decltype(lanes);
    using Floats = typename Lanes::Floats;
    Rows<Lanes> grey(in, x);
    Floats xt = {}, yt = {}, xx = {}, xy = {}, yy = {};
    for (int y = in.first_row; y < in.last_row; ++y) {
      const float* from = cut + y * pitch + x;
      Floats t;
      grey.take(t);
      t -= at<Lanes>(from);
      Floats gx = at<Lanes>(from + plane);
      Floats gy = at<Lanes>(from + 2 * plane);
      if (!whole) {
        keep<Lanes>(in, x, t);
        keep<Lanes>(in, x, gx);
        keep<Lanes>(in, x, gy);
        xx += gx * gx;
        xy += gx * gy;
        yy += gy * gy;
      }
      xt += gx * t;
      yt += gy * t;
    }
    at<Lanes>(columns[0] + x) = xt;
    at<Lanes>(columns[1] + x) = yt;
    at<Lanes>(columns[2] + x) = xx;
    at<Lanes>(columns[3] + x) = xy;
    at<Lanes>(columns[4] + x) = yy;
  });
  for (int k = 0; k < wanted; ++k) sums[k] = fold(columns[k], power);
}

}  // namespace geomvision::kernels::GEOMVISION_ISA

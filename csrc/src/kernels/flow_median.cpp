#include "kernels/flow.hpp"
#include "kernels/lanes.hpp"

// Medians by minima and maxima without branches (Knuth, The Art of Computer Programming, 5.3.4).

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

constexpr int lanes = kLanes<float>;

[[gnu::always_inline]] inline Floats smaller(Floats a, Floats b) { return a < b ? a : b; }
[[gnu::always_inline]] inline Floats larger(Floats a, Floats b) { return a > b ? a : b; }

[[gnu::always_inline]] inline void order(Floats& a, Floats& b) {
  const Floats low = smaller(a, b);
  b = larger(a, b);
  a = low;
}

[[gnu::always_inline]] inline void sort_three(Floats* v) {
  order(v[0], v[1]);
  order(v[1], v[2]);
  order(v[0], v[1]);
}

// Of 2 radius values the two in the middle.
template <int radius>
[[gnu::always_inline]] inline void middle(Floats* v, Floats& low, Floats& high) {
  if constexpr (radius == 1) {
    low = smaller(v[0], v[1]);
    high = larger(v[0], v[1]);
  } else if constexpr (radius == 2) {
    order(v[0], v[1]);
    order(v[2], v[3]);
    low = larger(v[0], v[2]);
    high = smaller(v[1], v[3]);
    order(low, high);
  } else {  // of six as two sorted triples, the third is above any three of them, the fourth below
    sort_three(v);
    sort_three(v + 3);
    const Floats third = smaller(larger(v[0], v[4]), larger(v[1], v[3]));
    const Floats fourth = larger(smaller(v[1], v[5]), smaller(v[2], v[4]));
    low = smaller(third, smaller(v[2], v[5]));
    high = larger(fourth, larger(v[0], v[3]));
  }
}

// Medians of the first and of the last 2 radius + 1 of 2 radius + 2 values: all but one are in both.
// -0 becomes 0: which of two equal zeros is taken is open.
template <int radius>
[[gnu::always_inline]] inline void medians(Floats* v, Floats& first, Floats& second) {
  if constexpr (radius == 0) {
    first = v[0] + 0.0f;
    second = v[1] + 0.0f;
  } else {
    Floats low, high;
    middle<radius>(v + 1, low, high);
    first = larger(low, smaller(high, v[0])) + 0.0f;
    second = larger(low, smaller(high, v[2 * radius + 1])) + 0.0f;
  }
}

void store(const Floats& value, int count, float* out) {
  if (count >= lanes) {
    store(out, value);
  } else {
    for (int i = 0; i < count; ++i) out[i] = value[i];
  }
}

template <int radius>
void medians_of_rows(const float* const* rows, int width, float* first, float* second) {
  for (int x = 0; x < width; x += lanes) {
    Floats v[2 * radius + 2], medians_first, medians_second;
    for (int k = 0; k < 2 * radius + 2; ++k) v[k] = load<Floats>(rows[k] + x);
    medians<radius>(v, medians_first, medians_second);
    store(medians_first, width - x, first + x);
    if (second != nullptr) store(medians_second, width - x, second + x);
  }
}

// Neighbours share their values as rows do, once every second pixel lies in a row of its own.
template <int radius>
void medians_of_columns(const float* row, int width, float* out) {
  constexpr int half = 128;
  float every[2][half + 2 * lanes] = {}, found[2][half];
  for (int x = 0; x < width; x += 2 * half) {
    const int count = width - x < 2 * half ? width - x : 2 * half;
    const float* from = row + x - radius;
    for (int i = 0; i < count / 2 + radius + 1; ++i) every[0][i] = from[2 * i], every[1][i] = from[2 * i + 1];
    for (int i = 0; 2 * i < count; i += lanes) {
      Floats v[2 * radius + 2], medians_first, medians_second;
      for (int k = 0; k < 2 * radius + 2; ++k) v[k] = load<Floats>(every[k % 2] + i + k / 2);
      medians<radius>(v, medians_first, medians_second);
      store(found[0] + i, medians_first);
      store(found[1] + i, medians_second);
    }
    for (int i = 0; i < count / 2; ++i) out[x + 2 * i] = found[0][i], out[x + 2 * i + 1] = found[1][i];
    if (count % 2 == 1) out[x + count - 1] = found[0][count / 2];
  }
}

}  // namespace

void flow_median_columns(const float* row, int radius, int width, float* out) {
  const auto run =
      radius == 0
          ? medians_of_columns<0>
          : (radius == 1 ? medians_of_columns<1> : (radius == 2 ? medians_of_columns<2> : medians_of_columns<3>));
  run(row, width, out);
}

void flow_median_rows(const float* const* rows, int radius, int width, float* first, float* second) {
  const auto run = radius == 0
                       ? medians_of_rows<0>
                       : (radius == 1 ? medians_of_rows<1> : (radius == 2 ? medians_of_rows<2> : medians_of_rows<3>));
  run(rows, width, first, second);
}

}  // namespace geomvision::kernels::GEOMVISION_ISA

#include "kernels/flow.hpp"

// Medians by compare-exchanges without branches (Knuth, The Art of Computer Programming, 5.3.4).

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

typedef float Vector __attribute__((vector_size(64), aligned(4), may_alias));
constexpr int lanes = 16;

void order(Vector& low, Vector& high) {
  const Vector a = low;
  const Vector b = high;
  low = a < b ? a : b;
  high = a > b ? a : b;
}

// The median goes to the middle of `v`.
void median_of_3(Vector* v) {
  order(v[0], v[1]);
  order(v[1], v[2]);
  order(v[0], v[1]);
}

void median_of_5(Vector* v) {
  order(v[0], v[1]);
  order(v[3], v[4]);
  order(v[0], v[3]);  // v[0] is below three others, so not the median
  order(v[1], v[4]);  // v[4] is above three others
  median_of_3(v + 1);
}

void median_of_7(Vector* v) {
  order(v[0], v[5]);
  order(v[0], v[3]);
  order(v[1], v[6]);
  order(v[2], v[4]);
  order(v[0], v[1]);
  order(v[3], v[5]);
  order(v[2], v[6]);
  order(v[2], v[3]);
  order(v[3], v[6]);
  order(v[4], v[5]);
  order(v[1], v[4]);
  order(v[1], v[3]);
  order(v[3], v[4]);
}

void store(const Vector& value, int count, float* out) {
  if (count >= lanes) {
    *reinterpret_cast<Vector*>(out) = value;
  } else {
    for (int i = 0; i < count; ++i) out[i] = value[i];
  }
}

// The medians of `count` values each; at(x, k) is where value k of columns x, x + 1, ... begins.
// -0 becomes 0: which of two equal zeros is taken is open.
template <int count, typename Values, typename Median>
void medians(const Values& at, const Median& median, int width, float* out) {
  for (int x = 0; x < width; x += lanes) {
    Vector v[count];
    for (int k = 0; k < count; ++k) v[k] = *reinterpret_cast<const Vector*>(at(x, k));
    median(v);
    store(v[count / 2] + 0.0f, width - x, out + x);
  }
}

template <typename Values>
void medians(const Values& at, int radius, int width, float* out) {
  if (radius == 0) {
    medians<1>(at, [](Vector*) {}, width, out);
  } else if (radius == 1) {
    medians<3>(at, [](Vector* v) { median_of_3(v); }, width, out);
  } else if (radius == 2) {
    medians<5>(at, [](Vector* v) { median_of_5(v); }, width, out);
  } else {
    medians<7>(at, [](Vector* v) { median_of_7(v); }, width, out);
  }
}

}  // namespace

void flow_median_columns(const float* row, int radius, int width, float* out) {
  medians([row, radius](int x, int k) { return row + x + k - radius; }, radius, width, out);
}

void flow_median_rows(const float* const* rows, int radius, int width, float* out) {
  medians([rows](int x, int k) { return rows[k] + x; }, radius, width, out);
}

}  // namespace geomvision::kernels::GEOMVISION_ISA

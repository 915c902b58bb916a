#include "kernels/matching_costs.hpp"

#include "kernels/lanes.hpp"

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

template <typename T>
struct Nothing;
template <>
struct Nothing<std::uint8_t> {
  static constexpr std::uint8_t cost = 255;
};
template <>
struct Nothing<std::uint16_t> {
  static constexpr std::uint16_t cost = 65535;
};
template <>
struct Nothing<std::int32_t> {
  static constexpr std::int32_t cost = 2147483647;
};
template <>
struct Nothing<float> {
  static constexpr float cost = __builtin_nanf("");
};
template <>
struct Nothing<double> {
  static constexpr double cost = __builtin_nan("");
};

// costs[x * count + k] = cost(x, where the candidate lies in mirrored rows), and nothing outside the right image.
template <typename Cost, typename Of>
void each_candidate(const VolumeRow& row, Cost* __restrict costs, const Of& of) {
  for (int x = 0; x < row.width; ++x, costs += row.count) {
    const int d = x - row.first;
    int begin = d - (row.width - 1), end = d + 1;
    begin = begin < 0 ? 0 : (begin < row.count ? begin : row.count);
    end = end < begin ? begin : (end < row.count ? end : row.count);
    for (int k = 0; k < begin; ++k) costs[k] = Nothing<Cost>::cost;
    of(x, row.width - 1 - d, begin, end, costs);
    for (int k = end; k < row.count; ++k) costs[k] = Nothing<Cost>::cost;
  }
}

template <typename Wide, typename T, typename Cost>
void absolute(const VolumeRow& row, const T* left, const T* mirrored, Cost* costs) {
  each_candidate(row, costs, [=](int x, int shift, int begin, int end, Cost* __restrict out) {
    const Wide here = left[x];
    for (int k = begin; k < end; ++k) {
      const Wide there = mirrored[shift + k];
      out[k] = static_cast<Cost>(here < there ? there - here : here - there);
    }
  });
}

template <typename Wide, typename T, typename Cost>
void squared(const VolumeRow& row, const T* left, const T* mirrored, Cost* costs) {
  each_candidate(row, costs, [=](int x, int shift, int begin, int end, Cost* __restrict out) {
    const Wide here = left[x];
    for (int k = begin; k < end; ++k) {
      const Wide difference = here - static_cast<Wide>(mirrored[shift + k]);
      out[k] = static_cast<Cost>(difference * difference);
    }
  });
}

inline std::uint8_t set_bits(std::uint64_t word) {
  word = word - ((word >> 1) & 0x5555555555555555u);
  word = (word & 0x3333333333333333u) + ((word >> 2) & 0x3333333333333333u);
  word = (word + (word >> 4)) & 0x0f0f0f0f0f0f0f0fu;
  return static_cast<std::uint8_t>((word * 0x0101010101010101u) >> 56);
}

template <typename T>
inline T larger(T a, T b) {
  return a < b ? b : a;
}

template <typename T>
void birchfield_tomasi(const VolumeRow& row, const T* const* left, const T* const* mirrored, T* costs) {
  const T *right = mirrored[0], *least = mirrored[1], *largest = mirrored[2];
  each_candidate(row, costs, [=](int x, int shift, int begin, int end, T* __restrict out) {
    const T here = left[0][x], low = left[1][x], high = left[2][x];
    for (int k = begin; k < end; ++k) {
      const T there = right[shift + k];
      const T from_left = larger(larger(here - largest[shift + k], least[shift + k] - here), T(0));
      const T from_right = larger(larger(there - high, low - there), T(0));
      out[k] = here - there != here - there ? here - there : (from_left < from_right ? from_left : from_right);
    }
  });
}

// Bits first ... last - 1 of a vector of words, each bit in the lane that is compared.
[[gnu::always_inline]] inline Ints census_bits(const float* const* neighbours, int first, int last, Floats centre,
                                               int x) {
  Ints bits = {};
  for (int bit = first; bit < last; ++bit) bits |= (load<Floats>(neighbours[bit] + x) < centre) & (1 << (bit - first));
  return bits;
}

// Sums of `some` candidates' products over the rows of a column; they stay in registers where `some` is a constant.
template <int most, typename T>
[[gnu::always_inline]] inline void column_products(const T* left, std::ptrdiff_t left_step, const T* candidates,
                                                   std::ptrdiff_t step, int rows, int some, T* sums) {
  T total[most] = {};
  for (int row = 0; row < rows; ++row, left += left_step, candidates += step) {
    for (int k = 0; k < some; ++k) total[k] += *left * candidates[k];
  }
  for (int k = 0; k < some; ++k) sums[k] = total[k];
}

template <typename T>
void sum_products(const T* left, const T* mirrored, int rows, int columns, int count, T* sums) {
  constexpr int most = 256 / sizeof(T);
  const std::ptrdiff_t step = columns + count - 1;
  for (int i = 0; i < columns; ++i, sums += count) {
    const T* candidates = mirrored + (columns - 1 - i);
    int k = 0;
    for (; k + most <= count; k += most) {
      column_products<most>(left + i, columns, candidates + k, step, rows, most, sums + k);
    }
    if (k < count) column_products<most>(left + i, columns, candidates + k, step, rows, count - k, sums + k);
  }
}

template <typename T>
void sum_runs(const T* values, int runs, int count, T* __restrict sums) {
  for (int k = 0; k < count; ++k) sums[k] = values[k];
  for (int run = 1; run < runs; ++run) {
    values += count;
    for (int k = 0; k < count; ++k) sums[k] += values[k];
  }
}

template <typename Sum, typename Cost>
void correlation_costs(const Sum* sums, int count, double area, double sum, double scale, const double* met_sums,
                       const double* met_scales, Cost* __restrict costs) {
  for (int k = 0; k < count; ++k) {
    const double r = (area * static_cast<double>(sums[k]) - sum * met_sums[k]) * scale * met_scales[k];
    const double above = r < -1.0 ? -1.0 : r;  // NaN stays
    costs[k] = static_cast<Cost>(1.0 - (above > 1.0 ? 1.0 : above));
  }
}

}  // namespace

#define GEOMVISION_DEFINE_DIFFERENCES(T, Difference, Square, Wide, WideSquare, suffix)                    \
  void absolute_row_##suffix(const VolumeRow& row, const T* left, const T* mirrored, Difference* costs) { \
    absolute<Wide>(row, left, mirrored, costs);                                                           \
  }                                                                                                       \
  void squared_row_##suffix(const VolumeRow& row, const T* left, const T* mirrored, Square* costs) {      \
    squared<WideSquare>(row, left, mirrored, costs);                                                      \
  }
GEOMVISION_DEFINE_DIFFERENCES(std::uint8_t, std::uint16_t, std::uint16_t, std::int32_t, std::int32_t, u8)
GEOMVISION_DEFINE_DIFFERENCES(std::uint16_t, std::int32_t, float, std::int32_t, float, u16)
GEOMVISION_DEFINE_DIFFERENCES(float, float, float, float, float, f32)
GEOMVISION_DEFINE_DIFFERENCES(double, double, double, double, double, f64)
#undef GEOMVISION_DEFINE_DIFFERENCES

void census_words_f32(const float* const* neighbours, int bits, const float* centre, int width, std::int64_t* words) {
  constexpr int lanes = kLanes<float>;
  for (int x = 0; x < width; x += lanes) {
    const Floats here = load<Floats>(centre + x);
    const Ints low = census_bits(neighbours, 0, bits < 31 ? bits : 31, here, x);
    const Ints high = census_bits(neighbours, 31, bits, here, x);
    const int count = width - x < lanes ? width - x : lanes;
    for (int i = 0; i < count; ++i) words[x + i] = std::int64_t{high[i]} << 31 | low[i];
  }
}

void census_words_f64(const double* const* neighbours, int bits, const double* centre, int width, std::int64_t* words) {
  for (int x = 0; x < width; ++x) words[x] = 0;
  for (int bit = 0; bit < bits; ++bit) {
    const double* neighbour = neighbours[bit];
    for (int x = 0; x < width; ++x) words[x] |= static_cast<std::int64_t>(neighbour[x] < centre[x]) << bit;
  }
}

void hamming_row(const VolumeRow& row, const std::int64_t* left, const std::int64_t* mirrored, std::uint8_t* costs) {
  each_candidate(row, costs, [=](int x, int shift, int begin, int end, std::uint8_t* __restrict out) {
    const std::int64_t here = left[x];
    for (int k = begin; k < end; ++k) out[k] = set_bits(static_cast<std::uint64_t>(here ^ mirrored[shift + k]));
  });
}

void birchfield_tomasi_row_f32(const VolumeRow& row, const float* const* left, const float* const* mirrored,
                               float* costs) {
  birchfield_tomasi(row, left, mirrored, costs);
}

void birchfield_tomasi_row_f64(const VolumeRow& row, const double* const* left, const double* const* mirrored,
                               double* costs) {
  birchfield_tomasi(row, left, mirrored, costs);
}

void sum_products_f32(const float* left, const float* mirrored, int rows, int columns, int count, float* sums) {
  sum_products(left, mirrored, rows, columns, count, sums);
}

void sum_products_f64(const double* left, const double* mirrored, int rows, int columns, int count, double* sums) {
  sum_products(left, mirrored, rows, columns, count, sums);
}

void sum_runs_f32(const float* values, int runs, int count, float* sums) { sum_runs(values, runs, count, sums); }

void sum_runs_f64(const double* values, int runs, int count, double* sums) { sum_runs(values, runs, count, sums); }

#define GEOMVISION_DEFINE_CORRELATION(name, Sum, Cost)                                                 \
  void name(const Sum* sums, int count, double area, double sum, double scale, const double* met_sums, \
            const double* met_scales, Cost* costs) {                                                   \
    correlation_costs(sums, count, area, sum, scale, met_sums, met_scales, costs);                     \
  }
GEOMVISION_DEFINE_CORRELATION(correlation_costs_f32_f32, float, float)
GEOMVISION_DEFINE_CORRELATION(correlation_costs_f64_f32, double, float)
GEOMVISION_DEFINE_CORRELATION(correlation_costs_f64_f64, double, double)
#undef GEOMVISION_DEFINE_CORRELATION

}  // namespace geomvision::kernels::GEOMVISION_ISA

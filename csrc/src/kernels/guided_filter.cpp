#include "kernels/guided_filter.hpp"

#include "kernels/value_range.hpp"

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

// `lanes` doubles that are added and multiplied together: as many registers as they need, or a plain number.
#if defined(__AVX512F__)
constexpr int in_register = 8;
#elif defined(__AVX__)
constexpr int in_register = 4;
#else
constexpr int in_register = 2;
#endif

template <int lanes, typename T>
struct Vector {
#ifdef __GNUC__
  using Part [[gnu::vector_size(sizeof(T) * in_register)]] = T;
  static constexpr int parts = lanes / in_register;
#else
  using Part = T;
  static constexpr int parts = lanes;
#endif
};
template <typename T>
struct Vector<1, T> {
  using Part = T;
  static constexpr int parts = 1;
};

template <int lanes>
struct Pack {
  static constexpr int parts = Vector<lanes, double>::parts;
  typename Vector<lanes, double>::Part part[parts];

  // Of fewer than `lanes` values the rest is 0.
  template <typename T>
  [[gnu::always_inline]] static Pack load(const T* from, int valid = lanes) {
    T padded[lanes] = {};
    if (valid < lanes) {
      for (int lane = 0; lane < valid; ++lane) padded[lane] = from[lane];
      from = padded;
    }
    Pack pack;
    for (int i = 0; i < parts; ++i) {
      typename Vector<lanes, T>::Part narrow;
      __builtin_memcpy(&narrow, from + i * (lanes / parts), sizeof narrow);
      if constexpr (lanes == parts) {
        pack.part[i] = static_cast<double>(narrow);
      } else {
        pack.part[i] = __builtin_convertvector(narrow, typename Vector<lanes, double>::Part);
      }
    }
    return pack;
  }

  template <typename T>
  [[gnu::always_inline]] void store(T* to, int valid = lanes) const {
    T padded[lanes];
    T* target = valid < lanes ? padded : to;
    for (int i = 0; i < parts; ++i) {
      typename Vector<lanes, T>::Part narrow;
      if constexpr (lanes == parts) {
        narrow = static_cast<T>(part[i]);
      } else {
        narrow = __builtin_convertvector(part[i], typename Vector<lanes, T>::Part);
      }
      __builtin_memcpy(target + i * (lanes / parts), &narrow, sizeof narrow);
    }
    if (valid < lanes) {
      for (int lane = 0; lane < valid; ++lane) to[lane] = padded[lane];
    }
  }

  [[gnu::always_inline]] Pack& operator+=(const Pack& other) {
    for (int i = 0; i < parts; ++i) part[i] += other.part[i];
    return *this;
  }
  [[gnu::always_inline]] Pack& operator-=(const Pack& other) {
    for (int i = 0; i < parts; ++i) part[i] -= other.part[i];
    return *this;
  }
  [[gnu::always_inline]] Pack operator*(double factor) const {
    Pack product;
    for (int i = 0; i < parts; ++i) product.part[i] = part[i] * factor;
    return product;
  }
  [[gnu::always_inline]] Pack operator+(const Pack& other) const { return Pack(*this) += other; }
  [[gnu::always_inline]] Pack operator-(const Pack& other) const { return Pack(*this) -= other; }
};

template <int channels, int lanes, typename T>
[[gnu::always_inline]] inline void add_pixels(const GuidedRow<T>& row, std::ptrdiff_t apart, double sign,
                                              double* __restrict sums) {
  using P = Pack<lanes>;
  const std::ptrdiff_t plane = static_cast<std::ptrdiff_t>(row.columns) * lanes;
  for (int x = 0; x < row.columns; ++x) {
    const T* values = row.values + x * apart;
    if (lanes > 1) __builtin_prefetch(values + row.ahead);
    double* sum = sums + static_cast<std::ptrdiff_t>(x) * lanes;
    const P value = P::load(values, row.valid) * sign;
    (P::load(sum) + value).store(sum);
    for (int c = 0; c < channels; ++c) {
      double* product = sum + (c + 1) * plane;
      (P::load(product) + value * row.guide[x * channels + c]).store(product);
    }
  }
}

template <int channels, int lanes, typename T>
void add(const GuidedRow<T>& row, double sign, double* __restrict sums) {
  if (lanes == 1 && row.slices == 1) return add_pixels<channels, lanes>(row, 1, sign, sums);  // side by side: vectors
  add_pixels<channels, lanes>(row, row.slices, sign, sums);
}

// Calls visit(pixel, sums of its window, 1 / number of pixels in it) from left to right.
template <int planes, int lanes, typename Visit>
[[gnu::always_inline]] inline void sweep(const GuidedWindow& window, const double* sums, const Visit& visit) {
  using P = Pack<lanes>;
  const std::ptrdiff_t plane = static_cast<std::ptrdiff_t>(window.columns) * lanes;
  P total[planes] = {};
  int begin = 0, end = 0;
  for (int i = 0; i < window.pixels; ++i) {
    const int first = i + window.offset - window.radius, last = i + window.offset + window.radius;
    if (window.afresh) {
      for (int p = 0; p < planes; ++p) total[p] = {};
      begin = end = first > 0 ? first : 0;
    }
    for (; end <= last && end < window.columns; ++end) {
      const double* entering = sums + static_cast<std::ptrdiff_t>(end) * lanes;
      for (int p = 0; p < planes; ++p) total[p] += P::load(entering + p * plane);
    }
    for (; begin < first; ++begin) {
      const double* leaving = sums + static_cast<std::ptrdiff_t>(begin) * lanes;
      for (int p = 0; p < planes; ++p) total[p] -= P::load(leaving + p * plane);
    }
    visit(i, total, 1.0 / (static_cast<double>(end - begin) * window.rows));
  }
}

template <int channels, int lanes, typename T>
void fit(const GuidedWindow& window, const double* sums, const T* windows, T* fits) {
  using P = Pack<lanes>;
  constexpr int facts = channels == 1 ? 2 : 9;
  const std::ptrdiff_t plane = static_cast<std::ptrdiff_t>(window.pixels) * lanes;
  const auto visit = [&](int i, const P* total, double scale) __attribute__((always_inline)) {
    const T* fact = windows + static_cast<std::ptrdiff_t>(i) * facts;
    T* to = fits + static_cast<std::ptrdiff_t>(i) * lanes;
    const P mean = total[0] * scale;
    if constexpr (channels == 1) {
      const P a = (total[1] * scale - mean * fact[0]) * fact[1];
      a.store(to);
      (mean - a * fact[0]).store(to + plane);
    } else {
      const P c0 = total[1] * scale - mean * fact[0], c1 = total[2] * scale - mean * fact[1],
              c2 = total[3] * scale - mean * fact[2];
      const P a0 = c0 * fact[3] + c1 * fact[4] + c2 * fact[5], a1 = c0 * fact[4] + c1 * fact[6] + c2 * fact[7],
              a2 = c0 * fact[5] + c1 * fact[7] + c2 * fact[8];
      a0.store(to);
      a1.store(to + plane);
      a2.store(to + 2 * plane);
      (mean - a0 * fact[0] - a1 * fact[1] - a2 * fact[2]).store(to + 3 * plane);
    }
  };
  sweep<channels + 1, lanes>(window, sums, visit);
}

template <int channels, int lanes, typename T>
void apply(const GuidedWindow& window, const double* sums, const T* guide, T* result, std::ptrdiff_t slices) {
  using P = Pack<lanes>;
  const auto visit = [&](int i, const P* total, double scale) __attribute__((always_inline)) {
    P sum = total[channels];
    for (int c = 0; c < channels; ++c) sum += total[c] * guide[i * channels + c];
    (sum * scale).store(result + i * slices, window.valid);
  };
  sweep<channels + 1, lanes>(window, sums, visit);
}

// Where pixels lie side by side, as those of one slice may, all at once, else `valid` slices of each: visit(values,
// count).
template <typename T, typename Visit>
[[gnu::always_inline]] inline void each_group(const GuidedRow<T>& row, const T* values, const Visit& visit) {
  if (row.lanes == 1 && row.slices == 1) return visit(values, row.columns);
  for (int x = 0; x < row.columns; ++x, values += row.slices) visit(values, row.valid);
}

template <typename T>
void sizes(const GuidedRow<T>& row, T* most, T* least) {
  ValueRange<T> range;
  each_group(row, row.values, [&](const T* values, int count) {
    int i = 0;
    for (; i + kRangeLanes <= count; i += kRangeLanes) range.add(values + i);
    if (i == count) return;
    T rest[kRangeLanes] = {};
    for (int k = 0; i < count; ++i, ++k) rest[k] = values[i];
    range.add(rest);
  });
  range.join(*most, *least);
}

template <typename T>
bool drowns(const GuidedRow<T>& first, int rows, std::ptrdiff_t apart, T most, T least) {
  const std::int64_t count = std::int64_t{rows} * first.columns * first.valid;
  return ValueRange<T>::drowns(most, least, count, [&](T limit) {
    std::int64_t small = 0;
    for (int y = 0; y < rows; ++y) {
      each_group(first, first.values + y * apart,
                 [&](const T* values, int n) { small += count_small(values, n, limit); });
    }
    return small;
  });
}

template <typename T>
void slide(const T* __restrict entering, const T* __restrict leaving, int count, double* __restrict sums) {
  if (entering != nullptr && leaving != nullptr) {
    for (int i = 0; i < count; ++i) sums[i] += static_cast<double>(entering[i]) - static_cast<double>(leaving[i]);
  } else if (entering != nullptr) {
    for (int i = 0; i < count; ++i) sums[i] += static_cast<double>(entering[i]);
  } else if (leaving != nullptr) {
    for (int i = 0; i < count; ++i) sums[i] -= static_cast<double>(leaving[i]);
  }
}

}  // namespace

// One slice, or sixteen.
#define GEOMVISION_PICK(function, of, ...)                                          \
  if (of.lanes == 1) {                                                              \
    of.channels == 1 ? function<1, 1>(__VA_ARGS__) : function<3, 1>(__VA_ARGS__);   \
  } else {                                                                          \
    of.channels == 1 ? function<1, 16>(__VA_ARGS__) : function<3, 16>(__VA_ARGS__); \
  }

#define GEOMVISION_GUIDED(T, suffix)                                                                        \
  void guided_sizes_##suffix(const GuidedRow<T>& row, T* most, T* least) { sizes(row, most, least); }       \
  bool guided_drowns_##suffix(const GuidedRow<T>& first, int rows, std::ptrdiff_t apart, T most, T least) { \
    return drowns(first, rows, apart, most, least);                                                         \
  }                                                                                                         \
  void guided_add_##suffix(const GuidedRow<T>& row, double sign, double* sums) {                            \
    GEOMVISION_PICK(add, row, row, sign, sums)                                                              \
  }                                                                                                         \
  void guided_fit_##suffix(const GuidedWindow& window, const double* sums, const T* windows, T* fits) {     \
    GEOMVISION_PICK(fit, window, window, sums, windows, fits)                                               \
  }                                                                                                         \
  void guided_slide_##suffix(const T* entering, const T* leaving, int count, double* sums) {                \
    slide(entering, leaving, count, sums);                                                                  \
  }                                                                                                         \
  void guided_apply_##suffix(const GuidedWindow& window, const double* sums, const T* guide, T* result,     \
                             std::ptrdiff_t slices) {                                                       \
    GEOMVISION_PICK(apply, window, window, sums, guide, result, slices)                                     \
  }

GEOMVISION_GUIDED(float, f32)
GEOMVISION_GUIDED(double, f64)

}  // namespace geomvision::kernels::GEOMVISION_ISA

#include "kernels/guided_filter.hpp"

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

constexpr int most_lanes = 16;

template <int channels, typename T>
[[gnu::always_inline]] inline void add(const GuidedRow<T>& row, int lanes, bool packed, double sign,
                                       double* __restrict sums) {
  const std::ptrdiff_t plane = static_cast<std::ptrdiff_t>(row.columns) * lanes;
  const std::ptrdiff_t apart = packed ? lanes : row.slices;
  for (int x = 0; x < row.columns; ++x) {
    const T* __restrict values = row.values + x * apart;
    for (int lane = 0; lane < lanes; ++lane) {
      const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(x) * lanes + lane;
      const double value = sign * values[lane];
      sums[at] += value;
      for (int c = 0; c < channels; ++c) sums[(c + 1) * plane + at] += value * row.guide[x * channels + c];
    }
  }
}

// Calls visit(pixel, sums of its window by plane and lane, 1 / number of pixels in it) from left to right.
template <int planes, typename Visit>
[[gnu::always_inline]] inline void sweep(const GuidedWindow& window, int lanes, const double* sums,
                                         const Visit& visit) {
  const std::ptrdiff_t plane = static_cast<std::ptrdiff_t>(window.columns) * lanes;
  double total[planes][most_lanes] = {};
  int begin = 0, end = 0;
  for (int i = 0; i < window.pixels; ++i) {
    const int first = i + window.offset - window.radius, last = i + window.offset + window.radius;
    for (; end <= last && end < window.columns; ++end) {
      for (int p = 0; p < planes; ++p) {
        const double* entering = sums + p * plane + static_cast<std::ptrdiff_t>(end) * lanes;
        for (int lane = 0; lane < lanes; ++lane) total[p][lane] += entering[lane];
      }
    }
    for (; begin < first; ++begin) {
      for (int p = 0; p < planes; ++p) {
        const double* leaving = sums + p * plane + static_cast<std::ptrdiff_t>(begin) * lanes;
        for (int lane = 0; lane < lanes; ++lane) total[p][lane] -= leaving[lane];
      }
    }
    visit(i, total, 1.0 / (static_cast<double>(end - begin) * window.rows));
  }
}

template <int channels, typename T>
[[gnu::always_inline]] inline void fit(const GuidedWindow& window, int lanes, const double* sums, const T* windows,
                                       T* fits) {
  constexpr int facts = channels == 1 ? 2 : 9;
  const std::ptrdiff_t plane = static_cast<std::ptrdiff_t>(window.pixels) * lanes;
  sweep<channels + 1>(window, lanes, sums, [&](int i, const auto& total, double scale) {
    const T* fact = windows + static_cast<std::ptrdiff_t>(i) * facts;
    T* __restrict to = fits + static_cast<std::ptrdiff_t>(i) * lanes;
    for (int lane = 0; lane < lanes; ++lane) {
      const double mean = total[0][lane] * scale;
      if constexpr (channels == 1) {
        const double a = (total[1][lane] * scale - fact[0] * mean) * fact[1];
        to[lane] = static_cast<T>(a);
        to[plane + lane] = static_cast<T>(mean - a * fact[0]);
      } else {
        const double c0 = total[1][lane] * scale - fact[0] * mean, c1 = total[2][lane] * scale - fact[1] * mean,
                     c2 = total[3][lane] * scale - fact[2] * mean;
        const double a0 = fact[3] * c0 + fact[4] * c1 + fact[5] * c2, a1 = fact[4] * c0 + fact[6] * c1 + fact[7] * c2,
                     a2 = fact[5] * c0 + fact[7] * c1 + fact[8] * c2;
        to[lane] = static_cast<T>(a0);
        to[plane + lane] = static_cast<T>(a1);
        to[2 * plane + lane] = static_cast<T>(a2);
        to[3 * plane + lane] = static_cast<T>(mean - a0 * fact[0] - a1 * fact[1] - a2 * fact[2]);
      }
    }
  });
}

template <int channels, typename T>
[[gnu::always_inline]] inline void apply(const GuidedWindow& window, int lanes, const double* sums, const T* guide,
                                         T* result, std::ptrdiff_t slices) {
  sweep<channels + 1>(window, lanes, sums, [&](int i, const auto& total, double scale) {
    T* __restrict to = result + i * slices;
    for (int lane = 0; lane < lanes; ++lane) {
      double sum = total[channels][lane];
      for (int c = 0; c < channels; ++c) sum += total[c][lane] * guide[i * channels + c];
      to[lane] = static_cast<T>(sum * scale);
    }
  });
}

// Numbers of lanes that are known when compiled become vectors.
template <typename Function>
[[gnu::always_inline]] inline void with_lanes(int lanes, bool packed, const Function& function) {
  if (lanes == most_lanes) {
    function(most_lanes);
  } else if (lanes == 1 && packed) {
    function(1);
  } else {
    function(lanes);
  }
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

#define GEOMVISION_GUIDED(T, suffix)                                                                                  \
  void guided_add_##suffix(const GuidedRow<T>& row, double sign, double* sums) {                                      \
    with_lanes(row.lanes, row.slices == 1, [&](int lanes) __attribute__((always_inline)) {                            \
      row.channels == 1 ? add<1>(row, lanes, row.slices == lanes, sign, sums)                                         \
                        : add<3>(row, lanes, row.slices == lanes, sign, sums);                                        \
    });                                                                                                               \
  }                                                                                                                   \
  void guided_fit_##suffix(const GuidedWindow& window, const double* sums, const T* windows, T* fits) {               \
    with_lanes(window.lanes, true, [&](int lanes) __attribute__((always_inline)) {                                    \
      window.channels == 1 ? fit<1>(window, lanes, sums, windows, fits) : fit<3>(window, lanes, sums, windows, fits); \
    });                                                                                                               \
  }                                                                                                                   \
  void guided_slide_##suffix(const T* entering, const T* leaving, int count, double* sums) {                          \
    slide(entering, leaving, count, sums);                                                                            \
  }                                                                                                                   \
  void guided_apply_##suffix(const GuidedWindow& window, const double* sums, const T* guide, T* result,               \
                             std::ptrdiff_t slices) {                                                                 \
    with_lanes(window.lanes, true, [&](int lanes) __attribute__((always_inline)) {                                    \
      window.channels == 1 ? apply<1>(window, lanes, sums, guide, result, slices)                                     \
                           : apply<3>(window, lanes, sums, guide, result, slices);                                    \
    });                                                                                                               \
  }

GEOMVISION_GUIDED(float, f32)
GEOMVISION_GUIDED(double, f64)

}  // namespace geomvision::kernels::GEOMVISION_ISA

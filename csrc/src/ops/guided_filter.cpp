#include "geomvision/ops/guided_filter.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>

#include "check_apart.hpp"
#include "geomvision/check.hpp"
#include "kernels/guided_filter.hpp"
#include "ops/pieces.hpp"

namespace geomvision::ops {
namespace {

using kernels::GuidedRow;
using kernels::GuidedWindow;

constexpr int slices_at_once = 16;

struct Float {
  static auto sizes() { return GEOMVISION_KERNEL(guided_sizes_f32); }
  static auto drowns() { return GEOMVISION_KERNEL(guided_drowns_f32); }
  static auto add() { return GEOMVISION_KERNEL(guided_add_f32); }
  static auto fit() { return GEOMVISION_KERNEL(guided_fit_f32); }
  static auto slide() { return GEOMVISION_KERNEL(guided_slide_f32); }
  static auto apply() { return GEOMVISION_KERNEL(guided_apply_f32); }
};

struct Double {
  static auto sizes() { return GEOMVISION_KERNEL(guided_sizes_f64); }
  static auto drowns() { return GEOMVISION_KERNEL(guided_drowns_f64); }
  static auto add() { return GEOMVISION_KERNEL(guided_add_f64); }
  static auto fit() { return GEOMVISION_KERNEL(guided_fit_f64); }
  static auto slide() { return GEOMVISION_KERNEL(guided_slide_f64); }
  static auto apply() { return GEOMVISION_KERNEL(guided_apply_f64); }
};

template <typename T>
using Kernels = std::conditional_t<std::is_same_v<T, float>, Float, Double>;

// Columns [begin, end) of a tile of results, and the wider ranges its fits and its values come from.
struct Tile {
  int begin, end, fits_begin, fits_end, values_begin, values_end;

  Tile(int index, int size, int width, int radius)
      : begin(index * size),
        end(std::min(width, begin + size)),
        fits_begin(std::max(0, begin - radius)),
        fits_end(std::min(width, end + radius)),
        values_begin(std::max(0, fits_begin - radius)),
        values_end(std::min(width, fits_end + radius)) {}

  int fits() const { return fits_end - fits_begin; }
  int values() const { return values_end - values_begin; }
};

int window_rows(int y, int radius, int height) {
  return std::min(height - 1, y + radius) - std::max(0, y - radius) + 1;
}

// Where windows hold fewer pixels than channels, or pixels of one colour, epsilon alone keeps the matrix regular: less
// than what rounding makes of it (here, and of the inverse in T) would not.
template <typename T>
double regular(double epsilon, double squares, double variance) {
  constexpr double rounding = 1e-12, of_inverse = 16.0 * std::numeric_limits<T>::epsilon();
  return std::max({epsilon, rounding * squares, of_inverse * variance, 100.0 * std::numeric_limits<T>::min()});
}

// 1 / (variance + epsilon), or the inverse of the symmetric 3 x 3 matrix by its factors L D L'.
template <typename T>
void invert(const double* sums, const double* mean, double scale, double epsilon, int channels, T* inverse) {
  const auto covariance = [&](int i, int a, int b) { return sums[i] * scale - mean[a] * mean[b]; };
  if (channels == 1) {
    const double variance = std::max(0.0, covariance(0, 0, 0));
    inverse[0] = static_cast<T>(1 / (variance + regular<T>(epsilon, sums[0] * scale, variance)));
    return;
  }
  const double r = covariance(0, 0, 0), rg = covariance(1, 0, 1), rb = covariance(2, 0, 2);
  const double g = covariance(3, 1, 1), gb = covariance(4, 1, 2), b = covariance(5, 2, 2);
  const double least = regular<T>(epsilon, (sums[0] + sums[3] + sums[5]) * scale, r + g + b);
  const double d0 = std::max(r, 0.0) + least, l1 = rg / d0, l2 = rb / d0;
  const double d1 = std::max(g - l1 * rg, 0.0) + least, m = gb - l1 * rb, l3 = m / d1;
  const double d2 = std::max(b - l2 * rb - l3 * m, 0.0) + least, u = l1 * l3 - l2;
  const double entries[6] = {
      1 / d0 + l1 * l1 / d1 + u * u / d2, -l1 / d1 - u * l3 / d2, u / d2, 1 / d1 + l3 * l3 / d2, -l3 / d2, 1 / d2};
  for (int i = 0; i < 6; ++i) inverse[i] = static_cast<T>(entries[i]);
}

// Whether running sums of the guide over these rows would lose small values.
template <typename T>
bool drowns(TensorView<const T, 3> guide, int first, int last) {
  const int count = static_cast<int>(guide.size(1) * guide.size(2));
  const auto row = [&](int y) { return GuidedRow<T>{guide.at(y), 1, 0, nullptr, count, 1, 1, 1}; };
  T most = 0, least = std::numeric_limits<T>::infinity();
  for (int y = first; y < last; ++y) Kernels<T>::sizes()(row(y), &most, &least);
  return Kernels<T>::drowns()(row(first), last - first, guide.stride(0), most, least);
}

// Sums of the guide and of its products over windows, one band of rows; `windows` as the class says.
template <int channels, typename T>
void describe(TensorView<const T, 3> guide, int radius, double epsilon, int first, int last, bool afresh,
              double* columns, T* windows) {
  constexpr int planes = channels == 1 ? 2 : 9;
  const int width = static_cast<int>(guide.size(1)), height = static_cast<int>(guide.size(0));
  std::fill_n(columns, static_cast<std::size_t>(width) * planes, 0.0);
  const auto add = [&](int y, double sign) {
    const T* row = guide.at(y);
    for (int x = 0; x < width; ++x) {
      double* sums = columns + static_cast<std::ptrdiff_t>(x) * planes;
      for (int a = 0, i = channels; a < channels; ++a) {
        const double value = sign * row[x * channels + a];
        sums[a] += value;
        for (int b = a; b < channels; ++b) sums[i++] += value * row[x * channels + b];
      }
    }
  };
  for (int y = std::max(0, first - radius); y < std::min(height, first + radius) && !afresh; ++y) add(y, 1);
  for (int y = first; y < last; ++y) {
    if (afresh) {
      std::fill_n(columns, static_cast<std::size_t>(width) * planes, 0.0);
      for (int v = std::max(0, y - radius); v <= std::min(height - 1, y + radius); ++v) add(v, 1);
    } else {
      if (y + radius < height) add(y + radius, 1);
      if (y - radius - 1 >= std::max(0, first - radius)) add(y - radius - 1, -1);
    }
    double total[planes] = {};
    const int rows = window_rows(y, radius, height);
    for (int x = 0, begin = 0, end = 0; x < width; ++x) {
      if (afresh) {
        std::fill_n(total, planes, 0.0);
        begin = end = std::max(0, x - radius);
      }
      for (; end < width && end <= x + radius; ++end) {
        for (int i = 0; i < planes; ++i) total[i] += columns[static_cast<std::ptrdiff_t>(end) * planes + i];
      }
      for (; begin < x - radius; ++begin) {
        for (int i = 0; i < planes; ++i) total[i] -= columns[static_cast<std::ptrdiff_t>(begin) * planes + i];
      }
      const double scale = 1 / (static_cast<double>(end - begin) * rows);
      double mean[channels];
      T* fact = windows + (static_cast<std::ptrdiff_t>(y) * width + x) * planes;
      for (int c = 0; c < channels; ++c) mean[c] = total[c] * scale, fact[c] = static_cast<T>(mean[c]);
      invert(total + channels, mean, scale, epsilon, channels, fact + channels);
    }
  }
}

}  // namespace

template <typename T>
void GuidedFilter<T>::operator()(TensorView<const T, 3> values, TensorView<const T, 3> guide, int radius,
                                 double epsilon, TensorView<T, 3> result, int num_threads) {
  check_range("GuidedFilter", "radius", radius, 1, 1000);
  check(epsilon > 0 && std::isfinite(epsilon), "GuidedFilter: epsilon is ", epsilon, "; it must be above 0");
  check(guide.size(2) == 1 || guide.size(2) == 3 || guide.empty(), "GuidedFilter: the guide is ", guide.shape(),
        "; the last size must be 1 or 3");
  check(guide.size(0) == values.size(0) && guide.size(1) == values.size(1) && result.sizes() == values.sizes(),
        "GuidedFilter: values are ", values.shape(), ", the guide ", guide.shape(), ", the result ", result.shape(),
        "; heights and widths must agree");
  check(guide.stride(1) == guide.size(2) || guide.empty(), "GuidedFilter: the guide's pixels must lie side by side");
  check_apart("GuidedFilter", values, result);
  check_apart("GuidedFilter", guide, result);
  if (values.empty()) return;
  const int height = static_cast<int>(values.size(0)), width = static_cast<int>(values.size(1));
  const int channels = static_cast<int>(guide.size(2)), facts = channels == 1 ? 2 : 9;
  windows_.resize(static_cast<std::size_t>(width) * height * facts);
  constexpr int band = 64;          // fixed, so that sums do not depend on the number of threads
  std::atomic<bool> afresh{false};  // the values' sums too: the guide is part of them
  const auto body = [&](int index, double* columns) {
    const int first = index * band, last = std::min(height, first + band);
    const bool alone = drowns(guide, std::max(0, first - radius), std::min(height, last + radius));
    if (alone) afresh = true;
    const auto describe_band = channels == 1 ? &describe<1, T> : &describe<3, T>;
    describe_band(guide, radius, epsilon, first, last, alone, columns, windows_.data());
  };
  for_each_piece((height + band - 1) / band, num_threads, scratch_, static_cast<std::size_t>(width) * facts, body);
  channels == 1 ? run<1>(values, guide, radius, result, afresh, num_threads)
                : run<3>(values, guide, radius, result, afresh, num_threads);
}

template <typename T>
template <int channels>
void GuidedFilter<T>::run(TensorView<const T, 3> values, TensorView<const T, 3> guide, int radius,
                          TensorView<T, 3> result, bool all_afresh, int num_threads) {
  constexpr int planes = channels + 1, facts = channels == 1 ? 2 : 9;
  const int height = static_cast<int>(values.size(0)), width = static_cast<int>(values.size(1));
  const int slices = static_cast<int>(values.size(2)), window = 2 * radius + 1;
  const int at_once = slices == 1 ? 1 : slices_at_once;
  const int tile_size = std::max(4 * radius, at_once == 1 ? 512 : 64);
  const int tiles = (width + tile_size - 1) / tile_size, chunks = (slices + at_once - 1) / at_once;
  const std::size_t column = static_cast<std::size_t>(std::min(width, tile_size + 4 * radius)) * at_once * planes;
  const auto body = [&](int index, double* scratch) {
    const Tile tile(index % tiles, tile_size, width, radius);
    const int first = index / tiles * at_once, valid = std::min(at_once, slices - first);
    const int fit_size = tile.fits() * at_once * planes;
    double *value_sums = scratch, *fit_sums = scratch + column;
    T* fits = reinterpret_cast<T*>(scratch + 2 * column);  // the last `window` rows of them
    const auto values_of = [&](int y, std::ptrdiff_t ahead) {
      return GuidedRow<T>{values.at(y, tile.values_begin, first),
                          values.stride(1),
                          ahead,
                          guide.at(y, tile.values_begin),
                          tile.values(),
                          at_once,
                          valid,
                          channels};
    };
    bool afresh = all_afresh;
    T most = 0, least = std::numeric_limits<T>::infinity();
    const auto add = [&](int y, double sign) {
      Kernels<T>::add()(values_of(y, sign > 0 && y + 1 < height ? values.stride(0) : 0), sign, value_sums);
    };
    const auto fit_row = [&](int y) { return fits + static_cast<std::ptrdiff_t>(y % window) * fit_size; };
    const auto window_of = [&](int y, int begin, int end, int offset, int columns) {
      return GuidedWindow{end - begin, offset, columns,  radius, window_rows(y, radius, height),
                          at_once,     valid,  channels, afresh};
    };
    // All rows of a window, where sums are made afresh.
    const auto sum_window = [&](int y, double* sums, const auto& add_row) {
      std::fill_n(sums, column, 0.0);
      for (int v = std::max(0, y - radius); v <= std::min(height - 1, y + radius); ++v) add_row(v);
    };
    const auto filter = [&] {
      std::fill_n(scratch, 2 * column, 0.0);
      for (int entering = 0; entering < height + 2 * radius; ++entering) {
        const int y = entering - radius, out = y - radius;
        const bool has_fits = y >= 0 && y < height;
        if (!afresh) {
          if (entering < height) {
            add(entering, 1);
            Kernels<T>::sizes()(values_of(entering, 0), &most, &least);
          }
          if (entering >= window && entering - window < height) add(entering - window, -1);
          if (y >= window) Kernels<T>::slide()(nullptr, fit_row(y), fit_size, fit_sums);
        } else if (has_fits) {
          sum_window(y, value_sums, [&](int v) { add(v, 1); });
        }
        if (has_fits) {
          Kernels<T>::fit()(
              window_of(y, tile.fits_begin, tile.fits_end, tile.fits_begin - tile.values_begin, tile.values()),
              value_sums, windows_.data() + (static_cast<std::ptrdiff_t>(y) * width + tile.fits_begin) * facts,
              fit_row(y));
          if (!afresh) Kernels<T>::slide()(fit_row(y), nullptr, fit_size, fit_sums);
        }
        if (out < 0 || out >= height) continue;
        if (afresh) {
          sum_window(out, fit_sums, [&](int v) { Kernels<T>::slide()(fit_row(v), nullptr, fit_size, fit_sums); });
        }
        Kernels<T>::apply()(window_of(out, tile.begin, tile.end, tile.begin - tile.fits_begin, tile.fits()), fit_sums,
                            guide.at(out, tile.begin), result.at(out, tile.begin, first), result.stride(1));
      }
    };
    filter();
    if (afresh) return;
    afresh = Kernels<T>::drowns()(values_of(0, 0), height, values.stride(0), most, least);
    if (afresh) filter();
  };
  for_each_piece(tiles * chunks, num_threads, scratch_, column * (2 + static_cast<std::size_t>(window)), body);
}

template <typename T>
template <typename Guide>
void GuidedFilter<T>::operator()(TensorView<const T, 3> values, TensorView<const Guide, 3> guide, int radius,
                                 double epsilon, TensorView<T, 3> result, int num_threads) {
  guide_.resize(static_cast<std::size_t>(guide.size(0) * guide.size(1) * guide.size(2)));
  T* to = guide_.data();
  for (std::ptrdiff_t y = 0; y < guide.size(0); ++y) {
    for (std::ptrdiff_t x = 0; x < guide.size(1); ++x) to = std::copy_n(guide.at(y, x), guide.size(2), to);
  }
  (*this)(values, TensorView<const T, 3>(guide_.data(), guide.sizes()), radius, epsilon, result, num_threads);
}

#define GEOMVISION_GUIDE(T, Guide)                                                                                  \
  template void GuidedFilter<T>::operator()<Guide>(TensorView<const T, 3>, TensorView<const Guide, 3>, int, double, \
                                                   TensorView<T, 3>, int)
template class GuidedFilter<float>;
template class GuidedFilter<double>;
GEOMVISION_GUIDE(float, std::uint8_t);
GEOMVISION_GUIDE(float, std::uint16_t);
GEOMVISION_GUIDE(double, std::uint8_t);
GEOMVISION_GUIDE(double, std::uint16_t);
#undef GEOMVISION_GUIDE

}  // namespace geomvision::ops

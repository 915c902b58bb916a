#include "geomvision/ops/splat.hpp"

#include <cmath>
#include <limits>
#include <type_traits>

#include "check_apart.hpp"
#include "geomvision/check.hpp"
#include "geomvision/parallel.hpp"
#include "ops/scatter.hpp"

namespace geomvision::ops {
namespace {

constexpr int kTile = 64;
constexpr double kDepthOfImportance = -60;  // the least exponent: hidden behind any other, yet seen where alone

template <typename T>
struct Splat {
  TensorView<const T, 4> flow;
  int channels, height, width;

  // The taps of those of the pixels [x, x + kTile) of a row that flow to a place with a tap inside.
  int taps(int b, int y, int x, Taps<T, 2>* out) const {
    const T *dx = flow.at(b, 0, y), *dy = flow.at(b, 1, y);
    int count = 0;
    for (int i = x; i < std::min(x + kTile, width); ++i) {
      const T at_x = static_cast<T>(i) + dx[i], at_y = static_cast<T>(y) + dy[i];
      const bool inside = at_x > -1 && at_x < static_cast<T>(width) && at_y > -1 && at_y < static_cast<T>(height);
      if (!inside) continue;  // NaN is not either
      Taps<T, 2>& tap = out[count++];
      int index[2];
      lay_inside(at_x, width, index, tap.wx, tap.sx);
      std::copy_n(index, 2, tap.x);
      lay_inside(at_y, height, tap.y, tap.wy, tap.sy);
      tap.pixel = i - x;
    }
    return count;
  }

  // Adds pixels of `count` channels, `step` apart, to planes of rows [begin, end). Neighbours mostly go to neighbours,
  // whose sums wait for each other: those of other channels need not.
  template <int count>
  static void scatter(const Taps<T, 2>* found, int pixels, const T* from, std::ptrdiff_t step, T* out,
                      std::ptrdiff_t plane, std::ptrdiff_t stride, int begin, int end) {
    for (int i = 0; i < pixels; ++i) {
      const Taps<T, 2>& tap = found[i];
      const T* value = from + tap.pixel;
      for (int j = 0; j < 2; ++j) {
        if (tap.y[j] < begin || tap.y[j] >= end) continue;
        T* row = out + tap.y[j] * stride;
        const T near = tap.wy[j] * tap.wx[0], far = tap.wy[j] * tap.wx[1];
        for (int c = 0; c < count; ++c) {
          row[c * plane + tap.x[0]] += value[c * step] * near;
          row[c * plane + tap.x[1]] += value[c * step] * far;
        }
      }
    }
  }

  // Rows [begin, end) of the channels [first, last) of the sum, each pixel times its weight where there are weights.
  void add(const TensorView<const T, 4>& image, const T* weights, const TensorView<T, 4>& sum, int b, int first,
           int last, int begin, int end) const {
    constexpr int most = 4;
    Taps<T, 2> found[kTile];
    T weighted[most * kTile];
    for (int c = first; c < last; ++c) {
      for (int y = begin; y < end; ++y) std::fill_n(sum.at(b, c, y), width, T(0));
    }
    for (int y = 0; y < height; ++y) {
      if (!Reach<T>(flow.at(b, 1, y), width, y).touches(begin, end, 2)) continue;
      for (int x = 0; x < width; x += kTile) {
        const int count = taps(b, y, x, found), pixels = std::min(kTile, width - x);
        const auto add_channels = [&](int c, auto channels_at_once) {
          constexpr int n = decltype(channels_at_once)::value;
          const T* from = image.at(b, c, y);
          std::ptrdiff_t step = image.stride(1);
          if (weights) {
            const T* weight = weights + (std::ptrdiff_t{b} * height + y) * width;
            for (int k = 0; k < n; ++k) {
              for (int i = 0; i < pixels; ++i) {  // what has no weight is not there, even where it is NaN
                weighted[k * kTile + i] = weight[x + i] > 0 ? from[k * step + x + i] * weight[x + i] : T(0);
              }
            }
            from = weighted;
            step = kTile;
          } else {
            from += x;
          }
          scatter<n>(found, count, from, step, sum.at(b, c), sum.stride(1), sum.stride(2), begin, end);
        };
        int c = first;
        for (; c + most <= last; c += most) add_channels(c, std::integral_constant<int, most>());
        for (; c < last; ++c) add_channels(c, std::integral_constant<int, 1>());
      }
    }
  }

  // The whole sum; where `landed` is given, the sum of weights, the mean instead.
  void add_all(const TensorView<const T, 4>& image, const T* weights, const T* landed, T hole,
               const TensorView<T, 4>& sum, int num_threads) const {
    const int all = static_cast<int>(image.size(1));
    const int bands = (height + kBandRows - 1) / kBandRows, parts = (all + kBandChannels - 1) / kBandChannels;
    parallel_for(static_cast<int>(image.size(0)) * bands * parts, num_threads, [&](int start, int stop) {
      for (int i = start; i < stop; ++i) {
        const int b = i / bands / parts, begin = i % bands * kBandRows, end = std::min(begin + kBandRows, height);
        const int first = i / bands % parts * kBandChannels, last = std::min(first + kBandChannels, all);
        add(image, weights, sum, b, first, last, begin, end);
        for (int c = first; landed && c < last; ++c) {
          for (int y = begin; y < end; ++y) {
            const T* weight = landed + (std::ptrdiff_t{b} * height + y) * width;
            T* mean = sum.at(b, c, y);
            for (int x = 0; x < width; ++x) mean[x] = weight[x] > 0 ? mean[x] / weight[x] : hole;
          }
        }
      }
    });
  }

  void derive(const TensorView<const T, 4>& d_sum, const TensorView<const T, 4>& image, const TensorView<T, 4>& d_image,
              const TensorView<T, 4>& d_flow, int b, int y) const {
    Taps<T, 2> found[kTile];
    T *d_x = d_flow.at(b, 0, y), *d_y = d_flow.at(b, 1, y);
    std::fill_n(d_x, width, T(0));
    std::fill_n(d_y, width, T(0));
    for (int c = 0; c < channels; ++c) std::fill_n(d_image.at(b, c, y), width, T(0));
    for (int x = 0; x < width; x += kTile) {
      const int count = taps(b, y, x, found);
      for (int c = 0; c < channels; ++c) {
        const T *from = image.at(b, c, y, x), *plane = d_sum.at(b, c);
        T* to = d_image.at(b, c, y, x);
        for (int i = 0; i < count; ++i) {
          const Taps<T, 2>& tap = found[i];
          const T *top = plane + tap.y[0] * d_sum.stride(2), *bottom = plane + tap.y[1] * d_sum.stride(2);
          const T upper = tap.wx[0] * top[tap.x[0]] + tap.wx[1] * top[tap.x[1]];
          const T lower = tap.wx[0] * bottom[tap.x[0]] + tap.wx[1] * bottom[tap.x[1]];
          const T across = tap.wy[0] * (tap.sx[0] * top[tap.x[0]] + tap.sx[1] * top[tap.x[1]]) +
                           tap.wy[1] * (tap.sx[0] * bottom[tap.x[0]] + tap.sx[1] * bottom[tap.x[1]]);
          to[tap.pixel] = tap.wy[0] * upper + tap.wy[1] * lower;
          d_x[x + tap.pixel] += from[tap.pixel] * across;
          d_y[x + tap.pixel] += from[tap.pixel] * (tap.sy[0] * upper + tap.sy[1] * lower);
        }
      }
    }
  }
};

template <typename T>
Splat<T> make(const TensorView<const T, 4>& image, const TensorView<const T, 4>& flow) {
  const typename TensorView<T, 4>::Sizes wanted{image.size(0), 2, image.size(2), image.size(3)};
  check(flow.sizes() == wanted, "splat: image is ", image.shape(), ", flow is ", flow.shape(),
        "; it must be batch x 2 x height x width of the image");
  return {flow, static_cast<int>(image.size(1)), static_cast<int>(image.size(2)), static_cast<int>(image.size(3))};
}

}  // namespace

template <typename T>
void splat_sum(TensorView<const T, 4> image, TensorView<const T, 4> flow, TensorView<T, 4> sum, int num_threads) {
  const Splat<T> splat = make(image, flow);
  check(sum.sizes() == image.sizes(), "splat: image is ", image.shape(), ", sum is ", sum.shape(),
        "; they must be equal");
  check_apart("splat", image, sum);
  check_apart("splat", flow, sum);
  if (!image.empty()) splat.add_all(image, nullptr, nullptr, T(0), sum, num_threads);
}

template <typename T>
void MeanSplat<T>::average(TensorView<const T, 4> image, TensorView<const T, 4> flow, TensorView<T, 4> mean,
                           int num_threads) {
  weights_.clear();
  divide(image, flow, mean, num_threads);
}

template <typename T>
void MeanSplat<T>::softmax(TensorView<const T, 4> image, TensorView<const T, 4> flow, TensorView<const T, 3> importance,
                           TensorView<T, 4> mean, int num_threads) {
  const int height = static_cast<int>(image.size(2)), width = static_cast<int>(image.size(3));
  check(importance.sizes() == typename TensorView<T, 3>::Sizes{image.size(0), height, width}, "splat: image is ",
        image.shape(), ", importance ", importance.shape(), "; it must be batch x height x width of the image");
  weights_.resize(static_cast<std::size_t>(image.size(0) * height * width));
  for (int b = 0; b < image.size(0) && !importance.empty(); ++b) {
    T highest = -std::numeric_limits<T>::infinity();
    for (int y = 0; y < height; ++y) {
      const T* from = importance.at(b, y);
      for (int x = 0; x < width; ++x) highest = from[x] > highest ? from[x] : highest;
    }
    parallel_for(height, num_threads, [&](int begin, int end) {
      for (int y = begin; y < end; ++y) {
        const T* from = importance.at(b, y);
        T* to = weights_.data() + (std::ptrdiff_t{b} * height + y) * width;
        for (int x = 0; x < width; ++x) {
          const T below = from[x] == highest ? T(0) : from[x] - highest;  // so is infinity below infinity
          to[x] = std::isnan(from[x]) ? T(0) : std::exp(std::max(below, T(kDepthOfImportance)));
        }
      }
    });
  }
  divide(image, flow, mean, num_threads);
}

template <typename T>
void MeanSplat<T>::divide(TensorView<const T, 4> image, TensorView<const T, 4> flow, TensorView<T, 4> mean,
                          int num_threads) {
  const Splat<T> splat = make(image, flow);
  check(mean.sizes() == image.sizes(), "splat: image is ", image.shape(), ", mean is ", mean.shape(),
        "; they must be equal");
  check_apart("splat", image, mean);
  check_apart("splat", flow, mean);
  if (image.empty()) return;
  const T* weights = weights_.empty() ? nullptr : weights_.data();
  const typename TensorView<T, 4>::Sizes one{image.size(0), 1, image.size(2), image.size(3)};
  const auto pixels = static_cast<std::size_t>(one[0] * one[2] * one[3]);
  landed_.resize(pixels);
  if (!weights) ones_.assign(pixels, T(1));
  const TensorView<const T, 4> added(weights ? weights : ones_.data(), one);
  splat.add_all(added, nullptr, nullptr, T(0), {landed_.data(), one}, num_threads);
  const T hole = holes_ == Holes::nan ? std::numeric_limits<T>::quiet_NaN() : T(0);
  splat.add_all(image, weights, landed_.data(), hole, mean, num_threads);
}

template <typename T>
void splat_sum_backward(TensorView<const T, 4> d_sum, TensorView<const T, 4> image, TensorView<const T, 4> flow,
                        TensorView<T, 4> d_image, TensorView<T, 4> d_flow, int num_threads) {
  const Splat<T> splat = make(image, flow);
  check(d_sum.sizes() == image.sizes() && d_image.sizes() == image.sizes() && d_flow.sizes() == flow.sizes(),
        "splat_backward: image is ", image.shape(), ", d_sum ", d_sum.shape(), ", d_image ", d_image.shape(),
        ", d_flow ", d_flow.shape(), "; they do not belong together");
  if (flow.empty()) return;
  parallel_for(static_cast<int>(flow.size(0)) * splat.height, num_threads, [&](int begin, int end) {
    for (int i = begin; i < end; ++i) {
      splat.derive(d_sum, image, d_image, d_flow, i / splat.height, i % splat.height);
    }
  });
}

#define GEOMVISION_SPLAT(T)                                                                                \
  template void splat_sum(TensorView<const T, 4>, TensorView<const T, 4>, TensorView<T, 4>, int);          \
  template void splat_sum_backward(TensorView<const T, 4>, TensorView<const T, 4>, TensorView<const T, 4>, \
                                   TensorView<T, 4>, TensorView<T, 4>, int);                               \
  template class MeanSplat<T>
GEOMVISION_SPLAT(float);
GEOMVISION_SPLAT(double);

}  // namespace geomvision::ops

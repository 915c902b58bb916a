#include "geomvision/ops/splat.hpp"

#include <cmath>

#include "geomvision/check.hpp"
#include "geomvision/parallel.hpp"
#include "ops/scatter.hpp"

namespace geomvision::ops {
namespace {

constexpr int kTile = 64;

// The two taps around `at`; one outside weighs nothing and takes the place of the one inside.
template <typename T>
void lay_inside(T at, int length, int* index, T* weights, T* slopes) {
  const T before = std::floor(at);
  const int first = static_cast<int>(before);
  weigh(at - before, weights, slopes, std::integral_constant<int, 2>());
  for (int k = 0; k < 2; ++k) {
    index[k] = std::min(std::max(first + k, 0), length - 1);
    if (index[k] != first + k) weights[k] = slopes[k] = 0;
  }
}

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
      tap.pixel = i;
    }
    return count;
  }

  // Rows [begin, end) of the channels [first, last) of the sum.
  void add(const TensorView<const T, 4>& image, const TensorView<T, 4>& sum, int b, int first, int last, int begin,
           int end) const {
    Taps<T, 2> found[kTile];
    for (int c = first; c < last; ++c) {
      for (int y = begin; y < end; ++y) std::fill_n(sum.at(b, c, y), width, T(0));
    }
    for (int y = 0; y < height; ++y) {
      if (!Reach<T>(flow.at(b, 1, y), width, y).touches(begin, end, 2)) continue;
      for (int x = 0; x < width; x += kTile) {
        const int count = taps(b, y, x, found);
        for (int c = first; c < last; ++c) {
          const T* from = image.at(b, c, y);
          T* plane = sum.at(b, c);
          for (int i = 0; i < count; ++i) {
            const Taps<T, 2>& tap = found[i];
            for (int j = 0; j < 2; ++j) {
              if (tap.y[j] < begin || tap.y[j] >= end) continue;
              T* row = plane + tap.y[j] * sum.stride(2);
              const T part = from[tap.pixel] * tap.wy[j];
              row[tap.x[0]] += part * tap.wx[0];
              row[tap.x[1]] += part * tap.wx[1];
            }
          }
        }
      }
    }
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
        const T *from = image.at(b, c, y), *plane = d_sum.at(b, c);
        T* to = d_image.at(b, c, y);
        for (int i = 0; i < count; ++i) {
          const Taps<T, 2>& tap = found[i];
          const T *top = plane + tap.y[0] * d_sum.stride(2), *bottom = plane + tap.y[1] * d_sum.stride(2);
          const T upper = tap.wx[0] * top[tap.x[0]] + tap.wx[1] * top[tap.x[1]];
          const T lower = tap.wx[0] * bottom[tap.x[0]] + tap.wx[1] * bottom[tap.x[1]];
          const T across = tap.wy[0] * (tap.sx[0] * top[tap.x[0]] + tap.sx[1] * top[tap.x[1]]) +
                           tap.wy[1] * (tap.sx[0] * bottom[tap.x[0]] + tap.sx[1] * bottom[tap.x[1]]);
          to[tap.pixel] = tap.wy[0] * upper + tap.wy[1] * lower;
          d_x[tap.pixel] += from[tap.pixel] * across;
          d_y[tap.pixel] += from[tap.pixel] * (tap.sy[0] * upper + tap.sy[1] * lower);
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
  if (image.empty()) return;
  const int bands = (splat.height + kBandRows - 1) / kBandRows;
  const int parts = (splat.channels + kBandChannels - 1) / kBandChannels;
  parallel_for(static_cast<int>(image.size(0)) * bands * parts, num_threads, [&](int begin, int end) {
    for (int i = begin; i < end; ++i) {
      const int row = i % bands * kBandRows, part = i / bands % parts * kBandChannels;
      splat.add(image, sum, i / bands / parts, part, std::min(part + kBandChannels, splat.channels), row,
                std::min(row + kBandRows, splat.height));
    }
  });
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
                                   TensorView<T, 4>, TensorView<T, 4>, int)
GEOMVISION_SPLAT(float);
GEOMVISION_SPLAT(double);

}  // namespace geomvision::ops

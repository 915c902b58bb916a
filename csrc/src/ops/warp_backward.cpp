#include <type_traits>

#include "geomvision/check.hpp"
#include "geomvision/ops/warp.hpp"
#include "geomvision/parallel.hpp"
#include "kernels/warp.hpp"
#include "ops/scatter.hpp"

namespace geomvision::ops {
namespace {

constexpr int kTile = 64;

template <typename T, int n>
struct Backward {
  TensorView<const T, 4> d_warped, image, displacement;
  bool border;
  int channels, height, width, rows, columns;

  // The taps of the pixels [x, x + kTile) of a row that point inside (or are held there).
  int taps(int b, int y, int x, Taps<T, n>* out) const {
    const T *dx = displacement.at(b, 0, y), *dy = displacement.at(b, 1, y);
    int count = 0;
    for (int i = x; i < std::min(x + kTile, columns); ++i) {
      const T at_x = static_cast<T>(i) + dx[i], at_y = static_cast<T>(y) + dy[i];
      const bool inside =
          at_x >= 0 && at_x <= static_cast<T>(width - 1) && at_y >= 0 && at_y <= static_cast<T>(height - 1);
      if (!inside && !(border && at_x == at_x && at_y == at_y)) continue;
      Taps<T, n>& tap = out[count++];
      int index[n];
      lay<T, n>(at_x, width, index, tap.wx, tap.sx);
      std::copy_n(index, n, tap.x);
      lay<T, n>(at_y, height, tap.y, tap.wy, tap.sy);
      tap.pixel = i;
    }
    return count;
  }

  void to_displacement(int b, int y, T* d_x, T* d_y) const {
    Taps<T, n> found[kTile];
    std::fill_n(d_x, columns, T(0));
    std::fill_n(d_y, columns, T(0));
    for (int x = 0; x < columns; x += kTile) {
      const int count = taps(b, y, x, found);
      for (int c = 0; c < channels; ++c) {
        const T* gradient = d_warped.at(b, c, y);
        const T* plane = image.at(b, c);
        for (int i = 0; i < count; ++i) {
          const Taps<T, n>& tap = found[i];
          T along_x = 0, along_y = 0;
          for (int j = 0; j < n; ++j) {
            const T* row = plane + tap.y[j] * image.stride(2);
            T value = 0, slope = 0;
            for (int k = 0; k < n; ++k) value += tap.wx[k] * row[tap.x[k]];
            for (int k = 0; k < n; ++k) slope += tap.sx[k] * row[tap.x[k]];
            along_x += tap.wy[j] * slope;
            along_y += tap.sy[j] * value;
          }
          d_x[tap.pixel] += gradient[tap.pixel] * along_x;
          d_y[tap.pixel] += gradient[tap.pixel] * along_y;
        }
      }
    }
  }

  // Rows [begin, end) of the channels [first, last) of the image's gradient.
  void to_image(int b, int first, int last, int begin, int end, const TensorView<T, 4>& d_image) const {
    Taps<T, n> found[kTile];
    for (int c = first; c < last; ++c) {
      for (int y = begin; y < end; ++y) std::fill_n(d_image.at(b, c, y), width, T(0));
    }
    for (int y = 0; y < rows; ++y) {
      const Reach<T> reach(displacement.at(b, 1, y), columns, y);
      if (!border && !reach.touches(begin, end, n)) continue;
      for (int x = 0; x < columns; x += kTile) {
        const int count = taps(b, y, x, found);
        for (int c = first; c < last; ++c) {
          const T* gradient = d_warped.at(b, c, y);
          T* plane = d_image.at(b, c);
          for (int i = 0; i < count; ++i) {
            const Taps<T, n>& tap = found[i];
            const T g = gradient[tap.pixel];
            for (int j = 0; j < n; ++j) {
              if (tap.y[j] < begin || tap.y[j] >= end) continue;
              T* row = plane + tap.y[j] * d_image.stride(2);
              for (int k = 0; k < n; ++k) row[tap.x[k]] += g * tap.wy[j] * tap.wx[k];
            }
          }
        }
      }
    }
  }
};

// Bilinear in float, the form that nets use most: places and slopes by kernels, sums four channels at a time, because
// one pixel's sum waits for its neighbour's.
struct BilinearBackward {
  TensorView<const float, 4> d_warped, image, displacement;
  bool border;
  int channels, height, width, rows, columns;

  int find(int b, int y, int x, WarpPlaces<float>& places) const {
    const int count = std::min(kWarpTile, columns - x);
    GEOMVISION_KERNEL(warp_places_f32)
    ({displacement.at(b, 0, y, x), displacement.at(b, 1, y, x), 1, y, x, count, width, height, border, false}, places);
    return count;
  }

  void to_displacement(int b, int y, float* d_x, float* d_y) const {
    WarpPlaces<float> places;
    const auto add = GEOMVISION_KERNEL(warp_slopes_f32);
    std::fill_n(d_x, columns, 0.0f);
    std::fill_n(d_y, columns, 0.0f);
    for (int x = 0; x < columns; x += kWarpTile) {
      const int count = find(b, y, x, places);
      for (int c = 0; c < channels; ++c) {
        add({image.at(b, c), image.stride(2), width, height, 1, false}, places, d_warped.at(b, c, y, x), count, d_x + x,
            d_y + x);
      }
      for (int i = 0; i < count; ++i) {  // held at the border it does not move; outside there is nothing
        const float at_x = static_cast<float>(x + i) + *displacement.at(b, 0, y, x + i);
        const float at_y = static_cast<float>(y) + *displacement.at(b, 1, y, x + i);
        const bool moves_x = at_x >= 0 && at_x <= static_cast<float>(width - 1) && width > 1;
        const bool moves_y = at_y >= 0 && at_y <= static_cast<float>(height - 1) && height > 1;
        if (!places.sampled[i] || !moves_x) d_x[x + i] = 0;
        if (!places.sampled[i] || !moves_y) d_y[x + i] = 0;
      }
    }
  }

  // Adds a tile to `count` channels that lie `plane` apart (gradients `step` apart), their rows [begin, end).
  template <int count>
  static void scatter(const WarpPlaces<float>& places, int pixels, const float* gradient, std::ptrdiff_t step,
                      float* out, std::ptrdiff_t plane, std::ptrdiff_t stride, int right, int below, int begin,
                      int end) {
    for (int i = 0; i < pixels; ++i) {
      if (!places.sampled[i]) continue;
      const int y = places.y[i];
      const float fx = places.fx[i], fy = places.fy[i];
      float* at = out + y * stride + places.x[i];
      if (y >= begin && y < end) {
        const float near = (1 - fy) * (1 - fx), far = (1 - fy) * fx;
        for (int c = 0; c < count; ++c) {
          at[c * plane] += gradient[c * step + i] * near;
          at[c * plane + right] += gradient[c * step + i] * far;
        }
      }
      at += below * stride;
      if (y + below >= begin && y + below < end) {
        const float near = fy * (1 - fx), far = fy * fx;
        for (int c = 0; c < count; ++c) {
          at[c * plane] += gradient[c * step + i] * near;
          at[c * plane + right] += gradient[c * step + i] * far;
        }
      }
    }
  }

  void to_image(int b, int first, int last, int begin, int end, const TensorView<float, 4>& d_image) const {
    WarpPlaces<float> places;
    const int right = width > 1 ? 1 : 0, below = height > 1 ? 1 : 0;
    for (int c = first; c < last; ++c) {
      for (int y = begin; y < end; ++y) std::fill_n(d_image.at(b, c, y), width, 0.0f);
    }
    for (int y = 0; y < rows; ++y) {
      if (!border && !Reach<float>(displacement.at(b, 1, y), columns, y).touches(begin, end, 2)) continue;
      for (int x = 0; x < columns; x += kWarpTile) {
        const int count = find(b, y, x, places);
        int c = first;
        for (; c + 4 <= last; c += 4) {
          scatter<4>(places, count, d_warped.at(b, c, y, x), d_warped.stride(1), d_image.at(b, c), d_image.stride(1),
                     d_image.stride(2), right, below, begin, end);
        }
        for (; c < last; ++c) {
          scatter<1>(places, count, d_warped.at(b, c, y, x), d_warped.stride(1), d_image.at(b, c), d_image.stride(1),
                     d_image.stride(2), right, below, begin, end);
        }
      }
    }
  }
};

template <typename Kind, typename T>
void run(const Kind& backward, const TensorView<T, 4>& d_image, const TensorView<T, 4>& d_displacement,
         int num_threads) {
  const int batch = static_cast<int>(d_image.size(0)), rows = backward.rows;
  parallel_for(batch * rows, num_threads, [&](int first, int end) {
    for (int i = first; i < end; ++i) {
      const int b = i / rows, y = i % rows;
      backward.to_displacement(b, y, d_displacement.at(b, 0, y), d_displacement.at(b, 1, y));
    }
  });
  const int bands = (backward.height + kBandRows - 1) / kBandRows;
  const int parts = (backward.channels + kBandChannels - 1) / kBandChannels;
  parallel_for(batch * bands * parts, num_threads, [&](int first, int end) {
    for (int i = first; i < end; ++i) {
      const int begin = i % bands * kBandRows, part = i / bands % parts * kBandChannels;
      backward.to_image(i / bands / parts, part, std::min(part + kBandChannels, backward.channels), begin,
                        std::min(begin + kBandRows, backward.height), d_image);
    }
  });
}

}  // namespace

template <typename T>
void warp_features_backward(TensorView<const T, 4> d_warped, TensorView<const T, 4> image,
                            TensorView<const T, 4> displacement, TensorView<T, 4> d_image,
                            TensorView<T, 4> d_displacement, WarpOptions options, int num_threads) {
  const bool fits = displacement.size(1) == 2 && displacement.size(0) == image.size(0) &&
                    d_warped.size(0) == image.size(0) && d_warped.size(1) == image.size(1) &&
                    d_warped.size(2) == displacement.size(2) && d_warped.size(3) == displacement.size(3) &&
                    d_image.sizes() == image.sizes() && d_displacement.sizes() == displacement.sizes();
  check(fits, "warp_backward: image is ", image.shape(), ", displacement ", displacement.shape(), ", d_warped ",
        d_warped.shape(), ", d_image ", d_image.shape(), ", d_displacement ", d_displacement.shape(),
        "; they do not belong together");
  check(d_warped.empty() || !image.empty(), "warp_backward: image is ", image.shape(), "; it has no pixels");
  const int channels = static_cast<int>(image.size(1)), height = static_cast<int>(image.size(2));
  const int width = static_cast<int>(image.size(3)), rows = static_cast<int>(displacement.size(2));
  const int columns = static_cast<int>(displacement.size(3));
  const bool border = options.outside == Outside::border;
  const auto with = [&](const auto& backward) { run(backward, d_image, d_displacement, num_threads); };
  if (options.mode == Interpolation::bicubic) {
    with(Backward<T, 4>{d_warped, image, displacement, border, channels, height, width, rows, columns});
  } else if constexpr (std::is_same_v<T, float>) {
    with(BilinearBackward{d_warped, image, displacement, border, channels, height, width, rows, columns});
  } else {
    with(Backward<T, 2>{d_warped, image, displacement, border, channels, height, width, rows, columns});
  }
}

template void warp_features_backward(TensorView<const float, 4>, TensorView<const float, 4>, TensorView<const float, 4>,
                                     TensorView<float, 4>, TensorView<float, 4>, WarpOptions, int);
template void warp_features_backward(TensorView<const double, 4>, TensorView<const double, 4>,
                                     TensorView<const double, 4>, TensorView<double, 4>, TensorView<double, 4>,
                                     WarpOptions, int);

}  // namespace geomvision::ops

#include <type_traits>

#include "geomvision/check.hpp"
#include "geomvision/ops/warp.hpp"
#include "geomvision/parallel.hpp"
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

  void run(const TensorView<T, 4>& d_image, const TensorView<T, 4>& d_displacement, int num_threads) const {
    const int batch = static_cast<int>(image.size(0));
    parallel_for(batch * rows, num_threads, [&](int first, int end) {
      for (int i = first; i < end; ++i) {
        const int b = i / rows, y = i % rows;
        to_displacement(b, y, d_displacement.at(b, 0, y), d_displacement.at(b, 1, y));
      }
    });
    const int bands = (height + kBandRows - 1) / kBandRows, parts = (channels + kBandChannels - 1) / kBandChannels;
    parallel_for(batch * bands * parts, num_threads, [&](int first, int end) {
      for (int i = first; i < end; ++i) {
        const int begin = i % bands * kBandRows, part = i / bands % parts * kBandChannels;
        to_image(i / bands / parts, part, std::min(part + kBandChannels, channels), begin,
                 std::min(begin + kBandRows, height), d_image);
      }
    });
  }
};

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
  const auto run = [&](const auto& backward) { backward.run(d_image, d_displacement, num_threads); };
  const int channels = static_cast<int>(image.size(1)), height = static_cast<int>(image.size(2));
  const int width = static_cast<int>(image.size(3)), rows = static_cast<int>(displacement.size(2));
  const int columns = static_cast<int>(displacement.size(3));
  const bool border = options.outside == Outside::border;
  if (options.mode == Interpolation::bilinear) {
    run(Backward<T, 2>{d_warped, image, displacement, border, channels, height, width, rows, columns});
  } else {
    run(Backward<T, 4>{d_warped, image, displacement, border, channels, height, width, rows, columns});
  }
}

template void warp_features_backward(TensorView<const float, 4>, TensorView<const float, 4>, TensorView<const float, 4>,
                                     TensorView<float, 4>, TensorView<float, 4>, WarpOptions, int);
template void warp_features_backward(TensorView<const double, 4>, TensorView<const double, 4>,
                                     TensorView<const double, 4>, TensorView<double, 4>, TensorView<double, 4>,
                                     WarpOptions, int);

}  // namespace geomvision::ops

#include <limits>

#include "cuda/launch.cuh"
#include "geomvision/cuda/warp.hpp"
#include "ops/taps.hpp"

// A thread has a pixel of the result and goes through its channels: threads beside one another read and write beside
// one another, and where a pixel points is found once.

namespace geomvision::cuda {
namespace {

constexpr int block = 256;

template <typename T, int n>
struct Warp {
  Cells<const T, 4> image, displacement;
  bool border;

  // Which pixel the thread has, counted through the batch; where that is, unless there is none.
  __device__ bool place(int& b, int& y, int& x) const {
    const int rows = displacement.sizes[2], columns = displacement.sizes[3];
    const auto pixel = static_cast<std::int64_t>(blockIdx.x) * block + threadIdx.x;
    x = static_cast<int>(pixel % columns);
    y = static_cast<int>(pixel / columns % rows);
    b = static_cast<int>(pixel / columns / rows);
    return b < displacement.sizes[0];
  }

  // Whether it points inside; whether it is sampled comes back.
  __device__ bool points(int b, int y, int x, T& at_x, T& at_y, bool& inside) const {
    at_x = static_cast<T>(x) + *displacement.at(b, 0, y, x);
    at_y = static_cast<T>(y) + *displacement.at(b, 1, y, x);
    inside = at_x >= 0 && at_x <= static_cast<T>(image.sizes[3] - 1) && at_y >= 0 &&
             at_y <= static_cast<T>(image.sizes[2] - 1);
    return inside || (border && at_x == at_x && at_y == at_y);
  }
};

template <typename T, int n>
__global__ void __launch_bounds__(block)
    sample(Warp<T, n> warp, T fill, Cells<T, 4> warped, Cells<std::uint8_t, 3> inside) {
  int b = 0, y = 0, x = 0;
  if (!warp.place(b, y, x)) return;
  T at_x = 0, at_y = 0;
  bool within = false;
  const bool sampled = warp.points(b, y, x, at_x, at_y, within);
  if (inside.data != nullptr) *inside.at(b, y, x) = within ? 1 : 0;
  const int channels = warp.image.sizes[1];
  if (!sampled) {
    for (int c = 0; c < channels; ++c) *warped.at(b, c, y, x) = fill;
    return;
  }
  int column[n], row[n];
  T wx[n], wy[n], slopes[n];
  ops::lay<T, n>(at_x, warp.image.sizes[3], column, wx, slopes);
  ops::lay<T, n>(at_y, warp.image.sizes[2], row, wy, slopes);
  for (int c = 0; c < channels; ++c) {
    T sum = 0;
    for (int j = 0; j < n; ++j) {
      const T* pixels = warp.image.at(b, c, row[j]);
      T along = 0;
      for (int k = 0; k < n; ++k) along += wx[k] * pixels[column[k]];
      sum += wy[j] * along;
    }
    *warped.at(b, c, y, x) = sum;
  }
}

template <typename T, int n>
__global__ void __launch_bounds__(block)
    derive(Warp<T, n> warp, Cells<const T, 4> d_warped, Cells<T, 4> d_image, Cells<T, 4> d_displacement) {
  int b = 0, y = 0, x = 0;
  if (!warp.place(b, y, x)) return;
  T at_x = 0, at_y = 0, d_x = 0, d_y = 0;
  bool within = false;
  if (warp.points(b, y, x, at_x, at_y, within)) {
    int column[n], row[n];
    T wx[n], wy[n], sx[n], sy[n];
    ops::lay<T, n>(at_x, warp.image.sizes[3], column, wx, sx);
    ops::lay<T, n>(at_y, warp.image.sizes[2], row, wy, sy);
    for (int c = 0; c < warp.image.sizes[1]; ++c) {
      const T gradient = *d_warped.at(b, c, y, x);
      T along_x = 0, along_y = 0;
      for (int j = 0; j < n; ++j) {
        const T* pixels = warp.image.at(b, c, row[j]);
        T* sums = d_image.at(b, c, row[j]);
        T value = 0, slope = 0;
        for (int k = 0; k < n; ++k) {
          value += wx[k] * pixels[column[k]];
          slope += sx[k] * pixels[column[k]];
          atomicAdd(sums + column[k], gradient * wy[j] * wx[k]);
        }
        along_x += wy[j] * slope;
        along_y += sy[j] * value;
      }
      d_x += gradient * along_x;
      d_y += gradient * along_y;
    }
  }
  *d_displacement.at(b, 0, y, x) = d_x;
  *d_displacement.at(b, 1, y, x) = d_y;
}

template <typename T>
void check_sizes(const char* op, const DeviceView<const T, 4>& image, const DeviceView<const T, 4>& displacement,
                 const DeviceView<const T, 4>& warped) {
  const typename DeviceView<T, 4>::Sizes wanted{image.size(0), image.size(1), displacement.size(2),
                                                displacement.size(3)};
  check(displacement.size(0) == image.size(0) && displacement.size(1) == 2 && warped.sizes() == wanted, op,
        ": image is ", image.shape(), ", displacement ", displacement.shape(), ", warped ", warped.shape(),
        "; they must be B x C x H x W, B x 2 x h x w and B x C x h x w");
  check(warped.empty() || (image.size(2) > 0 && image.size(3) > 0), op, ": image is ", image.shape(),
        "; it has no pixels to look up");
}

template <typename T>
dim3 grid_of(const DeviceView<const T, 4>& displacement) {
  return blocks(displacement.size(0) * displacement.size(2) * displacement.size(3), block);
}

}  // namespace

template <typename T>
void warp_features(DeviceView<const T, 4> image, DeviceView<const T, 4> displacement, DeviceView<T, 4> warped,
                   ops::WarpOptions options, Stream stream, DeviceView<std::uint8_t, 3> inside) {
  check_sizes<T>("warp", image, displacement, warped);
  const typename DeviceView<std::uint8_t, 3>::Sizes pixels{displacement.size(0), displacement.size(2),
                                                           displacement.size(3)};
  check(inside.data() == nullptr || inside.sizes() == pixels, "warp: displacement is ", displacement.shape(),
        ", inside is ", inside.shape(), "; it must be B x h x w");
  const T fill = options.outside == ops::Outside::nan ? std::numeric_limits<T>::quiet_NaN() : T(0);
  const auto with = [&](auto kernel, auto warp) {
    warp.image = Cells<const T, 4>(image);
    warp.displacement = Cells<const T, 4>(displacement);
    warp.border = options.outside == ops::Outside::border;
    launch(kernel, grid_of(displacement), block, 0, stream, warp, fill, Cells<T, 4>(warped),
           Cells<std::uint8_t, 3>(inside));
  };
  if (options.mode == ops::Interpolation::bicubic) {
    with(sample<T, 4>, Warp<T, 4>{});
  } else {
    with(sample<T, 2>, Warp<T, 2>{});
  }
}

template <typename T>
void warp_features_backward(DeviceView<const T, 4> d_warped, DeviceView<const T, 4> image,
                            DeviceView<const T, 4> displacement, DeviceView<T, 4> d_image,
                            DeviceView<T, 4> d_displacement, ops::WarpOptions options, Stream stream) {
  check_sizes<T>("warp_backward", image, displacement, d_warped);
  check(d_image.sizes() == image.sizes() && d_displacement.sizes() == displacement.sizes(), "warp_backward: image is ",
        image.shape(), ", d_image ", d_image.shape(), ", displacement ", displacement.shape(), ", d_displacement ",
        d_displacement.shape(), "; a gradient has the size of what it belongs to");
  require_packed("warp_backward", "d_image", d_image);
  clear(d_image, stream);
  const auto with = [&](auto kernel, auto warp) {
    warp.image = Cells<const T, 4>(image);
    warp.displacement = Cells<const T, 4>(displacement);
    warp.border = options.outside == ops::Outside::border;
    launch(kernel, grid_of(displacement), block, 0, stream, warp, Cells<const T, 4>(d_warped), Cells<T, 4>(d_image),
           Cells<T, 4>(d_displacement));
  };
  if (options.mode == ops::Interpolation::bicubic) {
    with(derive<T, 4>, Warp<T, 4>{});
  } else {
    with(derive<T, 2>, Warp<T, 2>{});
  }
}

#define GEOMVISION_WARP(T)                                                                                        \
  template void warp_features(DeviceView<const T, 4>, DeviceView<const T, 4>, DeviceView<T, 4>, ops::WarpOptions, \
                              Stream, DeviceView<std::uint8_t, 3>);                                               \
  template void warp_features_backward(DeviceView<const T, 4>, DeviceView<const T, 4>, DeviceView<const T, 4>,    \
                                       DeviceView<T, 4>, DeviceView<T, 4>, ops::WarpOptions, Stream)
GEOMVISION_WARP(float);
GEOMVISION_WARP(double);
#undef GEOMVISION_WARP

}  // namespace geomvision::cuda

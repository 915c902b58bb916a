#include "geomvision/ops/warp.hpp"

#include <algorithm>
#include <limits>
#include <type_traits>

#include "check_apart.hpp"
#include "geomvision/check.hpp"
#include "geomvision/parallel.hpp"
#include "kernels/warp.hpp"

namespace geomvision::ops {
namespace {

template <typename T>
auto finder() {
  if constexpr (std::is_same_v<T, float>) {
    return GEOMVISION_KERNEL(warp_places_f32);
  } else {
    return GEOMVISION_KERNEL(warp_places_f64);
  }
}

template <typename In, typename Out>
auto sampler() {
  if constexpr (std::is_same_v<Out, std::uint8_t>) {
    return GEOMVISION_KERNEL(warp_u8_u8);
  } else if constexpr (std::is_same_v<Out, std::uint16_t>) {
    return GEOMVISION_KERNEL(warp_u16_u16);
  } else if constexpr (std::is_same_v<In, std::uint8_t>) {
    return GEOMVISION_KERNEL(warp_u8_f32);
  } else if constexpr (std::is_same_v<In, std::uint16_t>) {
    return GEOMVISION_KERNEL(warp_u16_f32);
  } else if constexpr (std::is_same_v<In, float>) {
    return GEOMVISION_KERNEL(warp_f32_f32);
  } else {
    return GEOMVISION_KERNEL(warp_f64_f64);
  }
}

template <typename T>
T fill_value(WarpOptions options) {
  return options.outside == Outside::nan ? std::numeric_limits<T>::quiet_NaN() : T(0);
}

constexpr int kImageTile = 128;  // all channels at once: places need not last
static_assert(kImageTile <= kWarpTile);

// Nothing can be looked up in an image without pixels.
template <typename View>
void check_image(const View& image, std::ptrdiff_t height, std::ptrdiff_t width, bool wanted) {
  check(!wanted || (height > 0 && width > 0), "warp: image is ", image.shape(), "; it has no pixels to look up");
}

}  // namespace

namespace {

// Where the pixels of a tile point: dx[i * step], dy[i * step] pixels beside themselves.
template <typename T>
struct Field {
  const T *dx, *dy;
  std::ptrdiff_t step;
};

// The displacements of a tile of a disparity map.
template <typename T>
class OfDisparities {
 public:
  Field<T> operator()(const T* disparity, int count) {
    for (int i = 0; i < count; ++i) dx_[i] = -disparity[i];
    return {dx_, none_, 1};
  }

 private:
  T dx_[kWarpTile], none_[kWarpTile] = {};
};

template <typename In, typename Out>
void check_warp(const TensorView<const In, 3>& image, std::ptrdiff_t rows, std::ptrdiff_t columns,
                const TensorView<Out, 3>& warped, WarpOptions options, const TensorView<std::uint8_t, 2>& inside) {
  static_assert(std::is_same_v<Out, In> || std::is_same_v<Out, float>);
  check(warped.size(0) == rows && warped.size(1) == columns && warped.size(2) == image.size(2), "warp: image is ",
        image.shape(), ", displacements ", rows, "x", columns, ", warped ", warped.shape(),
        "; warped must be as large as the displacements, with the channels of the image");
  check(std::is_floating_point_v<Out> || options.outside != Outside::nan,
        "warp: integers cannot be NaN: choose another outside");
  check(!inside.data() || (inside.size(0) == rows && inside.size(1) == columns), "warp: displacements are ", rows, "x",
        columns, ", inside ", inside.shape(), "; they must be equally large");
  check((image.stride(1) == image.size(2) || image.size(1) < 2) &&
            (warped.stride(1) == warped.size(2) || warped.size(1) < 2),
        "warp: pixels of a row must lie side by side");
  check_apart("warp", image, warped);
  check_image(image, image.size(0), image.size(1), !warped.empty());
}

// `make_field()` gives each thread what gives the `Field` of `count` pixels from (x, y) on.
template <typename In, typename Out, typename MakeField>
void warp_image(const TensorView<const In, 3>& image, const MakeField& make_field, const TensorView<Out, 3>& warped,
                WarpOptions options, int num_threads, const TensorView<std::uint8_t, 2>& inside) {
  const int rows = static_cast<int>(warped.size(0)), columns = static_cast<int>(warped.size(1));
  const int height = static_cast<int>(image.size(0)), width = static_cast<int>(image.size(1));
  const bool bicubic = options.mode == Interpolation::bicubic, border = options.outside == Outside::border;
  const WarpSource<In> source{image.data(), image.stride(0), width, height, static_cast<int>(image.size(2)), bicubic};
  const auto find = finder<float>();
  const auto sample = sampler<In, Out>();
  parallel_for(rows, num_threads, [&](int first, int end) {
    WarpPlaces<float> places;
    auto field_of = make_field();
    for (int y = first; y < end; ++y) {
      for (int x = 0; x < columns; x += kImageTile) {
        const int count = std::min(kImageTile, columns - x);
        const Field<float> field = field_of(y, x, count);
        find({field.dx, field.dy, field.step, y, x, count, width, height, border, bicubic}, places);
        sample(source, places, count, fill_value<float>(options), warped.at(y, x));
        for (int i = 0; inside.data() && i < count; ++i) *inside.at(y, x + i) = places.inside[i] != 0;
      }
    }
  });
}

// The same for features, `Field`s of image b.
template <typename T, typename MakeField>
void warp_planes(const TensorView<const T, 4>& image, std::ptrdiff_t batch, std::ptrdiff_t height_out,
                 std::ptrdiff_t width_out, const MakeField& make_field, const TensorView<T, 4>& warped,
                 WarpOptions options, int num_threads, const TensorView<std::uint8_t, 3>& inside) {
  const int rows = static_cast<int>(height_out), columns = static_cast<int>(width_out);
  const int channels = static_cast<int>(image.size(1));
  check(image.size(0) == batch && warped.sizes() == typename TensorView<T, 4>::Sizes{batch, channels, rows, columns},
        "warp: image is ", image.shape(), ", displacements of ", batch, " x ", rows, "x", columns, ", warped ",
        warped.shape(), "; warped must be as large as the displacements, with the channels of the image");
  check(!inside.data() || inside.sizes() == TensorView<std::uint8_t, 3>::Sizes{batch, rows, columns},
        "warp: displacements of ", batch, " x ", rows, "x", columns, ", inside ", inside.shape(),
        "; they must be equally large");
  check_apart("warp", image, warped);
  check_image(image, image.size(2), image.size(3), !warped.empty());
  if (batch * rows * columns == 0) return;
  const int height = static_cast<int>(image.size(2)), width = static_cast<int>(image.size(3));
  const bool bicubic = options.mode == Interpolation::bicubic, border = options.outside == Outside::border;
  const auto find = finder<T>();
  const auto sample = sampler<T, T>();
  parallel_for(static_cast<int>(batch) * rows, num_threads, [&](int first, int end) {
    WarpPlaces<T> places;
    auto field_of = make_field();
    for (int row = first; row < end; ++row) {
      const int b = row / rows, y = row % rows;
      for (int x = 0; x < columns; x += kWarpTile) {
        const int count = std::min(kWarpTile, columns - x);
        const Field<T> field = field_of(b, y, x, count);
        find({field.dx, field.dy, field.step, y, x, count, width, height, border, bicubic}, places);
        for (int c = 0; c < channels; ++c) {
          sample({image.at(b, c), image.stride(2), width, height, 1, bicubic}, places, count, fill_value<T>(options),
                 warped.at(b, c, y, x));
        }
        for (int i = 0; inside.data() && i < count; ++i) *inside.at(b, y, x + i) = places.inside[i] != 0;
      }
    }
  });
}

}  // namespace

template <typename In, typename Out>
void warp(TensorView<const In, 3> image, TensorView<const float, 3> displacement, TensorView<Out, 3> warped,
          WarpOptions options, int num_threads, TensorView<std::uint8_t, 2> inside) {
  check(displacement.size(2) == 2, "warp: displacement is ", displacement.shape(), "; it must be h x w x 2");
  check_warp(image, displacement.size(0), displacement.size(1), warped, options, inside);
  check_apart("warp", displacement, warped);
  check(displacement.stride(1) == 2 || displacement.size(1) < 2, "warp: pixels of a row must lie side by side");
  if (displacement.empty()) return;
  const auto field = [&] {
    return [&](int y, int x, int) { return Field<float>{displacement.at(y, x), displacement.at(y, x) + 1, 2}; };
  };
  warp_image(image, field, warped, options, num_threads, inside);
}

template <typename In, typename Out>
void warp_by_disparity(TensorView<const In, 3> right, TensorView<const float, 2> disparity, TensorView<Out, 3> warped,
                       WarpOptions options, int num_threads, TensorView<std::uint8_t, 2> inside) {
  check_warp(right, disparity.size(0), disparity.size(1), warped, options, inside);
  check_apart("warp_by_disparity", disparity, warped);
  if (disparity.empty()) return;
  const auto field = [&] {
    return
        [&, tile = OfDisparities<float>()](int y, int x, int count) mutable { return tile(disparity.at(y, x), count); };
  };
  warp_image(right, field, warped, options, num_threads, inside);
}

template <typename T>
void warp_features(TensorView<const T, 4> image, TensorView<const T, 4> displacement, TensorView<T, 4> warped,
                   WarpOptions options, int num_threads, TensorView<std::uint8_t, 3> inside) {
  check(displacement.size(1) == 2, "warp: image is ", image.shape(), ", displacement ", displacement.shape(),
        "; it must be batch x 2 x h x w");
  check_apart("warp", displacement, warped);
  const auto field = [&] {
    return
        [&](int b, int y, int x, int) { return Field<T>{displacement.at(b, 0, y, x), displacement.at(b, 1, y, x), 1}; };
  };
  warp_planes(image, displacement.size(0), displacement.size(2), displacement.size(3), field, warped, options,
              num_threads, inside);
}

template <typename T>
void warp_features_by_disparity(TensorView<const T, 4> right, TensorView<const T, 3> disparity, TensorView<T, 4> warped,
                                WarpOptions options, int num_threads, TensorView<std::uint8_t, 3> inside) {
  check_apart("warp_by_disparity", disparity, warped);
  const auto field = [&] {
    return [&, tile = OfDisparities<T>()](int b, int y, int x, int count) mutable {
      return tile(disparity.at(b, y, x), count);
    };
  };
  warp_planes(right, disparity.size(0), disparity.size(1), disparity.size(2), field, warped, options, num_threads,
              inside);
}

#define GEOMVISION_WARP(In, Out)                                                                                \
  template void warp(TensorView<const In, 3>, TensorView<const float, 3>, TensorView<Out, 3>, WarpOptions, int, \
                     TensorView<std::uint8_t, 2>);                                                              \
  template void warp_by_disparity(TensorView<const In, 3>, TensorView<const float, 2>, TensorView<Out, 3>,      \
                                  WarpOptions, int, TensorView<std::uint8_t, 2>)
GEOMVISION_WARP(std::uint8_t, std::uint8_t);
GEOMVISION_WARP(std::uint8_t, float);
GEOMVISION_WARP(std::uint16_t, std::uint16_t);
GEOMVISION_WARP(std::uint16_t, float);
GEOMVISION_WARP(float, float);
#undef GEOMVISION_WARP

#define GEOMVISION_WARP_FEATURES(T)                                                                               \
  template void warp_features(TensorView<const T, 4>, TensorView<const T, 4>, TensorView<T, 4>, WarpOptions, int, \
                              TensorView<std::uint8_t, 3>);                                                       \
  template void warp_features_by_disparity(TensorView<const T, 4>, TensorView<const T, 3>, TensorView<T, 4>,      \
                                           WarpOptions, int, TensorView<std::uint8_t, 3>)
GEOMVISION_WARP_FEATURES(float);
GEOMVISION_WARP_FEATURES(double);
#undef GEOMVISION_WARP_FEATURES

}  // namespace geomvision::ops

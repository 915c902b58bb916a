#include "geomvision/ops/matching_costs.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "geomvision/check.hpp"
#include "geomvision/parallel.hpp"
#include "kernels/matching_costs.hpp"
#include "ops/image_types.hpp"
#include "ops/matched_rows.hpp"

namespace geomvision::ops {
namespace {

template <typename T>
struct Kernels;
#define GEOMVISION_DIFFERENCES(T, suffix)                                       \
  template <>                                                                   \
  struct Kernels<T> {                                                           \
    static auto absolute() { return GEOMVISION_KERNEL(absolute_row_##suffix); } \
    static auto squared() { return GEOMVISION_KERNEL(squared_row_##suffix); }   \
  }
GEOMVISION_DIFFERENCES(std::uint8_t, u8);
GEOMVISION_DIFFERENCES(std::uint16_t, u16);
GEOMVISION_DIFFERENCES(float, f32);
GEOMVISION_DIFFERENCES(double, f64);
#undef GEOMVISION_DIFFERENCES

// Intensities, and their least and largest from half a pixel before to half a pixel behind.
template <typename R>
struct Interpolated {
  std::vector<R> rows[3];
  const R* at[3];

  template <typename T>
  void take(const T* row, int width, bool mirrored) {
    for (int i = 0; i < 3; ++i) {
      rows[i].resize(static_cast<std::size_t>(width));
      at[i] = rows[i].data();
    }
    for (int x = 0; x < width; ++x) {
      const R here = static_cast<R>(row[x]);
      const R before = (here + static_cast<R>(row[std::max(x - 1, 0)])) / 2;
      const R behind = (here + static_cast<R>(row[std::min(x + 1, width - 1)])) / 2;
      const std::size_t to = static_cast<std::size_t>(mirrored ? width - 1 - x : x);
      rows[0][to] = here;
      rows[1][to] = std::min({here, before, behind});
      rows[2][to] = std::max({here, before, behind});
    }
  }
};

}  // namespace

template <typename T>
void absolute_differences(ImageView<const T> left, ImageView<const T> right, int first,
                          TensorView<Difference<T>, 3> volume, int num_threads) {
  check_pair("absolute_differences", left, right, first, volume);
  const auto row = volume_row(left, first, volume);
  each_row(right, num_threads,
           [&](int y, const T* mirrored) { Kernels<T>::absolute()(row, left.row(y), mirrored, volume.at(y)); });
}

template <typename T>
void squared_differences(ImageView<const T> left, ImageView<const T> right, int first, TensorView<Square<T>, 3> volume,
                         int num_threads) {
  check_pair("squared_differences", left, right, first, volume);
  const auto row = volume_row(left, first, volume);
  each_row(right, num_threads,
           [&](int y, const T* mirrored) { Kernels<T>::squared()(row, left.row(y), mirrored, volume.at(y)); });
}

template <typename T>
void birchfield_tomasi(ImageView<const T> left, ImageView<const T> right, int first, TensorView<Real<T>, 3> volume,
                       int num_threads) {
  check_pair("birchfield_tomasi", left, right, first, volume);
  const auto row = volume_row(left, first, volume);
  const auto rows = [&](int begin, int end) {
    Interpolated<Real<T>> seen, met;
    for (int y = begin; y < end; ++y) {
      seen.take(left.row(y), left.width(), false);
      met.take(right.row(y), left.width(), true);
      if constexpr (std::is_same_v<T, double>) {
        GEOMVISION_KERNEL(birchfield_tomasi_row_f64)(row, seen.at, met.at, volume.at(y));
      } else {
        GEOMVISION_KERNEL(birchfield_tomasi_row_f32)(row, seen.at, met.at, volume.at(y));
      }
    }
  };
  parallel_for(left.width() == 0 ? 0 : left.height(), num_threads, std::ref(rows), 4);
}

#define GEOMVISION_INSTANTIATE(T)                                                                                   \
  template void absolute_differences<T>(ImageView<const T>, ImageView<const T>, int, TensorView<Difference<T>, 3>,  \
                                        int);                                                                       \
  template void squared_differences<T>(ImageView<const T>, ImageView<const T>, int, TensorView<Square<T>, 3>, int); \
  template void birchfield_tomasi<T>(ImageView<const T>, ImageView<const T>, int, TensorView<Real<T>, 3>, int)
GEOMVISION_FOR_IMAGE_TYPES(GEOMVISION_INSTANTIATE);
#undef GEOMVISION_INSTANTIATE

}  // namespace geomvision::ops

#include "geomvision/luma.hpp"

#include <functional>
#include <type_traits>

#include "geomvision/check.hpp"
#include "geomvision/parallel.hpp"
#include "kernels/luma.hpp"

namespace geomvision {

template <typename T>
void luma(TensorView<const T, 3> rgb, ImageView<T> grey, int num_threads) {
  const typename TensorView<const T, 3>::Sizes wanted{grey.height(), grey.width(), 3};
  check(rgb.sizes() == wanted && (rgb.stride(2) == 1 && (rgb.stride(1) == 3 || grey.width() < 2)), "luma: rgb is ",
        rgb.shape(), ", grey is ", grey.width(), "x", grey.height(),
        "; rgb must be (height, width, 3) with rows without gaps");
  const auto kernel = [] {
    if constexpr (std::is_same_v<T, std::uint8_t>) return GEOMVISION_KERNEL(luma_row);
    if constexpr (std::is_same_v<T, std::uint16_t>) return GEOMVISION_KERNEL(luma_row_16);
    if constexpr (std::is_same_v<T, float>) return GEOMVISION_KERNEL(luma_row_float);
  }();
  const auto rows = [&](int begin, int end) {
    for (int y = begin; y < end; ++y) kernel(rgb.at(y), grey.width(), grey.row(y));
  };
  parallel_for(grey.height(), num_threads, std::ref(rows), 16);
}

template void luma(TensorView<const std::uint8_t, 3>, ImageView<std::uint8_t>, int);
template void luma(TensorView<const std::uint16_t, 3>, ImageView<std::uint16_t>, int);
template void luma(TensorView<const float, 3>, ImageView<float>, int);

}  // namespace geomvision

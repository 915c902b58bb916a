#include "device.hpp"
#include "geomvision/cuda/warp.hpp"

using namespace device;
using gv::ops::Interpolation;
using gv::ops::Outside;

namespace {

// Displacements to places inside and beyond every border, some on pixels and some NaN.
template <typename T>
std::vector<T> displacements(std::size_t count, unsigned seed) {
  std::vector<T> values = random_values<T>(count, -9, 9, seed);
  for (std::size_t i = 0; i < count; i += 7) values[i] = static_cast<T>(std::round(values[i]));
  for (std::size_t i = 3; i < count; i += 41) values[i] = static_cast<T>(NAN);
  for (std::size_t i = 5; i < count; i += 43) values[i] = static_cast<T>(i % 2 == 0 ? 1e30 : -INFINITY);
  return values;
}

template <typename T>
void compare(std::array<std::ptrdiff_t, 4> image_size, std::ptrdiff_t rows, std::ptrdiff_t columns,
             gv::ops::WarpOptions options) {
  const auto [batch, channels, height, width] = image_size;
  const double tolerance = std::is_same_v<T, float> ? 1e-5 : 1e-13;
  const auto pixels = static_cast<std::size_t>(batch * rows * columns);
  Array<T, 4> image(image_size,
                    random_values<T>(static_cast<std::size_t>(batch * channels * height * width), -1, 1, 1));
  Array<T, 4> displacement({batch, 2, rows, columns}, displacements<T>(2 * pixels, 2));
  Array<T, 4> warped({batch, channels, rows, columns}), d_image(image_size), d_displacement({batch, 2, rows, columns});
  Array<std::uint8_t, 3> inside({batch, rows, columns});
  Array<T, 4> d_warped({batch, channels, rows, columns},
                       random_values<T>(pixels * static_cast<std::size_t>(channels), -1, 1, 3));

  gv::ops::warp_features<T>(image.here(), displacement.here(), warped.here(), options, 1, inside.here());
  gv::cuda::warp_features<T>(image.there(), displacement.there(), warped.there(), options, nullptr, inside.there());
  CHECK(apart(warped.fetched(), warped.host) <= tolerance);
  CHECK(inside.fetched() == inside.host);

  gv::ops::warp_features_backward<T>(d_warped.here(), image.here(), displacement.here(), d_image.here(),
                                     d_displacement.here(), options, 1);
  gv::cuda::warp_features_backward<T>(d_warped.there(), image.there(), displacement.there(), d_image.there(),
                                      d_displacement.there(), options);
  CHECK(apart(d_image.fetched(), d_image.host) <= 50 * tolerance);
  CHECK(apart(d_displacement.fetched(), d_displacement.host) <= 50 * tolerance);
}

}  // namespace

TEST_CASE_TEMPLATE("CUDA: warp and its derivative are those of the CPU", T, float, double) {
  for (const Interpolation mode : {Interpolation::bilinear, Interpolation::bicubic}) {
    for (const Outside outside : {Outside::nan, Outside::zero, Outside::border}) {
      each_order([&] {
        compare<T>({2, 3, 17, 23}, 13, 31, {mode, outside});
        compare<T>({1, 1, 1, 1}, 2, 2, {mode, outside});
        compare<T>({1, 2, 1, 40}, 3, 5, {mode, outside});
      });
    }
  }
}

TEST_CASE("CUDA: whole displacements move pixels as they are") {
  Array<float, 4> image({1, 1, 2, 3}, {1, 2, 3, 4, 5, 6});
  Array<float, 4> displacement({1, 2, 2, 3}, {1, 1, 1, -1, 0, 0, 0, 1, 0, 0, -1, 0});
  Array<float, 4> warped({1, 1, 2, 3});
  gv::cuda::warp_features<float>(image.there(), displacement.there(), warped.there(), {});
  CHECK(apart(warped.fetched(), {2, 6, NAN, NAN, 2, 6}) == 0);
}

TEST_CASE("CUDA: warp refuses sizes that do not belong together") {
  Array<float, 4> image({1, 1, 4, 4}), displacement({1, 3, 4, 4}), warped({1, 1, 4, 4}), none({1, 1, 0, 4});
  Array<float, 4> field({1, 2, 4, 4});
  CHECK_THROWS_WITH_AS(
      gv::cuda::warp_features<float>(image.there(), displacement.there(), warped.there(), {}),
      "warp: image is 1x1x4x4, displacement 1x3x4x4, warped 1x1x4x4; they must be B x C x H x W, B x 2 x h x w and "
      "B x C x h x w",
      std::invalid_argument);
  CHECK_THROWS_AS(gv::cuda::warp_features<float>(none.there(), field.there(), warped.there(), {}),
                  std::invalid_argument);
  CHECK_THROWS_AS(gv::cuda::warp_features_backward<float>(warped.there(), image.there(), field.there(), none.there(),
                                                          field.there(), {}),
                  std::invalid_argument);
}

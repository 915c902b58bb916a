#include "device.hpp"
#include "geomvision/cuda/soft_argmin.hpp"
#include "geomvision/ops/soft_argmin.hpp"

using namespace device;

namespace {

template <typename T>
constexpr double tolerance = std::is_same_v<T, float> ? 1e-6 : 2e-15;

template <typename T>
std::vector<T> costs(std::size_t count, double spread) {
  std::vector<T> values = random_values<T>(count, -spread, spread, 1);
  return values;
}

template <typename T>
void compare(std::array<std::ptrdiff_t, 4> size, double spread, bool some_infinite) {
  const auto [batch, candidates, height, width] = size;
  const auto pixels = static_cast<std::size_t>(batch * height * width);
  std::vector<T> values = costs<T>(pixels * static_cast<std::size_t>(candidates), spread);
  for (std::size_t i = 0; some_infinite && i < values.size(); i += 5) values[i] = static_cast<T>(INFINITY);
  Array<T, 4> volume(size, values), d_volume(size, T(9));
  Array<T, 3> disparity({batch, height, width}, T(9));
  Array<T, 3> d_disparity({batch, height, width}, random_values<T>(pixels, -1, 1, 2));
  const double most = tolerance<T> * (1 + spread) * static_cast<double>(candidates);
  gv::ops::soft_argmin(volume.here(), disparity.here(), 3.0, 1);
  gv::cuda::soft_argmin<T>(volume.there(), disparity.there(), 3.0);
  CHECK(apart(disparity.fetched(), disparity.host) <= most);
  gv::ops::soft_argmin_backward(d_disparity.here(), volume.here(), d_volume.here(), 1);
  gv::cuda::soft_argmin_backward<T>(d_disparity.there(), volume.there(), d_volume.there());
  CHECK(apart(d_volume.fetched(), d_volume.host) <= 4 * most);
}

template <typename T>
void compare_upsampled(std::array<std::ptrdiff_t, 4> size, int disparities, std::ptrdiff_t rows, std::ptrdiff_t columns,
                       double spread) {
  const std::ptrdiff_t batch = size[0];
  const auto elements = static_cast<std::size_t>(batch * size[1] * size[2] * size[3]);
  Array<T, 4> volume(size, costs<T>(elements, spread)), d_volume(size, T(9));
  Array<T, 3> disparity({batch, rows, columns}, T(9));
  Array<T, 3> d_disparity({batch, rows, columns},
                          random_values<T>(static_cast<std::size_t>(batch * rows * columns), -1, 1, 2));
  const double most = tolerance<T> * (1 + spread) * disparities;
  gv::ops::upsampled_soft_argmin(volume.here(), disparity.here(), disparities, 3.0, 1);
  gv::cuda::upsampled_soft_argmin<T>(volume.there(), disparity.there(), disparities, 3.0);
  CHECK(apart(disparity.fetched(), disparity.host) <= most);
  gv::ops::upsampled_soft_argmin_backward(d_disparity.here(), volume.here(), d_volume.here(), disparities, 1);
  gv::cuda::upsampled_soft_argmin_backward<T>(d_disparity.there(), volume.there(), d_volume.there(), disparities);
  CHECK(apart(d_volume.fetched(), d_volume.host) <= 16 * most);
}

}  // namespace

TEST_CASE_TEMPLATE("CUDA: soft-argmin and its derivative are those of the CPU", T, float, double) {
  for (const double spread : {1.0, 40.0}) {
    compare<T>({2, 7, 5, 41}, spread, false);
    compare<T>({1, 33, 2, 9}, spread, true);
    compare<T>({1, 1, 1, 1}, spread, false);
    compare<T>({0, 3, 2, 2}, spread, false);
  }
}

TEST_CASE_TEMPLATE("CUDA: upsampled soft-argmin and its derivative are those of the CPU", T, float, double) {
  each_order([] {
    compare_upsampled<T>({2, 5, 3, 4}, 20, 12, 16, 1.0);
    compare_upsampled<T>({1, 3, 2, 5}, 6, 4, 10, 30.0);
    compare_upsampled<T>({1, 4, 3, 3}, 7, 8, 5, 1.0);  // no whole factors
    compare_upsampled<T>({1, 9, 7, 6}, 4, 3, 2, 1.0);  // fewer than there are
    compare_upsampled<T>({1, 1, 1, 1}, 3, 4, 5, 1.0);
    compare_upsampled<T>({1, 2, 2, 2}, 2, 2, 2, 1.0);
    compare_upsampled<T>({1, 2, 2, 2}, 4, 0, 2, 1.0);
  });
}

TEST_CASE("CUDA: two candidates follow the logistic curve, and no cost overflows") {
  Array<double, 4> volume({1, 2, 1, 3}, {0, 0, 1e308, 0, 1, -1e300});
  Array<double, 3> disparity({1, 1, 3});
  gv::cuda::soft_argmin<double>(volume.there(), disparity.there(), 4.0);
  CHECK(apart(disparity.fetched(), {4.5, 4 + 1 / (1 + std::exp(1.0)), 5}) <= 1e-15);
}

TEST_CASE("CUDA: a pixel without a number, or with infinite costs alone, has no disparity") {
  Array<float, 4> volume({1, 2, 1, 3}, {1, NAN, INFINITY, NAN, 1, INFINITY});
  Array<float, 3> disparity({1, 1, 3});
  gv::cuda::soft_argmin<float>(volume.there(), disparity.there());
  CHECK(apart(disparity.fetched(), {NAN, NAN, NAN}) == 0);
}

TEST_CASE("CUDA: soft-argmin refuses sizes that do not belong together") {
  Array<float, 4> volume({1, 2, 3, 4}), empty({1, 0, 3, 4});
  Array<float, 3> disparity({1, 3, 4}), wide({1, 3, 5});
  CHECK_THROWS_WITH_AS(gv::cuda::soft_argmin<float>(empty.there(), disparity.there()),
                       "soft_argmin: costs are 1x0x3x4; axis 1 needs a candidate", std::invalid_argument);
  CHECK_THROWS_AS(gv::cuda::soft_argmin<float>(volume.there(), wide.there()), std::invalid_argument);
  CHECK_THROWS_AS(gv::cuda::soft_argmin_backward<float>(disparity.there(), volume.there(), empty.there()),
                  std::invalid_argument);
  CHECK_THROWS_AS(gv::cuda::upsampled_soft_argmin<float>(volume.there(), wide.there(), 0), std::invalid_argument);
  CHECK_THROWS_AS(gv::cuda::upsampled_soft_argmin<float>(empty.there(), wide.there(), 4), std::invalid_argument);
  CHECK_THROWS_AS(gv::cuda::upsampled_soft_argmin_backward<float>(wide.there(), volume.there(), empty.there(), 4),
                  std::invalid_argument);
}

#include "device.hpp"
#include "geomvision/cuda/splat.hpp"
#include "geomvision/ops/splat.hpp"

using namespace device;

namespace {

// Smooth flow, whose pixels come to lie beside one another, then random flow, then none to be followed.
template <typename T>
std::vector<T> flows(std::size_t count, unsigned seed) {
  std::vector<T> values = random_values<T>(count, -4, 4, seed);
  for (std::size_t i = 0; i < count / 2; ++i) values[i] = T(0.25) + static_cast<T>(i / 64 % 3);
  for (std::size_t i = 0; i < count; i += 7) values[i] = static_cast<T>(std::round(values[i]));
  for (std::size_t i = 3; i < count; i += 41) values[i] = static_cast<T>(NAN);
  for (std::size_t i = 5; i < count; i += 43) values[i] = static_cast<T>(i % 2 == 0 ? 1e30 : -INFINITY);
  return values;
}

template <typename T>
void compare(std::array<std::ptrdiff_t, 4> size) {
  const auto [batch, channels, height, width] = size;
  const double tolerance = std::is_same_v<T, float> ? 1e-5 : 1e-13;
  const auto pixels = static_cast<std::size_t>(batch * height * width);
  const auto elements = pixels * static_cast<std::size_t>(channels);
  Array<T, 4> image(size, random_values<T>(elements, -1, 1, 1)),
      flow({batch, 2, height, width}, flows<T>(2 * pixels, 2));
  Array<T, 4> sum(size, T(9)), d_image(size, T(9)), d_flow({batch, 2, height, width}, T(9));
  Array<T, 4> d_sum(size, random_values<T>(elements, -1, 1, 3));

  gv::ops::splat_sum<T>(image.here(), flow.here(), sum.here(), 1);
  gv::cuda::splat_sum<T>(image.there(), flow.there(), sum.there());
  CHECK(apart(sum.fetched(), sum.host) <= tolerance);

  gv::ops::splat_sum_backward<T>(d_sum.here(), image.here(), flow.here(), d_image.here(), d_flow.here(), 1);
  gv::cuda::splat_sum_backward<T>(d_sum.there(), image.there(), flow.there(), d_image.there(), d_flow.there());
  CHECK(apart(d_image.fetched(), d_image.host) <= tolerance);
  CHECK(apart(d_flow.fetched(), d_flow.host) <= 10 * tolerance);
}

}  // namespace

TEST_CASE_TEMPLATE("CUDA: splatting and its derivative are those of the CPU", T, float, double) {
  each_order([] {
    compare<T>({2, 3, 17, 23});
    compare<T>({1, 17, 9, 40});
    compare<T>({1, 1, 1, 1});
    compare<T>({1, 2, 1, 37});
    compare<T>({2, 0, 3, 3});
    compare<T>({0, 2, 3, 3});
  });
}

TEST_CASE("CUDA: pixels that flow between others are shared out, and what falls outside is lost") {
  Array<float, 4> image({1, 1, 2, 2}, {1, 2, 4, 8}), flow({1, 2, 2, 2}, {0.25f, 0.5f, 0, -1, -0.5f, 0, 0, 0.5f});
  Array<float, 4> sum({1, 1, 2, 2});
  gv::cuda::splat_sum<float>(image.there(), flow.there(), sum.there());
  // 1: half of it above, 3/4 and 1/4 of the rest; 2: half of it to the right; 4 stays; 8: one left, half of it below.
  CHECK(sum.fetched() == std::vector<float>{0.375f, 1.125f, 8, 0});
}

TEST_CASE("CUDA: splat refuses sizes that do not belong together") {
  Array<float, 4> image({1, 1, 4, 4}), flow({1, 2, 4, 4}), wide({1, 2, 4, 5}), sum({1, 1, 4, 4});
  CHECK_THROWS_WITH_AS(gv::cuda::splat_sum<float>(image.there(), wide.there(), sum.there()),
                       "splat: image is 1x1x4x4, flow is 1x2x4x5; it must be batch x 2 x height x width of the image",
                       std::invalid_argument);
  CHECK_THROWS_AS(gv::cuda::splat_sum<float>(image.there(), flow.there(), flow.there()), std::invalid_argument);
  CHECK_THROWS_AS(
      gv::cuda::splat_sum_backward<float>(sum.there(), image.there(), flow.there(), sum.there(), sum.there()),
      std::invalid_argument);
}

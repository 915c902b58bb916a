#include "device.hpp"
#include "geomvision/cuda/cost_volume_2d.hpp"
#include "geomvision/ops/cost_volume_2d.hpp"

using namespace device;

namespace {

template <typename T>
std::vector<T> frame(std::size_t count, unsigned seed) {
  std::vector<T> values = random_values<T>(count, 0, std::is_floating_point_v<T> ? 1 : 255, seed);
  if constexpr (std::is_floating_point_v<T>) {
    for (std::size_t i = seed; i < count; i += 31) values[i] = static_cast<T>(i % 2 == 0 ? NAN : INFINITY);
    for (std::size_t i = 0; i < count; i += 3) values[i] = T(0.5);
  }
  return values;
}

template <typename T>
void compare(std::array<std::ptrdiff_t, 3> size, int radius, bool squared) {
  using Cost = std::conditional_t<std::is_same_v<T, double>, double, float>;
  CAPTURE(radius);
  const std::ptrdiff_t candidates = (2 * radius + 1) * (2 * radius + 1);
  const auto pixels = static_cast<std::size_t>(size[0] * size[1] * size[2]);
  Array<T, 3> frame0(size, frame<T>(pixels, 1)), frame1(size, frame<T>(pixels, 2));
  Array<Cost, 4> volume({size[0], size[1], size[2], candidates}, Cost(9));
  gv::ops::cost_volume_2d<T>(frame0.here(), frame1.here(), radius, squared, volume.here(), 1);
  gv::cuda::cost_volume_2d<T>(frame0.there(), frame1.there(), radius, squared, volume.there());
  CHECK(apart(volume.fetched(), volume.host) == 0);
  if constexpr (std::is_floating_point_v<T>) {
    Array<T, 4> d_volume({size[0], size[1], size[2], candidates},
                         random_values<T>(pixels * static_cast<std::size_t>(candidates), -1, 1, 3));
    Array<T, 3> d_frame0(size, T(9)), d_frame1(size, T(9));
    gv::ops::cost_volume_2d_backward<T>(d_volume.here(), frame0.here(), frame1.here(), radius, squared, d_frame0.here(),
                                        d_frame1.here(), 1);
    gv::cuda::cost_volume_2d_backward<T>(d_volume.there(), frame0.there(), frame1.there(), radius, squared,
                                         d_frame0.there(), d_frame1.there());
    const double tolerance = (std::is_same_v<T, float> ? 1e-6 : 1e-15) * (4 + radius);
    CHECK(apart(d_frame0.fetched(), d_frame0.host) <= tolerance);
    CHECK(apart(d_frame1.fetched(), d_frame1.host) <= tolerance);
  }
}

}  // namespace

TEST_CASE_TEMPLATE("CUDA: costs of displacements and their derivative are those of the CPU", T, std::uint8_t,
                   std::uint16_t, float, double) {
  each_order([] {
    for (const bool squared : {false, true}) {
      compare<T>({2, 5, 37}, 2, squared);
      compare<T>({1, 1, 1}, 0, squared);
      compare<T>({1, 3, 4}, 5, squared);
      compare<T>({0, 3, 4}, 1, squared);
    }
  });
  compare<T>({1, 2, 131}, 1, true);  // more than a tile of frame 1
  compare<T>({1, 1, 3}, 50, false);  // more rows and displacements than are held at a time
}

TEST_CASE("CUDA: costs of displacements by hand") {
  Array<std::uint8_t, 3> frame0({1, 1, 2}, {5, 9}), frame1({1, 1, 2}, {7, 200});
  Array<float, 4> volume({1, 1, 2, 9});
  gv::cuda::cost_volume_2d<std::uint8_t>(frame0.there(), frame1.there(), 1, false, volume.there());
  const float none = INFINITY;
  CHECK(volume.fetched() == std::vector<float>{none, none, none, none, 2, 195, none, none, none,  //
                                               none, none, none, 2, 191, none, none, none, none});
}

TEST_CASE("CUDA: costs of displacements refuse what they cannot have") {
  Array<float, 3> small({1, 2, 3}), wide({1, 2, 4});
  Array<float, 4> volume({1, 2, 3, 9}), wrong({1, 2, 3, 8});
  CHECK_THROWS_WITH_AS(gv::cuda::cost_volume_2d<float>(small.there(), small.there(), 128, false, volume.there()),
                       "cost_volume_2d: radius is 128; allowed is between 0 and 127", std::invalid_argument);
  CHECK_THROWS_AS(gv::cuda::cost_volume_2d<float>(small.there(), wide.there(), 1, false, volume.there()),
                  std::invalid_argument);
  CHECK_THROWS_AS(gv::cuda::cost_volume_2d<float>(small.there(), small.there(), 1, false, wrong.there()),
                  std::invalid_argument);
  CHECK_THROWS_AS(gv::cuda::cost_volume_2d_backward<float>(volume.there(), small.there(), small.there(), 1, false,
                                                           wide.there(), small.there()),
                  std::invalid_argument);
}

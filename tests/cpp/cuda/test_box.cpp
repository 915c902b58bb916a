#include "device.hpp"
#include "geomvision/cuda/box.hpp"
#include "geomvision/ops/box.hpp"

using namespace device;

namespace {

template <typename T>
std::vector<T> costs(std::size_t count) {
  std::vector<T> values = random_values<T>(count, 0, 250, 1);
  constexpr bool floats = std::is_floating_point_v<T>;
  for (std::size_t i = 0; i < count; i += 5)
    values[i] = floats ? static_cast<T>(INFINITY) : std::numeric_limits<T>::max();
  if constexpr (floats) {
    for (std::size_t i = 3; i < count; i += 17) values[i] = static_cast<T>(NAN);
    for (std::size_t i = 4; i < count; i += 19) values[i] = static_cast<T>(1e20);
  }
  return values;
}

template <typename T>
void compare(std::array<std::ptrdiff_t, 3> size, int window, bool mean) {
  using Out = std::conditional_t<std::is_same_v<T, double>, double, float>;
  CAPTURE(window);
  Array<T, 3> volume(size, costs<T>(static_cast<std::size_t>(size[0] * size[1] * size[2])));
  Array<Out, 3> result(size, Out(9));
  gv::ops::box_aggregation<T>(volume.here(), window, mean, result.here(), 1);
  gv::cuda::box_aggregation<T>(volume.there(), window, mean, result.there());
  CHECK(apart(result.fetched(), result.host) == 0);
}

}  // namespace

TEST_CASE_TEMPLATE("CUDA: box aggregation is that of the CPU to the last bit", T, std::uint8_t, std::uint16_t,
                   std::int32_t, float, double) {
  each_order([] {
    compare<T>({11, 37, 5}, 5, true);
    compare<T>({9, 3, 33}, 3, false);
    compare<T>({2, 70, 2}, 61, true);  // more columns than are held at a time
    compare<T>({3, 4, 2}, 1001, false);
    compare<T>({1, 1, 1}, 1, true);
    compare<T>({0, 4, 2}, 3, true);
  });
}

TEST_CASE("CUDA: windows are cut off at the border, and costs that are none are not counted") {
  Array<float, 3> volume({2, 2, 1}, {1, 2, INFINITY, 6}), result({2, 2, 1});
  gv::cuda::box_aggregation<float>(volume.there(), 3, true, result.there());
  CHECK(apart(result.fetched(), {3, 3, NAN, 3}) == 0);
}

TEST_CASE("CUDA: box aggregation refuses even windows and other sizes") {
  Array<float, 3> volume({2, 2, 1}), other({2, 2, 2});
  CHECK_THROWS_WITH_AS(gv::cuda::box_aggregation<float>(volume.there(), 2, true, volume.there()),
                       "box_aggregation: window is 2; allowed is odd, 1 or more", std::invalid_argument);
  CHECK_THROWS_AS(gv::cuda::box_aggregation<float>(volume.there(), 3, true, other.there()), std::invalid_argument);
}

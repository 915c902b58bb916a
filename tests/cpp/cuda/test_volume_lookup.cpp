#include "device.hpp"
#include "geomvision/cuda/volume_lookup.hpp"
#include "geomvision/ops/all_pairs_correlation.hpp"
#include "geomvision/ops/volume_lookup.hpp"

using namespace device;

namespace {

template <typename T>
using Volume = Array<T, 5>;

template <typename T>
void compare(std::array<std::ptrdiff_t, 5> size, bool rows, int radius, int level, double spread) {
  CAPTURE(rows);
  CAPTURE(radius);
  const auto [batch, height, width, height1, width1] = size;
  const double tolerance = std::is_same_v<T, float> ? 1e-5 : 1e-13;
  const auto pixels = static_cast<std::size_t>(batch * height * width);
  const std::ptrdiff_t side = 2 * radius + 1, planes = rows ? side : side * side;
  Volume<T> volume(size, random_values<T>(pixels * static_cast<std::size_t>(height1 * width1), -1, 1, 1));
  std::vector<T> at = random_values<T>(pixels * (rows ? 1 : 2), -spread, spread, 2);
  for (std::size_t k = 0; k < at.size(); ++k) {
    if (k % 11 == 1) at[k] = std::round(at[k]);
    if (k % 37 == 2) at[k] = static_cast<T>(k % 2 == 0 ? NAN : -1e25);
  }
  Array<T, 4> coordinates({batch, rows ? 1 : 2, height, width}, at), out({batch, planes, height, width});
  gv::ops::VolumeLookup<T> here(radius, level);
  const gv::cuda::VolumeLookup<T> there(radius, level);
  here(volume.here(), coordinates.here(), out.here(), 1);
  there(volume.there(), coordinates.there(), out.there());
  CHECK(apart(out.fetched(), out.host) <= tolerance);

  Array<T, 4> d_out(out.here().sizes(), random_values<T>(out.host.size(), -1, 1, 3));
  Array<T, 4> d_coordinates(coordinates.here().sizes());
  Volume<T> d_volume(size);
  here.backward(d_out.here(), coordinates.here(), d_volume.here(), 1);
  there.backward(d_out.there(), coordinates.there(), d_volume.there());
  CHECK(apart(d_volume.fetched(), d_volume.host) <= tolerance);
  here.backward_coordinates(d_out.here(), volume.here(), coordinates.here(), d_coordinates.here(), 1);
  there.backward_coordinates(d_out.there(), volume.there(), coordinates.there(), d_coordinates.there());
  CHECK(apart(d_coordinates.fetched(), d_coordinates.host) <= 10 * tolerance);
}

template <typename T>
void compare_halves(std::array<std::ptrdiff_t, 5> size) {
  std::size_t count = 1;
  for (const std::ptrdiff_t axis : size) count *= static_cast<std::size_t>(axis);
  auto half_size = size;
  half_size[3] = size[3] == 1 ? 1 : size[3] / 2;
  half_size[4] = size[4] / 2;
  Volume<T> volume(size, random_values<T>(count, -1, 1, 1)), half(half_size), d_volume(size);
  gv::ops::halve_volume<T>(volume.here(), half.here(), 1);
  gv::cuda::halve_volume<T>(volume.there(), half.there());
  CHECK(half.fetched() == half.host);
  Volume<T> d_half(half_size, random_values<T>(half.host.size(), -1, 1, 2));
  gv::ops::halve_volume_backward<T>(d_half.here(), d_volume.here(), 1);
  gv::cuda::halve_volume_backward<T>(d_half.there(), d_volume.there());
  CHECK(d_volume.fetched() == d_volume.host);
}

}  // namespace

TEST_CASE_TEMPLATE("CUDA: lookups in a volume and their derivatives are those of the CPU", T, float, double) {
  each_order([] {
    compare<T>({2, 3, 13, 5, 7}, false, 2, 0, 9);
    compare<T>({1, 2, 5, 4, 3}, false, 1, 2, 16);
    compare<T>({2, 3, 13, 1, 9}, true, 3, 1, 20);
    compare<T>({1, 1, 1, 1, 1}, false, 0, 0, 1);
  });
  compare<T>({1, 1, 2, 6, 7}, false, 25, 0, 5);  // windows that find no room
}

TEST_CASE_TEMPLATE("CUDA: halves of volumes and their derivatives are those of the CPU", T, float, double) {
  compare_halves<T>({2, 3, 2, 5, 7});
  compare_halves<T>({1, 2, 3, 1, 8});
  compare_halves<T>({1, 2, 3, 4, 1});
  compare_halves<T>({0, 2, 3, 4, 4});
}

TEST_CASE("CUDA: a volume that is linear gives what it is between its places") {
  std::vector<double> values(12);
  for (std::size_t k = 0; k < 12; ++k) values[k] = 10.0 * static_cast<double>(k % 4) + static_cast<double>(k / 4);
  Volume<double> linear({1, 1, 1, 3, 4}, values);
  Array<double, 4> coordinates({1, 2, 1, 1}, {3.0, 1.5}), out({1, 1, 1, 1}), one({1, 1, 1, 1}, 1.0), d({1, 2, 1, 1});
  const gv::cuda::VolumeLookup<double> lookup(0, 1);
  lookup(linear.there(), coordinates.there(), out.there());
  CHECK(apart(out.fetched(), {15.75}) <= 1e-12);  // at (1.5, 0.75)
  lookup.backward_coordinates(one.there(), linear.there(), coordinates.there(), d.there());
  CHECK(apart(d.fetched(), {5.0, 0.5}) <= 1e-12);
}

TEST_CASE("CUDA: lookups in a volume refuse sizes that do not belong together") {
  Volume<float> volume({1, 2, 3, 4, 5}), half({1, 2, 3, 2, 3});
  Array<float, 4> coordinates({1, 2, 2, 3}), alone({1, 1, 2, 3}), out({1, 9, 2, 3}), wrong({1, 3, 2, 3});
  const gv::cuda::VolumeLookup<float> lookup(1, 0);
  CHECK_THROWS_AS(lookup(volume.there(), alone.there(), wrong.there()), std::invalid_argument);
  CHECK_THROWS_WITH_AS(lookup(volume.there(), coordinates.there(), wrong.there()),
                       "VolumeLookup: volume is 1x2x3x4x5, coordinates are 1x2x2x3, the output is 1x3x2x3; batch, "
                       "height and width must be equal, and the output's channels 9",
                       std::invalid_argument);
  CHECK_THROWS_AS(lookup.backward_coordinates(out.there(), volume.there(), coordinates.there(), alone.there()),
                  std::invalid_argument);
  CHECK_THROWS_AS(gv::cuda::VolumeLookup<float>(101, 0), std::invalid_argument);
  CHECK_THROWS_AS(gv::cuda::halve_volume<float>(volume.there(), half.there()), std::invalid_argument);
}

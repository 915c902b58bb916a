#include "device.hpp"
#include "geomvision/cuda/cost_volumes.hpp"
#include "geomvision/ops/cost_volumes.hpp"

using namespace device;

namespace {

template <typename T>
struct Pair {
  using Sizes = std::array<std::ptrdiff_t, 4>;

  explicit Pair(const Sizes& size)
      : left(size, values(size, 1)), right(size, values(size, 2)), d_left(size, T(9)), d_right(size, T(9)) {}

  // Some equal on both sides, so that differences are 0.
  static std::vector<T> values(const Sizes& size, unsigned seed) {
    std::vector<T> all = random_values<T>(static_cast<std::size_t>(size[0] * size[1] * size[2] * size[3]), -1, 1, seed);
    for (std::size_t i = 0; i < all.size(); i += 3) all[i] = T(0.5);
    return all;
  }

  template <std::size_t Rank>
  static Array<T, static_cast<int>(Rank)> gradient(const std::array<std::ptrdiff_t, Rank>& size) {
    std::size_t count = 1;
    for (const std::ptrdiff_t n : size) count *= static_cast<std::size_t>(n);
    return {size, random_values<T>(count, -1, 1, 3)};
  }

  void check_gradients() const {
    const double tolerance = std::is_same_v<T, float> ? 3e-6 : 1e-14;
    CHECK(apart(d_left.fetched(), d_left.host) <= tolerance);
    CHECK(apart(d_right.fetched(), d_right.host) <= tolerance);
  }

  Array<T, 4> left, right, d_left, d_right;
};

template <typename T>
void compare(std::ptrdiff_t batch, std::ptrdiff_t groups, std::ptrdiff_t of_group, std::ptrdiff_t height,
             std::ptrdiff_t width, std::ptrdiff_t candidates) {
  const double tolerance = std::is_same_v<T, float> ? 3e-6 : 1e-14;
  CAPTURE(width);
  CAPTURE(candidates);
  Pair<T> pair({batch, groups * of_group, height, width});
  {
    const std::array<std::ptrdiff_t, 5> size{batch, groups, candidates, height, width};
    Array<T, 5> volume(size, T(9)), d_volume = Pair<T>::gradient(size);
    gv::ops::group_wise_volume<T>(pair.left.here(), pair.right.here(), volume.here(), 1);
    gv::cuda::group_wise_volume<T>(pair.left.there(), pair.right.there(), volume.there());
    CHECK(apart(volume.fetched(), volume.host) <= tolerance);
    gv::ops::group_wise_volume_backward<T>(d_volume.here(), pair.left.here(), pair.right.here(), pair.d_left.here(),
                                           pair.d_right.here(), 1);
    gv::cuda::group_wise_volume_backward<T>(d_volume.there(), pair.left.there(), pair.right.there(),
                                            pair.d_left.there(), pair.d_right.there());
    pair.check_gradients();
  }
  {
    const std::array<std::ptrdiff_t, 4> size{batch, candidates, height, width};
    Array<T, 4> volume(size, T(9)), d_volume = Pair<T>::gradient(size);
    gv::ops::difference_volume<T>(pair.left.here(), pair.right.here(), volume.here(), 1);
    gv::cuda::difference_volume<T>(pair.left.there(), pair.right.there(), volume.there());
    CHECK(apart(volume.fetched(), volume.host) <= tolerance);
    gv::ops::difference_volume_backward<T>(d_volume.here(), pair.left.here(), pair.right.here(), pair.d_left.here(),
                                           pair.d_right.here(), 1);
    gv::cuda::difference_volume_backward<T>(d_volume.there(), pair.left.there(), pair.right.there(),
                                            pair.d_left.there(), pair.d_right.there());
    pair.check_gradients();
  }
  {
    const std::array<std::ptrdiff_t, 5> size{batch, 2 * groups * of_group, candidates, height, width};
    Array<T, 5> volume(size, T(9)), d_volume = Pair<T>::gradient(size);
    gv::ops::concatenated_volume<T>(pair.left.here(), pair.right.here(), volume.here(), 1);
    gv::cuda::concatenated_volume<T>(pair.left.there(), pair.right.there(), volume.there());
    CHECK(volume.fetched() == volume.host);
    gv::ops::concatenated_volume_backward<T>(d_volume.here(), pair.d_left.here(), pair.d_right.here(), 1);
    gv::cuda::concatenated_volume_backward<T>(d_volume.there(), pair.d_left.there(), pair.d_right.there());
    pair.check_gradients();
  }
}

}  // namespace

TEST_CASE_TEMPLATE("CUDA: cost volumes and their derivatives are those of the CPU", T, float, double) {
  each_order([] {
    compare<T>(2, 2, 3, 2, 9, 5);
    compare<T>(1, 1, 19, 1, 140, 21);  // more than a tile, than channels at a time
    compare<T>(1, 3, 1, 2, 12, 20);    // more candidates than pixels
    compare<T>(1, 1, 1, 1, 1, 1);
    compare<T>(1, 1, 2, 1, 150, 75);
    compare<T>(1, 2, 1, 1, 5, 0);
    compare<T>(0, 2, 1, 1, 5, 3);
  });
}

TEST_CASE("CUDA: cost volumes of two pixels, by hand") {
  Array<float, 4> left({1, 2, 1, 2}, {1, 2, 3, 4}), right({1, 2, 1, 2}, {5, 6, 7, 8});
  Array<float, 5> products({1, 1, 2, 1, 2}), concatenated({1, 4, 2, 1, 2});
  Array<float, 4> differences({1, 2, 1, 2});
  gv::cuda::group_wise_volume<float>(left.there(), right.there(), products.there());
  CHECK(products.fetched() == std::vector<float>{13, 22, 0, 19});
  gv::cuda::difference_volume<float>(left.there(), right.there(), differences.there());
  CHECK(differences.fetched() == std::vector<float>{4, 4, 2, 3});
  gv::cuda::concatenated_volume<float>(left.there(), right.there(), concatenated.there());
  CHECK(concatenated.fetched() == std::vector<float>{1, 2, 0, 2, 3, 4, 0, 4, 5, 6, 0, 5, 7, 8, 0, 7});
}

TEST_CASE("CUDA: features that are no numbers do not reach what is not seen") {
  Array<float, 4> left({1, 1, 1, 3}, {NAN, 2, 3}), right({1, 1, 1, 3}, {1, 1, NAN});
  Array<float, 5> volume({1, 1, 2, 1, 3});
  gv::cuda::group_wise_volume<float>(left.there(), right.there(), volume.there());
  CHECK(apart(volume.fetched(), {NAN, 2, NAN, 0, 2, 3}) == 0);
}

TEST_CASE("CUDA: cost volumes refuse sizes that do not belong together") {
  Array<float, 4> left({1, 4, 2, 6}), narrow({1, 4, 2, 5}), differences({1, 3, 2, 5});
  Array<float, 5> three({1, 3, 8, 2, 6}), two({1, 2, 8, 2, 5});
  CHECK_THROWS_WITH_AS(gv::cuda::group_wise_volume<float>(left.there(), left.there(), three.there()),
                       "group_wise_volume: 4 channels do not make 3 equal groups", std::invalid_argument);
  CHECK_THROWS_AS(gv::cuda::group_wise_volume<float>(left.there(), narrow.there(), two.there()), std::invalid_argument);
  CHECK_THROWS_AS(gv::cuda::group_wise_volume<float>(left.there(), left.there(), two.there()), std::invalid_argument);
  CHECK_THROWS_AS(gv::cuda::difference_volume<float>(left.there(), left.there(), differences.there()),
                  std::invalid_argument);
  CHECK_THROWS_AS(gv::cuda::concatenated_volume<float>(left.there(), left.there(), three.there()),
                  std::invalid_argument);
  CHECK_THROWS_AS(gv::cuda::difference_volume_backward<float>(differences.there(), narrow.there(), narrow.there(),
                                                              narrow.there(), left.there()),
                  std::invalid_argument);
}

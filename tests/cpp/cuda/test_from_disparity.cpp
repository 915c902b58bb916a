#include "device.hpp"
#include "geomvision/cuda/from_disparity.hpp"

using namespace device;

TEST_CASE("CUDA: depth is that of the CPU") {
  for (const auto& [height, width] : {std::pair<int, int>{7, 53}, {1, 1}, {300, 2}}) {
    const auto size = static_cast<std::size_t>(height * width);
    std::vector<float> px = random_values<float>(size, -9, 60, 1);
    for (std::size_t i = 0; i < size; i += 5) px[i] = i % 2 == 0 ? NAN : 3e-39f;
    for (std::size_t i = 2; i < size; i += 11) px[i] = i % 2 == 0 ? INFINITY : 0.0f;
    Array<float, 2> disparity({height, width}, px), depth({height, width});
    for (const double offset : {0.0, 2.5}) {
      const gv::depth::RectifiedRig rig{712.3, 0.1201, offset};
      gv::depth::from_disparity({disparity.host.data(), width, height}, rig, {depth.host.data(), width, height}, 1);
      gv::cuda::from_disparity(disparity.there(), rig, depth.there());
      CHECK(apart(depth.fetched(), depth.host) == 0);
    }
  }
}

TEST_CASE("CUDA: points lie on the rays of their pixels") {
  Array<float, 2> disparity({2, 3}, {10, 20, NAN, 5, -1, 40});
  Array<float, 3> points({2, 3, 3});
  gv::cuda::points_from_disparity(disparity.there(), {100, 0.5, 0}, 1, 0.5, points.there());
  const auto none = static_cast<float>(NAN);
  CHECK(apart(points.fetched(), {-0.05f, -0.025f, 5, 0, -0.0125f, 2.5f, none, none, none, -0.1f, 0.05f, 10, none, none,
                                 none, 0.0125f, 0.00625f, 1.25f}) < 1e-8);
}

TEST_CASE("CUDA: points are those of the CPU") {
  const std::vector<float> px = random_values<float>(35 * 301, -9, 60, 3);
  Array<float, 2> disparity({35, 301}, px);
  Array<float, 3> points({35, 301, 3});
  const gv::depth::RectifiedRig rig{712.3, 0.1201, 1.5};
  gv::depth::points_from_disparity({disparity.host.data(), 301, 35}, rig, 150.25, 17.5, points.here(), 2);
  gv::cuda::points_from_disparity(disparity.there(), rig, 150.25, 17.5, points.there());
  CHECK(apart(points.fetched(), points.host) == 0);
}

TEST_CASE("CUDA: depth refuses what is no rig") {
  Array<float, 2> disparity({2, 3}), depth({3, 2});
  Array<float, 3> points({2, 3, 2});
  CHECK_THROWS_WITH_AS(gv::cuda::from_disparity(disparity.there(), {100, 0.5, 0}, depth.there()),
                       "from_disparity: disparity is 2x3, depth 3x2; they must be equal", std::invalid_argument);
  CHECK_THROWS_AS(gv::cuda::from_disparity(disparity.there(), {0, 0.5, 0}, disparity.there()), std::invalid_argument);
  CHECK_THROWS_AS(gv::cuda::points_from_disparity(disparity.there(), {1, 1, 0}, 0, 0, points.there()),
                  std::invalid_argument);
}

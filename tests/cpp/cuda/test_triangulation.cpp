#include <cstring>

#include "device.hpp"
#include "geomvision/cuda/triangulation.hpp"

using namespace device;
using gv::geometry::TriangulationMethod;

namespace {

constexpr gv::geometry::Projection left{100, 0, 3, 0, 0, 100, 5, 0, 0, 0, 1, 0};
constexpr gv::geometry::Projection right{100, 0, 3, -50, 0, 100, 5, 0, 0, 0, 1, 0};
constexpr gv::geometry::Projection turned{90, 10, 13, -50, -8, 95, 5, 3, -0.1, 0.02, 1, 0.1};

template <typename T>
struct Found {
  Found(std::ptrdiff_t n, std::ptrdiff_t views)
      : points({n, 3}), errors({n, views}), angle({n}), covariance({n, 3, 3}), reasons({n}) {}

  gv::geometry::TriangulatedPoints<T> here() {
    return {points.here(), errors.here(), angle.here(), covariance.here(), reasons.here()};
  }
  gv::cuda::TriangulatedPoints<T> there() const {
    return {points.there(), errors.there(), angle.there(), covariance.there(), reasons.there()};
  }
  bool same() const {
    return apart(points.host, points.fetched()) == 0 && apart(errors.host, errors.fetched()) == 0 &&
           apart(angle.host, angle.fetched()) == 0 && apart(covariance.host, covariance.fetched()) == 0 &&
           reasons.host == reasons.fetched();
  }

  Array<T, 2> points, errors;
  Array<T, 1> angle;
  Array<T, 3> covariance;
  Array<std::uint8_t, 1> reasons;
};

// Pixels of anything: most rays part or miss, some are lost.
template <typename T>
std::vector<T> any_pixels(std::ptrdiff_t count, unsigned seed) {
  std::vector<T> values = random_values<T>(static_cast<std::size_t>(2 * count), -40, 60, seed);
  for (std::size_t i = seed; i < values.size(); i += 37) values[i] = static_cast<T>(i % 2 == 0 ? NAN : INFINITY);
  return values;
}

template <typename T>
void compare(std::ptrdiff_t count) {
  Array<T, 2> points0({count, 2}, any_pixels<T>(count, 1)), points1({count, 2}, any_pixels<T>(count, 2));
  for (const auto method : {TriangulationMethod::linear, TriangulationMethod::midpoint, TriangulationMethod::optimal}) {
    Found<T> found(count, 2);
    const gv::geometry::TriangulationOptions options{method, 0.7, 0.02};
    gv::geometry::triangulate<T>(left, turned, points0.here(), points1.here(), found.here(), options);
    gv::cuda::triangulate<T>(left, turned, points0.there(), points1.there(), found.there(), options);
    CHECK(found.same());
  }
}

}  // namespace

TEST_CASE("CUDA: points are those of the CPU to the last bit") {
  each_order([] {
    compare<double>(1);
    compare<double>(300);
    compare<float>(129);
    compare<float>(0);
  });
}

TEST_CASE("CUDA: a rectified pair's depth is focal length times baseline by disparity") {
  Array<double, 2> points0({2, 2}, {13, 0, 7, 7}), points1({2, 2}, {-12, 0, 7, 7}), points({2, 3});
  Array<std::uint8_t, 1> reasons({2});
  gv::cuda::TriangulatedPoints<double> out;
  out.points = points.there();
  out.reasons = reasons.there();
  gv::cuda::triangulate<double>(left, right, points0.there(), points1.there(), out);
  CHECK(apart(points.fetched(), {0.2, -0.1, 2, NAN, NAN, NAN}) < 1e-12);
  CHECK(reasons.fetched() == std::vector<std::uint8_t>{0, static_cast<int>(gv::geometry::PointReason::parallel)});
}

TEST_CASE("CUDA: points of many views are those of the CPU to the last bit") {
  constexpr std::ptrdiff_t count = 131;
  for (const std::ptrdiff_t views : {3, 18}) {
    std::vector<double> projections, pixels;
    for (std::ptrdiff_t i = 0; i < views; ++i) {
      projections.insert(projections.end(), left.begin(), left.end());
      projections[static_cast<std::size_t>(12 * i + 3)] = -7.0 * static_cast<double>(i);
      for (std::ptrdiff_t k = 0; k < count; ++k) {
        const double x = 1.5 * static_cast<double>(k % 9), step = (k + i) % 5 == 0 ? 0.3 : 0;
        pixels.push_back((k + 2 * i) % 7 == 0 ? NAN : x - static_cast<double>((k % 4 + 1) * i) + step);
        pixels.push_back(static_cast<double>(k % 13) - step);
      }
    }
    Array<double, 3> points({views, count, 2}, pixels);
    Found<double> found(count, views);
    const gv::TensorView<const double, 3> cameras(projections.data(), {views, 3, 4});
    for (const auto method : {TriangulationMethod::midpoint, TriangulationMethod::optimal}) {
      gv::geometry::triangulate_views<double>(cameras, points.here(), found.here(), {method});
      gv::cuda::triangulate_views<double>(cameras, points.there(), found.there(), {method});
      CHECK(found.same());
    }
  }
}

TEST_CASE("CUDA: corrected matches are those of the CPU, also in place") {
  const gv::geometry::Entries F{1e-4, 2e-3, -0.1, -1e-3, 2e-4, -1, 0.05, 1.1, 3};
  Array<float, 2> points0({200, 2}, any_pixels<float>(200, 3)), points1({200, 2}, any_pixels<float>(200, 4));
  gv::cuda::correct_matches<float>(F, points0.there(), points1.there(), points0.there(), points1.there());
  gv::geometry::correct_matches<float>(F, points0.here(), points1.here(), points0.here(), points1.here());
  CHECK(apart(points0.host, points0.fetched()) == 0);
  CHECK(apart(points1.host, points1.fetched()) == 0);
}

TEST_CASE("CUDA: triangulation refuses what are no views") {
  Array<double, 2> points0({3, 2}), points1({4, 2});
  Found<double> found(3, 2);
  CHECK_THROWS_AS(gv::cuda::triangulate<double>(left, left, points0.there(), points0.there(), found.there()),
                  std::invalid_argument);
  CHECK_THROWS_AS(gv::cuda::triangulate<double>(left, right, points0.there(), points1.there(), found.there()),
                  std::invalid_argument);
  CHECK_THROWS_AS(gv::cuda::triangulate<double>(left, right, points1.there(), points1.there(), found.there()),
                  std::invalid_argument);
  CHECK_THROWS_AS(
      gv::cuda::correct_matches<double>({}, points0.there(), points0.there(), points0.there(), points0.there()),
      std::invalid_argument);
}

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

#include "allocations.hpp"
#include "geomvision/ops/cost_volumes.hpp"
#include "geomvision/ops/soft_argmin.hpp"
#include "geomvision/ops/splat.hpp"
#include "geomvision/ops/warp.hpp"

using namespace geomvision;

namespace {

template <typename T, int Rank>
struct Owned {
  std::vector<T> values;
  TensorView<T, Rank> view;

  explicit Owned(const typename TensorView<T, Rank>::Sizes& sizes) {
    std::ptrdiff_t count = 1;
    for (const std::ptrdiff_t size : sizes) count *= size;
    values.resize(static_cast<std::size_t>(count));
    view = TensorView<T, Rank>(values.data(), sizes);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<T>((i * 2654435761u >> 7) % 97);
  }
  operator TensorView<const T, Rank>() const { return view; }  // NOLINT(google-explicit-constructor)
};

}  // namespace

TEST_CASE("a region of a larger array is an operand like any other") {
  Owned<float, 4> whole({1, 4, 3, 40}), volume({1, 7, 3, 20});
  const TensorView<const float, 4> left(whole.values.data(), {1, 4, 3, 20}, whole.view.strides());
  const TensorView<const float, 4> right(whole.values.data() + 9, {1, 4, 3, 20}, whole.view.strides());
  Owned<float, 5> grouped({1, 2, 7, 3, 20});
  ops::group_wise_volume<float>(left, right, grouped.view);
  ops::difference_volume<float>(left, right, volume.view);
  for (int d = 0; d < 7; ++d) {
    for (int x = 0; x < 20; ++x) {
      const float product =
          (*left.at(0, 2, 1, x) * right.at(0, 2, 1)[x - d] + *left.at(0, 3, 1, x) * right.at(0, 3, 1)[x - d]) / 2;
      CHECK(*grouped.view.at(0, 1, d, 1, x) == doctest::Approx(x < d ? 0 : product));
      float sum = 0;
      for (int c = 0; c < 4; ++c) sum += std::abs(*left.at(0, c, 2, x) - (x < d ? 0 : right.at(0, c, 2)[x - d]));
      CHECK(*volume.view.at(0, d, 2, x) == doctest::Approx(sum / 4));
    }
  }
}

TEST_CASE("the ops allocate nothing of their own on one thread") {
  Owned<float, 4> features({1, 8, 20, 50}), costs({1, 9, 20, 50}), d_costs({1, 9, 20, 50}), d_left({1, 8, 20, 50});
  Owned<float, 4> flow({1, 2, 20, 50}), d_flow({1, 2, 20, 50}), out({1, 8, 20, 50});
  Owned<float, 5> volume({1, 2, 9, 20, 50});
  Owned<float, 3> disparity({1, 20, 50}), wide({1, 80, 200});
  ops::MeanSplat<float> mean;
  const auto run = [&] {
    ops::group_wise_volume<float>(features, features, volume.view, 1);
    ops::group_wise_volume_backward<float>(volume, features, features, out.view, d_left.view, 1);
    ops::soft_argmin(costs, disparity.view, 0.0, 1);
    ops::soft_argmin_backward(disparity, costs, d_costs.view, 1);
    ops::upsampled_soft_argmin(costs, wide.view, 36, 0.0, 1);
    ops::upsampled_soft_argmin_backward(wide, costs, d_costs.view, 36, 1);
    ops::warp_features<float>(features, flow, out.view, {}, 1);
    ops::warp_features_backward<float>(out, features, flow, d_left.view, d_flow.view, {}, 1);
    ops::splat_sum<float>(features, flow, out.view, 1);
    mean.average(features, flow, out.view, 1);
    mean.softmax(features, flow, disparity, out.view, 1);
  };
  run();
  const long before = allocations();
  run();
  CHECK(allocations() - before <= 16);  // the std::function of each parallel_for, whatever the size
}

TEST_CASE("an image is warped with its strides, and integers are rounded") {
  Owned<std::uint8_t, 3> image({4, 9, 1}), warped({3, 5, 1});
  Owned<float, 3> displacement({3, 5, 2});
  const TensorView<const std::uint8_t, 3> crop(image.values.data() + 10, {2, 6, 1}, {9, 1, 1});
  for (std::size_t i = 0; i < displacement.values.size(); ++i) displacement.values[i] = i % 2 == 0 ? 0.25f : -0.5f;
  Owned<std::uint8_t, 2> inside({3, 5});
  ops::warp<std::uint8_t, std::uint8_t>(crop, displacement, warped.view,
                                        {ops::Interpolation::bilinear, ops::Outside::zero}, 1, inside.view);
  for (int x = 0; x < 5; ++x) {
    const auto at = [&](int column, int row) { return static_cast<double>(*crop.at(row, column)); };
    const double value = 0.375 * (at(x, 0) + at(x, 1)) + 0.125 * (at(x + 1, 0) + at(x + 1, 1));
    CHECK(*warped.view.at(1, x) == std::nearbyint(value));
    CHECK(*inside.view.at(1, x) == 1);
    CHECK(*warped.view.at(0, x) == 0);
    CHECK(*inside.view.at(0, x) == 0);
  }
  CHECK_THROWS_AS((ops::warp<std::uint8_t, std::uint8_t>(crop, displacement, warped.view)), std::invalid_argument);
}

TEST_CASE("warping by disparity is warping by (-disparity, 0), bit by bit") {
  Owned<std::uint16_t, 3> image({5, 150, 3});
  Owned<float, 2> disparity({5, 140});
  Owned<float, 3> displacement({5, 140, 2}), warped({5, 140, 3}), expected({5, 140, 3});
  Owned<float, 4> features({1, 2, 5, 150}), features_warped({1, 2, 5, 140}), features_expected({1, 2, 5, 140}),
      field({1, 2, 5, 140});
  for (float& d : disparity.values) d = d / 7 - 3;
  disparity.values[17] = std::numeric_limits<float>::quiet_NaN();
  for (int y = 0; y < 5; ++y) {
    for (int x = 0; x < 140; ++x) {
      const float dx = -*disparity.view.at(y, x);
      *displacement.view.at(y, x, 0) = *field.view.at(0, 0, y, x) = dx;
      *displacement.view.at(y, x, 1) = *field.view.at(0, 1, y, x) = 0;
    }
  }
  const ops::WarpOptions options{ops::Interpolation::bicubic, ops::Outside::zero};
  ops::warp<std::uint16_t, float>(image, displacement, expected.view, options);
  ops::warp_by_disparity<std::uint16_t, float>(image, disparity, warped.view, options);
  CHECK(warped.values == expected.values);
  const TensorView<const float, 3> one(disparity.values.data(), {1, 5, 140});
  ops::warp_features<float>(features, field, features_expected.view, options);
  ops::warp_features_by_disparity<float>(features, one, features_warped.view, options);
  CHECK(features_warped.values == features_expected.values);
  CHECK_THROWS_AS((ops::warp_by_disparity<std::uint16_t, float>(image, disparity, TensorView<float, 3>())),
                  std::invalid_argument);
}

TEST_CASE("an importance that is not a number keeps a pixel away, infinite ones are equal") {
  Owned<float, 4> image({1, 1, 1, 4}), flow({1, 2, 1, 4}), mean({1, 1, 1, 4});
  Owned<float, 3> importance({1, 1, 4});
  constexpr float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
  image.values = {nan, 2, 4, 8};
  flow.values = {1, 0, -1, 0, 0, 0, 0, 0};  // 0, 1 and 2 land on 1
  importance.values = {nan, infinity, infinity, 5};
  ops::MeanSplat<float>().softmax(image, flow, importance, mean.view);
  CHECK(std::isnan(mean.values[0]));
  CHECK(mean.values[1] == 3);
  CHECK(std::isnan(mean.values[2]));
  CHECK(mean.values[3] == 8);
}

TEST_CASE("a mean of what lands: halves count half, the important hides what is not, and nothing leaves a hole") {
  Owned<double, 4> image({1, 5, 1, 4}), flow({1, 2, 1, 4}), mean({1, 5, 1, 4});
  Owned<double, 3> importance({1, 1, 4});
  const double moves[] = {1, 0, -0.5, 7};  // 0 and half of 2 land on 1, the other half on 2 stays alone; 3 is lost
  const double important[] = {0, 30, 0, 40};
  for (int x = 0; x < 4; ++x) {
    for (int c = 0; c < 5; ++c) *image.view.at(0, c, 0, x) = 10 * (x + 1) + c;
    *flow.view.at(0, 0, 0, x) = moves[x];
    *flow.view.at(0, 1, 0, x) = 0;
    *importance.view.at(0, 0, x) = important[x];
  }
  ops::MeanSplat<double> with_nan, with_zero(ops::Holes::zero);
  with_nan.average(image, flow, mean.view);
  for (int c = 0; c < 5; ++c) {
    const double* row = mean.view.at(0, c, 0);
    CHECK(std::isnan(row[0]));
    CHECK(row[1] == doctest::Approx((10 + 20 + 0.5 * 30) / 2.5 + c));
    CHECK(row[2] == doctest::Approx(30 + c));
    CHECK(std::isnan(row[3]));
  }
  with_zero.softmax(image, flow, importance, mean.view);
  for (int c = 0; c < 5; ++c) {
    const double* row = mean.view.at(0, c, 0);
    CHECK(row[0] == 0);
    CHECK(row[1] == doctest::Approx(20 + c));  // e^-30 of the others
    CHECK(row[2] == doctest::Approx(30 + c));
  }
  CHECK_THROWS_AS(with_nan.softmax(image, flow, Owned<double, 3>({1, 1, 3}), mean.view), std::invalid_argument);
}

TEST_CASE("wrong sizes are refused") {
  Owned<float, 4> features({1, 6, 3, 5}), other({1, 6, 3, 4}), flow({1, 2, 3, 5});
  Owned<float, 5> volume({1, 4, 2, 3, 5});
  Owned<float, 3> disparity({1, 3, 4});
  CHECK_THROWS_AS(ops::group_wise_volume<float>(features, other, volume.view), std::invalid_argument);
  CHECK_THROWS_AS(ops::group_wise_volume<float>(features, features, volume.view), std::invalid_argument);
  CHECK_THROWS_AS(ops::soft_argmin(features, disparity.view), std::invalid_argument);
  CHECK_THROWS_AS(ops::upsampled_soft_argmin(features, disparity.view, 0), std::invalid_argument);
  CHECK_THROWS_AS(ops::warp_features<float>(features, flow, other.view), std::invalid_argument);
  CHECK_THROWS_AS(ops::splat_sum<float>(other, flow, other.view), std::invalid_argument);
}

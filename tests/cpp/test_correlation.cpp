#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <random>
#include <stdexcept>
#include <vector>

#include "allocations.hpp"
#include "each_isa.hpp"
#include "geomvision/isa.hpp"
#include "geomvision/ops/correlation_lookup.hpp"
#include "geomvision/ops/local_correlation.hpp"
#include "geomvision/ops/volume_lookup.hpp"

namespace gv = geomvision;
using gv::TensorView;

namespace {

template <typename T, int Rank>
struct Tensor {
  typename TensorView<T, Rank>::Sizes sizes;
  std::vector<T> values;

  explicit Tensor(typename TensorView<T, Rank>::Sizes given, unsigned seed = 0) : sizes(given) {
    std::size_t count = 1;
    for (const std::ptrdiff_t size : sizes) count *= static_cast<std::size_t>(size);
    values.resize(count);
    std::mt19937 random(seed);
    for (T& value : values) value = static_cast<T>(random() % 2001) / 1000 - 1;
  }
  operator TensorView<T, Rank>() { return {values.data(), sizes}; }              // NOLINT
  operator TensorView<const T, Rank>() const { return {values.data(), sizes}; }  // NOLINT
};

template <typename T>
void check_close(const std::vector<T>& found, const std::vector<double>& expected) {
  REQUIRE(found.size() == expected.size());
  for (std::size_t k = 0; k < found.size(); ++k) CHECK(found[k] == doctest::Approx(expected[k]).epsilon(1e-4));
}

// What differs between float and double, and from one instruction set to the next, is rounding.
template <typename Run>
void check_every_isa(const Run& run) {
  const std::vector<double> expected = run(double{}, 1);
  with_each_isa([&] {
    const std::vector<float> found = run(float{}, 1);
    check_close(found, expected);
    for (const int threads : {2, 3, 8}) CHECK(run(float{}, threads) == found);
  });
}

Tensor<float, 4> some_coordinates() {
  Tensor<float, 4> at({1, 2, 7, 19}, 5);
  for (float& value : at.values) value = 6 + 9 * value;
  return at;
}

}  // namespace

TEST_CASE("local correlation is equal for every instruction set and number of threads") {
  check_every_isa([](auto kind, int threads) {
    using T = decltype(kind);
    const Tensor<T, 4> left({1, 13, 11, 37}, 1), right({1, 13, 11, 37}, 2);
    Tensor<T, 4> out({1, 49, 11, 37}), d_left(left.sizes), d_right(left.sizes);
    gv::ops::LocalCorrelation<T> correlation({3, 1, 2});
    correlation(left, right, out, threads);
    correlation.backward(out, left, right, d_left, d_right, threads);
    std::vector<T> all = out.values;
    all.insert(all.end(), d_left.values.begin(), d_left.values.end());
    all.insert(all.end(), d_right.values.begin(), d_right.values.end());
    for (T& value : all) value += 10;  // so that a relative tolerance fits
    return all;
  });
}

TEST_CASE("outputs larger than the caches hold products of one channel, aligned to cache lines or not") {
  const std::ptrdiff_t radius = 10, side = 21, height = 49, width = 112;
  const Tensor<float, 4> left({1, 1, height, width}, 1), right({1, 1, height, width}, 2);
  std::vector<float> expected;
  for (std::ptrdiff_t k = 0; k < side * side * height * width; ++k) {
    const std::ptrdiff_t x = k % width, y = k / width % height, plane = k / (width * height);
    const std::ptrdiff_t other_x = x + plane % side - radius, other_y = y + plane / side - radius;
    const bool inside = other_x >= 0 && other_x < width && other_y >= 0 && other_y < height;
    expected.push_back(inside ? left.values[y * width + x] * right.values[other_y * width + other_x] : 0.0f);
  }
  std::vector<float> memory(expected.size() + 17);
  with_each_isa([&] {
    for (const std::size_t shift : {0, 1}) {
      void* begin = memory.data();
      std::size_t space = (expected.size() + 16) * sizeof(float);
      float* out = static_cast<float*>(std::align(64, expected.size() * sizeof(float), begin, space)) + shift;
      gv::ops::LocalCorrelation<float>({10})(left, right, {out, {1, side * side, height, width}}, 2);
      CHECK(std::equal(expected.begin(), expected.end(), out));
    }
  });
}

TEST_CASE("lookups are equal for every instruction set and number of threads") {
  check_every_isa([](auto kind, int threads) {
    using T = decltype(kind);
    const Tensor<T, 4> features0({1, 21, 7, 19}, 1), features1({1, 21, 12, 14}, 2);
    const Tensor<float, 4> given = some_coordinates();
    Tensor<T, 4> at(given.sizes);
    std::copy(given.values.begin(), given.values.end(), at.values.begin());
    gv::ops::CorrelationLookup<T> lookup({2, 2});
    const std::ptrdiff_t positions = lookup.positions(12, 14);
    Tensor<T, 3> packed({1, positions, 32}), d_packed({1, positions, 32});
    Tensor<T, 4> out({1, 50, 7, 19}), d_features0(features0.sizes);
    lookup.pack(features1, packed, threads);
    lookup(features0, packed, 12, 14, at, out, threads);
    lookup.backward(out, features0, packed, 12, 14, at, d_features0, d_packed, threads);
    std::vector<T> all = out.values;
    all.insert(all.end(), d_features0.values.begin(), d_features0.values.end());
    all.insert(all.end(), d_packed.values.begin(), d_packed.values.end());
    for (T& value : all) value += 10;
    return all;
  });
}

TEST_CASE("lookups along rows are equal for every instruction set and number of threads") {
  check_every_isa([](auto kind, int threads) {
    using T = decltype(kind);
    const Tensor<T, 4> features0({1, 21, 7, 19}, 1), features1({1, 21, 7, 27}, 2);
    Tensor<T, 3> x({1, 7, 19});
    for (std::size_t k = 0; k < x.values.size(); ++k) x.values[k] = static_cast<T>(k * 37 % 256) / 8 - 3;
    Tensor<T, 4> out({1, 15, 7, 19});
    gv::ops::CorrelationLookup1D<T>({2, 3})(features0, features1, x, out, threads);
    for (T& value : out.values) value += 10;
    return out.values;
  });
}

TEST_CASE("lookups that keep products give those that do not, bit by bit, wherever the pixels looked before") {
  for (const int levels : {1, 2, 3, 4}) {
    CAPTURE(levels);
    const Tensor<float, 4> features0({2, 21, 5, 70}, 1), features1({2, 21, 5, 83}, 2);
    Tensor<float, 3> x({2, 5, 70});
    gv::ops::CorrelationLookup1D<float> lookup({3, levels});
    Tensor<float, 4> kept({2, 5, 70, lookup.kept_products()});
    Tensor<std::int32_t, 4> firsts({2, 5, 70, lookup.kept_bands()});
    std::fill(firsts.values.begin(), firsts.values.end(), lookup.nothing_kept);
    Tensor<float, 4> out({2, levels * 7, 5, 70}), expected = out;
    for (unsigned step = 0; step < 12; ++step) {
      const float reach = step < 4 ? 60 : 2;  // some fly out of the row, then they settle
      const Tensor<float, 3> moves({2, 5, 70}, step);
      for (std::size_t k = 0; k < x.values.size(); ++k) {
        x.values[k] = static_cast<float>(k % 70) + reach * moves.values[k];
      }
      x.values[step] = step % 2 == 0 ? NAN : 1e30f;
      lookup(features0, features1, x, kept, firsts, out, 1 + static_cast<int>(step) % 3);
      lookup(features0, features1, x, expected, 1);
      CHECK(out.values == expected.values);
    }
  }
}

TEST_CASE("a second lookup or correlation of the same size allocates nothing") {
  const Tensor<float, 4> left({1, 32, 24, 64}, 1), right({1, 32, 24, 64}, 2);
  const Tensor<float, 4> at({1, 2, 24, 64}, 3);
  const Tensor<float, 3> x({1, 24, 64}, 4);
  const Tensor<float, 5> volume({1, 24, 64, 6, 8}, 5);
  Tensor<float, 4> out({1, 81, 24, 64}), windows({1, 2 * 81, 24, 64}), along_rows({1, 2 * 9, 24, 64});
  Tensor<float, 4> d_left(left.sizes), d_right(left.sizes), d_at(at.sizes);
  Tensor<float, 3> d_x(x.sizes);
  Tensor<float, 5> d_volume(volume.sizes);
  gv::ops::LocalCorrelation<float> correlation;
  gv::ops::CorrelationLookup<float> lookup({4, 2});
  gv::ops::CorrelationLookup1D<float> rows({4, 2});
  gv::ops::VolumeLookup<float> in_volume(4, 0);
  Tensor<float, 3> packed({1, lookup.positions(24, 64), 32}), d_packed(packed.sizes);
  Tensor<float, 4> kept({1, 24, 64, rows.kept_products()});
  Tensor<std::int32_t, 4> firsts({1, 24, 64, rows.kept_bands()});
  const auto all = [&] {
    correlation(left, right, out, 2);
    correlation.backward(out, left, right, d_left, d_right, 2);
    lookup.pack(right, packed, 2);
    lookup(left, packed, 24, 64, at, windows, 2);
    lookup.backward(windows, left, packed, 24, 64, at, d_left, d_packed, 2);
    lookup.backward_coordinates(windows, left, packed, 24, 64, at, d_at, 2);
    lookup.pack_backward(d_packed, d_right, 2);
    rows(left, right, x, along_rows, 2);
    std::fill(firsts.values.begin(), firsts.values.end(), rows.nothing_kept);
    rows(left, right, x, kept, firsts, along_rows, 2);
    rows.backward(along_rows, left, right, x, d_left, d_right, 2);
    rows.backward_coordinates(along_rows, left, right, x, d_x, 2);
    in_volume(volume, at, out, 2);
    in_volume.backward(out, at, d_volume, 2);
    in_volume.backward_coordinates(out, volume, at, d_at, 2);
  };
  all();
  const long before = allocations();
  all();
  CHECK(allocations() - before == 0);
}

TEST_CASE("sizes that disagree are refused with both of them") {
  const Tensor<float, 4> left({1, 3, 5, 6}), right({1, 3, 5, 7});
  Tensor<float, 4> out({1, 81, 5, 6});
  CHECK_THROWS_WITH_AS(gv::ops::LocalCorrelation<float>()(left, right, out),
                       "LocalCorrelation: left is 1x3x5x6, right is 1x3x5x7; they must be equal",
                       std::invalid_argument);
  CHECK_THROWS_AS(gv::ops::LocalCorrelation<float>({-1, 1, 1}), std::invalid_argument);
  CHECK_THROWS_AS(gv::ops::CorrelationLookup<float>({4, 4}).positions(7, 64), std::invalid_argument);
  const Tensor<float, 3> x({1, 5, 6});
  CHECK_THROWS_AS(gv::ops::CorrelationLookup1D<float>({4, 1})(left, right, x, out), std::invalid_argument);
  const Tensor<float, 5> volume({1, 5, 6, 5, 6});
  CHECK_THROWS_AS(gv::ops::VolumeLookup<float>()(volume, left, out), std::invalid_argument);
}

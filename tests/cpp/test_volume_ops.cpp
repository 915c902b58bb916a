#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <random>
#include <stdexcept>
#include <vector>

#include "allocations.hpp"
#include "geomvision/ops/cross_aggregation.hpp"
#include "geomvision/ops/fast_global_smoothing.hpp"
#include "geomvision/ops/guided_filter.hpp"
#include "geomvision/ops/winners.hpp"

namespace gv = geomvision;
using gv::TensorView;

namespace {

constexpr int width = 83, height = 41, slices = 21;

template <typename T>
std::vector<T> noise(std::size_t count, int levels = 60) {
  std::mt19937 random(7);
  std::vector<T> values(count);
  for (T& value : values) value = static_cast<T>(random() % levels);
  return values;
}

}  // namespace

TEST_CASE("edge-aware smoothing allocates once, works in place and on views with gaps between rows") {
  const auto guide = noise<std::uint8_t>(width * height * 3);
  const TensorView<const std::uint8_t, 3> edges(guide.data(), {height, width, 3});
  gv::Image<float> wide(width + 9, height, -1.0f), result(width, height);
  const auto values = noise<float>(width * height);
  for (int y = 0; y < height; ++y) std::copy_n(&values[y * width], width, &wide(4, y));
  wide(20, 20) = std::numeric_limits<float>::quiet_NaN();
  const auto map = wide.view().crop(4, 0, width, height);
  gv::ops::FastGlobalSmoother<float> smooth;
  const gv::ops::FastGlobalSmoother<float>::Options options{500, 10, 3, 2};
  smooth(map, edges, gv::ImageView<const float>(), result.view(), options);
  const long before = allocations();
  smooth(map, edges, gv::ImageView<const float>(), result.view(), options);
  CHECK(allocations() == before);
  smooth(map, edges, gv::ImageView<const float>(), map, options);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) CHECK(map(x, y) == result(x, y));
    CHECK(wide(3, y) == -1.0f);
    CHECK(wide(4 + width, y) == -1.0f);
  }
  CHECK_THROWS_AS(smooth(map, edges, gv::ImageView<const float>(), map, {500, 0, 3, 1}), std::invalid_argument);
}

TEST_CASE_TEMPLATE("a huge cost spoils the windows that hold it and no others", T, float, double) {
  constexpr int x0 = 12, y0 = 7, radius = 3;
  const auto guide = noise<T>(width * height);
  for (const int slices_here : {1, slices}) {
    std::vector<T> volume(static_cast<std::size_t>(width * height * slices_here), T(0)), result(volume.size());
    const TensorView<T, 3> costs(volume.data(), {height, width, slices_here});
    *costs.at(y0, x0, slices_here / 2) = T(1e30);
    gv::ops::GuidedFilter<T> filter;
    filter(TensorView<const T, 3>(costs), {guide.data(), {height, width, 1}}, radius, 10.0,
           {result.data(), costs.sizes()}, 2);
    bool clean = true;
    for (int i = 0; i < width * height * slices_here; ++i) {
      const int pixel = i / slices_here, dx = pixel % width - x0, dy = pixel / width - y0;
      const bool reached =
          std::abs(dx) <= 2 * radius && std::abs(dy) <= 2 * radius && i % slices_here == slices_here / 2;
      clean = clean && (reached || result[static_cast<std::size_t>(i)] == T(0));
    }
    CHECK(clean);
    CHECK(result[static_cast<std::size_t>((y0 * width + x0) * slices_here + slices_here / 2)] > T(1e25));
  }
}

TEST_CASE_TEMPLATE("a slice of a volume is filtered where it lies, as a copy of it is", T, float, double) {
  const auto guide = noise<T>(width * height * 3);
  auto volume = noise<T>(width * height * slices);
  for (std::size_t i = 0; i < volume.size(); i += slices) volume[i] = T(1e30);  // of another slice
  for (const int channels : {1, 3}) {
    std::vector<T> copy, expected(width * height), apart(volume.size(), T(-1));
    for (std::size_t i = 2; i < volume.size(); i += slices) copy.push_back(volume[i]);
    const TensorView<const T, 3> edges(guide.data(), {height, width, channels});
    const std::array<std::ptrdiff_t, 3> one = {height, width, 1}, strides = {width * slices, slices, 1};
    gv::ops::GuidedFilter<T> filter;
    filter({copy.data(), one}, edges, 3, 10.0, {expected.data(), one}, 2);
    filter({volume.data() + 2, one, strides}, edges, 3, 10.0, {apart.data() + 1, one, strides}, 2);
    bool equal = true;
    for (std::size_t i = 0; i < apart.size(); ++i) {
      equal = equal && apart[i] == (i % slices == 1 ? expected[i / slices] : T(-1));
    }
    CHECK(equal);
  }
}

TEST_CASE("a huge cost spoils the crosses that hold it and no others") {
  const std::vector<std::uint8_t> image(width * height, 9);
  std::vector<std::uint8_t> lengths(width * height * 4);
  const TensorView<std::uint8_t, 3> arms(lengths.data(), {height, width, 4});
  gv::ops::cross_arms<std::uint8_t>({image.data(), {height, width, 1}}, {4, 4, 20, 20}, arms);
  std::vector<float> volume(width * height * slices, 0.0f), result(volume.size());
  volume[static_cast<std::size_t>((9 * width + 20) * slices + 17)] = 1e30f;
  gv::ops::CrossAggregation()(TensorView<const float, 3>(volume.data(), {height, width, slices}),
                              TensorView<const std::uint8_t, 3>(arms), true, {result.data(), {height, width, slices}});
  int spoilt = 0;
  for (const float mean : result) spoilt += mean == 0.0f ? 0 : 1;
  CHECK(spoilt == 9 * 9);
}

TEST_CASE("a guide of bytes or words guides as its values in float do") {
  const auto bytes = noise<std::uint8_t>(width * (height + 2) * 3);
  const std::vector<std::uint16_t> words(bytes.begin(), bytes.end());
  const std::vector<float> floats(bytes.begin(), bytes.end()), values = noise<float>(width * height * slices);
  std::vector<float> expected(values.size()), result(values.size());
  const TensorView<const float, 3> costs(values.data(), {height, width, slices});
  const TensorView<float, 3> out(result.data(), {height, width, slices});
  gv::ops::GuidedFilter<float> filter;
  filter(costs, {floats.data(), {height, width, 3}}, 5, 10.0, {expected.data(), {height, width, slices}});
  filter(costs, TensorView<const std::uint8_t, 3>(bytes.data(), {height, width, 3}), 5, 10.0, out);
  CHECK(result == expected);
  std::fill(result.begin(), result.end(), 0.0f);
  filter(costs, TensorView<const std::uint16_t, 3>(words.data(), {height, width, 3}), 5, 10.0, out);
  CHECK(result == expected);
  CHECK_THROWS_AS(filter(costs, TensorView<const std::uint8_t, 3>(bytes.data(), {height + 2, width, 3}), 5, 10.0, out),
                  std::invalid_argument);
}

TEST_CASE("aggregation allocates once and keeps a constant") {
  const auto guide = noise<float>(width * height * 3);
  const auto image = noise<std::uint8_t>(width * height, 40);
  const std::vector<float> volume(width * height * slices, 12.5f);
  std::vector<float> result(volume.size());
  const TensorView<const float, 3> costs(volume.data(), {height, width, slices});
  const TensorView<float, 3> means(result.data(), {height, width, slices});
  const auto all_close = [&] {
    for (const float mean : result) {
      if (std::fabs(mean - 12.5f) > 1e-4f) return false;
    }
    return true;
  };

  gv::ops::GuidedFilter<float> filter;
  filter(costs, {guide.data(), {height, width, 3}}, 5, 10.0, means, 3);
  CHECK(all_close());
  long before = allocations();
  filter(costs, {guide.data(), {height, width, 3}}, 5, 10.0, means, 3);
  CHECK(allocations() == before);

  std::vector<std::uint8_t> lengths(width * height * 4);
  const TensorView<std::uint8_t, 3> arms(lengths.data(), {height, width, 4});
  gv::ops::cross_arms<std::uint8_t>({image.data(), {height, width, 1}}, {}, arms, 1);
  gv::ops::CrossAggregation aggregate;
  aggregate(costs, TensorView<const std::uint8_t, 3>(arms), false, means, 3);
  CHECK(all_close());
  before = allocations();
  aggregate(costs, TensorView<const std::uint8_t, 3>(arms), true, means, 3);
  CHECK(allocations() == before);
  CHECK(all_close());
  lengths[0] = 1;  // the first pixel's arm to the left
  CHECK_THROWS_AS(aggregate(costs, TensorView<const std::uint8_t, 3>(arms), true, means), std::invalid_argument);
}

TEST_CASE_TEMPLATE("winners of a volume with gaps between its pixels", T, std::uint8_t, std::uint16_t, std::int32_t,
                   float) {
  const auto costs = noise<T>(height * width * (slices + 3), 30);
  const TensorView<const T, 3> volume(costs.data(), {height, width, slices}, {width * (slices + 3), slices + 3, 1});
  std::vector<float> disparity(width * height);
  std::vector<T> least(width * height), second(width * height);
  gv::ops::winner_takes_all<T>(volume, 3, {disparity.data(), {height, width}}, {least.data(), {height, width}},
                               {second.data(), {height, width}}, 2);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const T* row = volume.at(y, x);
      const int winner = static_cast<int>(std::min_element(row, row + slices) - row);
      T other = gv::ops::no_candidate<T>;
      for (int k = 0; k < slices; ++k) other = std::abs(k - winner) > 1 ? std::min(other, row[k]) : other;
      CHECK(disparity[y * width + x] == 3 + winner);
      CHECK(least[y * width + x] == row[winner]);
      CHECK(second[y * width + x] == other);
    }
  }
}

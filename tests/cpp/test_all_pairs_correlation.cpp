#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <stdexcept>
#include <vector>

#include "allocations.hpp"
#include "geomvision/ops/all_pairs_correlation.hpp"

namespace gv = geomvision;
using gv::TensorView;

namespace {

// Batch, channels (more than a block of them; 1 / sqrt(C) is exact), and sizes that no block divides.
constexpr std::ptrdiff_t B = 2, C = 1024, H = 5, W = 43, W1 = 37;

// Small whole numbers, whose products and sums are exact; they lie in an image `gap` pixels wider than what is seen.
template <typename T>
struct Features {
  std::ptrdiff_t width, gap;
  std::vector<T> values;
  Features(std::ptrdiff_t columns, std::ptrdiff_t beside, unsigned seed)
      : width(columns), gap(beside), values(static_cast<std::size_t>(B * C * H * (columns + beside)), T(99)) {
    std::mt19937 random(seed);
    for (T& value : values) value = static_cast<T>(static_cast<int>(random() % 7) - 3);
  }
  TensorView<T, 4> view() {
    const std::ptrdiff_t row = width + gap;
    return {values.data(), {B, C, H, width}, {C * H * row, H * row, row, 1}};
  }
};

template <typename T>
T exact(TensorView<T, 4> a, TensorView<T, 4> b, std::ptrdiff_t n, std::ptrdiff_t y, std::ptrdiff_t x, std::ptrdiff_t v,
        std::ptrdiff_t u) {
  T sum = 0;
  for (std::ptrdiff_t c = 0; c < C; ++c) sum += *a.at(n, c, y, x) * *b.at(n, c, v, u);
  return sum / 32;
}

}  // namespace

TEST_CASE_TEMPLATE("all pairs of regions of larger features, for every number of threads, without allocating", T, float,
                   double) {
  Features<T> first(W, 5, 1), second(W1, 3, 2);
  const auto a = first.view(), b = second.view();
  std::vector<T> all(B * H * W * H * W1), rows(B * H * W * W1);
  const TensorView<T, 5> volume(all.data(), {B, H, W, H, W1});
  const TensorView<T, 4> row_volume(rows.data(), {B, H, W, W1});
  gv::ops::AllPairsCorrelation<T> correlate;
  correlate(a, b, volume, 3);
  correlate(a, b, row_volume, 3);
  const long before = allocations();
  correlate(a, b, volume, 3);
  correlate(a, b, row_volume, 3);
  CHECK(allocations() == before);
  bool right = true;
  for (std::ptrdiff_t y = 0; y < H; ++y) {
    for (std::ptrdiff_t x = 0; x < W; x += 7) {
      for (std::ptrdiff_t u = 0; u < W1; ++u) {
        for (std::ptrdiff_t v = 0; v < H; ++v) {
          right = right && *volume.at(1, y, x, v, u) == exact<T>(a, b, 1, y, x, v, u);
        }
        right = right && *row_volume.at(1, y, x, u) == *volume.at(1, y, x, y, u);
      }
    }
  }
  CHECK(right);
  const std::vector<T> expected = all;
  for (int threads : {1, 2, 8}) {
    std::fill(all.begin(), all.end(), T(-1));
    correlate(a, b, volume, threads);
    CHECK(all == expected);
  }
}

TEST_CASE_TEMPLATE("the derivative of all pairs goes to regions and leaves what lies beside them", T, float, double) {
  Features<T> first(W, 2, 1), second(W1, 0, 2), d_first(W, 4, 3), d_second(W1, 1, 4);
  const auto a = first.view(), b = second.view(), da = d_first.view(), db = d_second.view();
  for (T& value : d_first.values) value = T(77);
  std::vector<T> gradient(B * H * W * W1, T(0));
  const TensorView<T, 4> d_volume(gradient.data(), {B, H, W, W1});
  *d_volume.at(1, 2, 3, 4) = T(2);  // one product: the derivative in either factor is the other one
  const TensorView<T, 4> d_read = d_volume;
  gv::ops::AllPairsCorrelation<T>().backward(d_read, a, b, da, db, 2);
  for (std::ptrdiff_t c = 0; c < C; ++c) {
    CHECK(*da.at(1, c, 2, 3) == *b.at(1, c, 2, 4) / 16);
    CHECK(*db.at(1, c, 2, 4) == *a.at(1, c, 2, 3) / 16);
    CHECK(*da.at(1, c, 2, 4) == T(0));
    CHECK(*da.at(0, c, 2, 3) == T(0));
    CHECK(d_first.values[static_cast<std::size_t>((c * H + 1) * (W + 4) - 1)] == T(77));
  }
}

TEST_CASE_TEMPLATE("halving a volume averages, and its derivative shares", T, float, double) {
  const std::vector<T> values{1, 3, 5, 7, 9, 2, 4, 6, 8, 10, 0, 0, 0, 0, 0};
  const TensorView<const T, 5> volume(values.data(), {1, 1, 1, 3, 5});
  std::vector<T> half(2), back(15, T(-1));
  gv::ops::halve_volume<T>(volume, {half.data(), {1, 1, 1, 1, 2}});
  CHECK(half == std::vector<T>{2.5, 6.5});
  gv::ops::halve_volume_backward<T>({half.data(), {1, 1, 1, 1, 2}}, {back.data(), {1, 1, 1, 3, 5}});
  CHECK(back == std::vector<T>{0.625, 0.625, 1.625, 1.625, 0, 0.625, 0.625, 1.625, 1.625, 0, 0, 0, 0, 0, 0});
  gv::ops::halve_volume<T>({values.data(), {1, 1, 1, 1, 5}}, {half.data(), {1, 1, 1, 1, 2}});  // along a single row
  CHECK(half == std::vector<T>{2, 6});
  CHECK_THROWS_AS(gv::ops::halve_volume<T>({back.data(), {1, 1, 1, 3, 5}}, {back.data(), {1, 1, 1, 1, 2}}),
                  std::invalid_argument);
}

TEST_CASE("all pairs without channels are zero, without pixels nothing, and sizes that disagree are refused") {
  std::vector<float> some(64, 5.0f);
  gv::ops::AllPairsCorrelation<float> correlate;
  correlate({some.data(), {1, 0, 2, 2}}, {some.data(), {1, 0, 2, 3}},
            TensorView<float, 5>(some.data(), {1, 2, 2, 2, 3}));
  CHECK(some[23] == 0.0f);
  CHECK(some[24] == 5.0f);
  correlate({nullptr, {1, 4, 0, 2}}, {some.data(), {1, 4, 2, 3}}, TensorView<float, 5>(nullptr, {1, 0, 2, 2, 3}));
  CHECK_THROWS_AS(correlate({some.data(), {1, 4, 1, 2}}, {some.data(), {1, 4, 2, 2}},
                            TensorView<float, 4>(some.data(), {1, 1, 2, 2})),
                  std::invalid_argument);
  CHECK_THROWS_AS(correlate({some.data(), {1, 4, 1, 2}}, {some.data(), {1, 3, 1, 2}},
                            TensorView<float, 5>(some.data(), {1, 1, 2, 1, 2})),
                  std::invalid_argument);
}

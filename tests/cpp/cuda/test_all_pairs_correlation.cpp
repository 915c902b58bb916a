#include <algorithm>

#include "device.hpp"
#include "geomvision/cuda/all_pairs_correlation.hpp"
#include "geomvision/ops/all_pairs_correlation.hpp"

using namespace device;

namespace {

template <typename T, int Rank>
void compare(std::array<std::ptrdiff_t, 4> size0, std::ptrdiff_t height1, std::ptrdiff_t width1) {
  const auto [batch, channels, height, width] = size0;
  const std::array<std::ptrdiff_t, 4> size1{batch, channels, height1, width1};
  typename gv::TensorView<T, Rank>::Sizes pairs{batch, height, width, height1};
  pairs[Rank - 1] = width1;
  const auto values = [](const auto& sizes, unsigned seed) {
    std::size_t count = 1;
    for (const std::ptrdiff_t size : sizes) count *= static_cast<std::size_t>(size);
    return random_values<T>(count, -1, 1, seed);
  };
  Array<T, 4> features0(size0, values(size0, 1)), features1(size1, values(size1, 2)), d_features0(size0),
      d_features1(size1);
  Array<T, Rank> volume(pairs, T(7)), d_volume(pairs, values(pairs, 3));
  // sums of products of up to 1 in magnitude
  const double epsilon = std::is_same_v<T, float> ? 1e-5 : 1e-13;
  const double terms = static_cast<double>(std::max({channels, height * width, height1 * width1}));

  gv::ops::AllPairsCorrelation<T> here;
  const gv::cuda::AllPairsCorrelation<T> there;
  here(features0.here(), features1.here(), volume.here(), 1);
  there(features0.there(), features1.there(), volume.there());
  CHECK(apart(volume.fetched(), volume.host) <= epsilon * std::sqrt(terms));

  here.backward(d_volume.here(), features0.here(), features1.here(), d_features0.here(), d_features1.here(), 1);
  there.backward(d_volume.there(), features0.there(), features1.there(), d_features0.there(), d_features1.there());
  CHECK(apart(d_features0.fetched(), d_features0.host) <= epsilon * std::sqrt(terms));
  CHECK(apart(d_features1.fetched(), d_features1.host) <= epsilon * std::sqrt(terms));
}

}  // namespace

TEST_CASE_TEMPLATE("CUDA: all pairs and their derivatives are those of the CPU", T, float, double) {
  each_order([&] {
    compare<T, 5>({2, 19, 7, 11}, 5, 13);
    compare<T, 5>({1, 1, 1, 1}, 1, 1);
    compare<T, 5>({1, 33, 1, 131}, 1, 129);  // more than a square of the result
    compare<T, 4>({2, 17, 3, 21}, 3, 18);
    compare<T, 4>({1, 2, 1, 1}, 1, 5);
  });
}

TEST_CASE("CUDA: features that mark their pixel find it, and nothing else") {
  // one-hot: the product of two pixels is 1 / sqrt(channels) where they have the same mark
  std::vector<float> marks(256), others(256);
  for (std::size_t p = 0; p < 16; ++p) marks[p * 16 + p] = 1, others[(15 - p) * 16 + p] = 1;
  Array<float, 4> features0({1, 16, 2, 8}, marks), features1({1, 16, 4, 4}, others);
  Array<float, 5> volume({1, 2, 8, 4, 4});
  gv::cuda::AllPairsCorrelation<float>()(features0.there(), features1.there(), volume.there());
  const std::vector<float> found = volume.fetched();
  for (std::size_t p = 0; p < 16; ++p) {
    for (std::size_t q = 0; q < 16; ++q) CHECK(found[p * 16 + q] == (p + q == 15 ? 0.25f : 0.0f));
  }
}

TEST_CASE("CUDA: all pairs of nothing are nothing, of no channels 0; other sizes are refused") {
  Array<float, 4> none({1, 0, 2, 3}), empty({0, 4, 2, 3}), odd({1, 3, 2, 3}), deep({1, 4, 2, 3});
  Array<float, 5> volume({1, 2, 3, 2, 3}, 9.0f), no_volume({0, 2, 3, 2, 3});
  Array<float, 4> d_none({1, 0, 2, 3});
  const gv::cuda::AllPairsCorrelation<float> correlate;
  correlate(none.there(), none.there(), volume.there());
  CHECK(volume.fetched() == std::vector<float>(36, 0.0f));
  correlate.backward(volume.there(), none.there(), none.there(), d_none.there(), d_none.there());
  correlate(empty.there(), empty.there(), no_volume.there());
  CHECK_THROWS_AS(correlate(odd.there(), deep.there(), volume.there()), std::invalid_argument);
  CHECK_THROWS_AS(correlate(deep.there(), deep.there(), no_volume.there()), std::invalid_argument);
  CHECK_THROWS_AS(correlate.backward(volume.there(), deep.there(), deep.there(), odd.there(), deep.there()),
                  std::invalid_argument);
}

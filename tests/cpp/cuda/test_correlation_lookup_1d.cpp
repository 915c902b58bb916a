#include "device.hpp"
#include "geomvision/cuda/correlation_lookup.hpp"

using namespace device;
using gv::ops::CorrelationLookupOptions;

namespace {

struct Case {
  std::ptrdiff_t batch, channels, height, width, width1;
  int radius, levels;
  double spread;
};

template <typename T>
void compare(const Case& c) {
  CAPTURE(c.channels);
  CAPTURE(c.radius);
  const double tolerance = std::is_same_v<T, float> ? 1e-5 : 1e-13;
  const CorrelationLookupOptions options{c.radius, c.levels};
  gv::ops::CorrelationLookup1D<T> here(options);
  const gv::cuda::CorrelationLookup1D<T> there(options);
  const auto pixels = static_cast<std::size_t>(c.batch * c.height * c.width);
  const std::size_t rows = static_cast<std::size_t>(c.batch * c.channels * c.height);
  const std::ptrdiff_t planes = c.levels * (2 * c.radius + 1);
  Array<T, 4> features0({c.batch, c.channels, c.height, c.width},
                        random_values<T>(rows * static_cast<std::size_t>(c.width), -1, 1, 1));
  Array<T, 4> features1({c.batch, c.channels, c.height, c.width1},
                        random_values<T>(rows * static_cast<std::size_t>(c.width1), -1, 1, 2));
  std::vector<T> at = random_values<T>(pixels, -c.spread, c.spread, 4);
  for (std::size_t k = 0; k < pixels; ++k) {
    at[k] += static_cast<T>(k % static_cast<std::size_t>(c.width));
    if (k % 11 == 1) at[k] = std::round(at[k]);
    if (k % 37 == 2) at[k] = static_cast<T>(k % 2 == 0 ? NAN : 1e20);
  }
  Array<T, 3> x({c.batch, c.height, c.width}, at), d_x({c.batch, c.height, c.width});
  Array<T, 4> out({c.batch, planes, c.height, c.width});
  here(features0.here(), features1.here(), x.here(), out.here(), 1);
  there(features0.there(), features1.there(), x.there(), out.there());
  CHECK(apart(out.fetched(), out.host) <= tolerance);

  Array<T, 4> d_out(out.here().sizes(), random_values<T>(out.host.size(), -1, 1, 3));
  here.backward_coordinates(d_out.here(), features0.here(), features1.here(), x.here(), d_x.here(), 1);
  there.backward_coordinates(d_out.there(), features0.there(), features1.there(), x.there(), d_x.there());
  CHECK(apart(d_x.fetched(), d_x.host) <= 10 * tolerance);

  Array<T, 4> d_features0(features0.here().sizes()), d_features1(features1.here().sizes());
  here.backward(d_out.here(), features0.here(), features1.here(), x.here(), d_features0.here(), d_features1.here(), 1);
  there.backward(d_out.there(), features0.there(), features1.there(), x.there(), d_features0.there(),
                 d_features1.there());
  CHECK(apart(d_features0.fetched(), d_features0.host) <= 10 * tolerance);
  CHECK(apart(d_features1.fetched(), d_features1.host) <= 10 * tolerance);
}

}  // namespace

TEST_CASE("CUDA: lookups along rows and their derivatives are those of the CPU") {
  each_order([] {
    compare<float>({2, 5, 1, 37, 31, 3, 3, 2.0});
    compare<float>({1, 18, 1, 33, 70, 2, 2, 40.0});
    compare<double>({2, 3, 2, 9, 12, 3, 3, 2.0});
    compare<float>({1, 1, 1, 1, 1, 0, 1, 0.5});
  });
  compare<float>({1, 140, 1, 7, 9, 1, 1, 1.0});
  compare<float>({1, 2, 2, 5, 300, 100, 1, 2.0});
}

TEST_CASE("CUDA: a row of positions is sampled between them, and between the means of their pairs") {
  Array<float, 4> features0({1, 1, 1, 1}, 1.0f), features1({1, 1, 1, 6}, {0, 10, 20, 30, 40, 50}), out({1, 6, 1, 1});
  Array<float, 3> x({1, 1, 1}, 4.5f);
  const gv::cuda::CorrelationLookup1D<float> lookup({1, 2});
  lookup(features0.there(), features1.there(), x.there(), out.there());
  // Level 1 is 5, 25, 45 at 1.25, 2.25 and 3.25, where nothing is.
  CHECK(apart(out.fetched(), {35, 45, 25, 30, 33.75f, 0}) <= 1e-5);
}

TEST_CASE("CUDA: lookups along rows refuse sizes that do not belong together, and take images without pixels") {
  const gv::cuda::CorrelationLookup1D<float> lookup({1, 2});
  Array<float, 4> features({1, 3, 2, 4}), other({1, 2, 2, 4}), narrow({1, 3, 2, 1}), out({1, 6, 2, 4});
  Array<float, 4> none({1, 3, 0, 4}), no_out({1, 6, 0, 4}), no_channels({1, 0, 2, 4}), seven({1, 6, 2, 4}, 7.0f);
  Array<float, 3> x({1, 2, 4}), no_x({1, 0, 4}), wrong({1, 2, 5});
  CHECK_THROWS_WITH_AS(lookup(features.there(), other.there(), x.there(), out.there()),
                       "CorrelationLookup1D: features0 is 1x3x2x4, features1 is 1x2x2x4; only their widths may differ",
                       std::invalid_argument);
  CHECK_THROWS_AS(lookup(features.there(), narrow.there(), x.there(), out.there()), std::invalid_argument);
  CHECK_THROWS_AS(lookup(features.there(), features.there(), wrong.there(), out.there()), std::invalid_argument);
  CHECK_THROWS_AS(lookup(features.there(), features.there(), x.there(), features.there()), std::invalid_argument);
  CHECK_THROWS_AS(gv::cuda::CorrelationLookup1D<float>({101, 2}), std::invalid_argument);
  lookup(none.there(), none.there(), no_x.there(), no_out.there());
  lookup.backward(no_out.there(), none.there(), none.there(), no_x.there(), none.there(), none.there());
  lookup(no_channels.there(), no_channels.there(), x.there(), seven.there());
  CHECK(apart(seven.fetched(), std::vector<float>(seven.host.size(), 0.0f)) == 0);
}

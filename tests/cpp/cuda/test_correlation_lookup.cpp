#include "device.hpp"
#include "geomvision/cuda/correlation_lookup.hpp"

using namespace device;
using gv::ops::CorrelationLookupOptions;

namespace {

std::size_t count_of(std::ptrdiff_t a, std::ptrdiff_t b, std::ptrdiff_t c, std::ptrdiff_t d) {
  return static_cast<std::size_t>(a * b * c * d);
}

// Coordinates around their pixels, `spread` away at most; some far away, some NaN, some on positions.
template <typename T>
std::vector<T> points(std::ptrdiff_t batch, std::ptrdiff_t axes, std::ptrdiff_t height, std::ptrdiff_t width,
                      double spread) {
  std::vector<T> values = random_values<T>(count_of(batch, axes, height, width), -spread, spread, 5);
  for (std::size_t k = 0; k < values.size(); ++k) {
    const auto at = static_cast<std::ptrdiff_t>(k);
    values[k] += static_cast<T>(at / (height * width) % axes == 0 ? at % width : at / width % height);
    if (k % 13 == 1) values[k] = std::round(values[k]);
    if (k % 37 == 2) values[k] = static_cast<T>(NAN);
    if (k % 41 == 3) values[k] = static_cast<T>(k % 2 == 0 ? INFINITY : -1e30);
  }
  return values;
}

struct Case {
  std::ptrdiff_t batch, channels, height, width, height1, width1;
  int radius, levels;
  double spread;
};

template <typename T>
void compare(const Case& c) {
  CAPTURE(c.channels);
  CAPTURE(c.radius);
  CAPTURE(c.spread);
  const double tolerance = std::is_same_v<T, float> ? 1e-5 : 1e-13;
  const CorrelationLookupOptions options{c.radius, c.levels};
  gv::ops::CorrelationLookup<T> here(options);
  const gv::cuda::CorrelationLookup<T> there(options);
  const std::ptrdiff_t positions = here.positions(c.height1, c.width1), step = here.padded_channels(c.channels);
  const std::ptrdiff_t planes = c.levels * (2 * c.radius + 1) * (2 * c.radius + 1);
  REQUIRE(there.positions(c.height1, c.width1) == positions);
  Array<T, 4> features0({c.batch, c.channels, c.height, c.width},
                        random_values<T>(count_of(c.batch, c.channels, c.height, c.width), -1, 1, 1));
  Array<T, 4> features1({c.batch, c.channels, c.height1, c.width1},
                        random_values<T>(count_of(c.batch, c.channels, c.height1, c.width1), -1, 1, 2));
  Array<T, 3> packed({c.batch, positions, step});

  here.pack(features1.here(), packed.here(), 1);
  there.pack(features1.there(), packed.there());
  CHECK(packed.fetched() == packed.host);

  Array<T, 4> coordinates({c.batch, 2, c.height, c.width}, points<T>(c.batch, 2, c.height, c.width, c.spread));
  Array<T, 4> out({c.batch, planes, c.height, c.width});
  here(features0.here(), packed.here(), c.height1, c.width1, coordinates.here(), out.here(), 1);
  there(features0.there(), packed.there(), c.height1, c.width1, coordinates.there(), out.there());
  CHECK(apart(out.fetched(), out.host) <= tolerance);

  Array<T, 4> d_out(out.here().sizes(), random_values<T>(out.host.size(), -1, 1, 3));
  Array<T, 4> d_coordinates(coordinates.here().sizes()), d_features0(features0.here().sizes());
  Array<T, 3> d_packed(packed.here().sizes());
  here.backward_coordinates(d_out.here(), features0.here(), packed.here(), c.height1, c.width1, coordinates.here(),
                            d_coordinates.here(), 1);
  there.backward_coordinates(d_out.there(), features0.there(), packed.there(), c.height1, c.width1, coordinates.there(),
                             d_coordinates.there());
  CHECK(apart(d_coordinates.fetched(), d_coordinates.host) <= 10 * tolerance);

  here.backward(d_out.here(), features0.here(), packed.here(), c.height1, c.width1, coordinates.here(),
                d_features0.here(), d_packed.here(), 1);
  there.backward(d_out.there(), features0.there(), packed.there(), c.height1, c.width1, coordinates.there(),
                 d_features0.there(), d_packed.there());
  CHECK(apart(d_features0.fetched(), d_features0.host) <= 10 * tolerance);
  CHECK(apart(d_packed.fetched(), d_packed.host) <= 10 * tolerance);

  Array<T, 4> d_features1(features1.here().sizes());
  here.pack_backward(packed.here(), d_features1.here(), 1);
  there.pack_backward(packed.there(), d_features1.there());
  CHECK(apart(d_features1.fetched(), d_features1.host) <= tolerance);
}

}  // namespace

TEST_CASE("CUDA: lookups of packed features and their derivatives are those of the CPU") {
  each_order([] {
    compare<float>({2, 5, 5, 9, 6, 7, 2, 2, 1.0});       // windows that share positions
    compare<float>({1, 21, 3, 10, 12, 14, 1, 3, 30.0});  // windows apart
    compare<double>({1, 3, 5, 9, 6, 9, 2, 2, 2.0});
    compare<float>({1, 1, 1, 1, 1, 1, 0, 1, 0.5});
  });
  compare<float>({1, 150, 3, 5, 6, 7, 1, 1, 1.0});  // two chunks of channels
  compare<float>({1, 300, 3, 5, 6, 7, 1, 1, 1.0});  // two passes
  compare<float>({1, 2, 2, 2, 5, 6, 30, 1, 2.0});   // windows that find no room
}

TEST_CASE("CUDA: constant features see what of a sample lies inside, times the root of the channels") {
  const CorrelationLookupOptions options{1, 1};
  const gv::cuda::CorrelationLookup<float> lookup(options);
  Array<float, 4> features0({1, 9, 1, 1}, 1.0f), features1({1, 9, 3, 4}, 1.0f);
  Array<float, 3> packed({1, 12, 16});
  Array<float, 4> coordinates({1, 2, 1, 1}, {0.25f, 2.0f}), out({1, 9, 1, 1});
  lookup.pack(features1.there(), packed.there());
  lookup(features0.there(), packed.there(), 3, 4, coordinates.there(), out.there());
  // x = -0.75, 0.25, 1.25 changes slowest; y = 1, 2, 3.
  CHECK(apart(out.fetched(), {0.75f, 0.75f, 0, 3, 3, 0, 3, 3, 0}) <= 1e-6);
}

TEST_CASE("CUDA: lookups refuse sizes that do not belong together, and take images without pixels or channels") {
  const gv::cuda::CorrelationLookup<float> lookup({1, 2});
  Array<float, 4> features({1, 3, 4, 4}), coordinates({1, 2, 4, 4}), out({1, 18, 4, 4}), wrong({1, 17, 4, 4});
  Array<float, 3> packed({1, 20, 16}), short_packed({1, 19, 16});
  CHECK_THROWS_WITH_AS(lookup.pack(features.there(), short_packed.there()),
                       "CorrelationLookup: packed is 1x19x16; it must be 1x20x16 without gaps", std::invalid_argument);
  CHECK_THROWS_AS(lookup(features.there(), packed.there(), 4, 4, coordinates.there(), wrong.there()),
                  std::invalid_argument);
  CHECK_THROWS_AS(lookup(features.there(), packed.there(), 5, 4, coordinates.there(), out.there()),
                  std::invalid_argument);
  CHECK_THROWS_AS(lookup.positions(1, 4), std::invalid_argument);
  CHECK_THROWS_AS(gv::cuda::CorrelationLookup<float>({-1, 2}), std::invalid_argument);
  CHECK_THROWS_AS(gv::cuda::CorrelationLookup<float>({1, 17}), std::invalid_argument);

  Array<float, 4> no_channels({1, 0, 4, 4}), no_rows({1, 3, 0, 4}), no_points({1, 2, 0, 4}), no_out({1, 18, 0, 4});
  Array<float, 3> nothing({1, 20, 0}), d_packed({1, 20, 16}, 7.0f);
  lookup.pack(no_channels.there(), nothing.there());
  Array<float, 4> inside({1, 2, 4, 4}, 1.0f), seven({1, 18, 4, 4}, 7.0f);
  lookup(no_channels.there(), nothing.there(), 4, 4, inside.there(), seven.there());
  CHECK(apart(seven.fetched(), std::vector<float>(seven.host.size(), 0.0f)) == 0);
  lookup.backward(no_out.there(), no_rows.there(), packed.there(), 4, 4, no_points.there(), no_rows.there(),
                  d_packed.there());
  CHECK(apart(d_packed.fetched(), std::vector<float>(d_packed.host.size(), 0.0f)) == 0);
}

#include <cmath>

#include "canvas.hpp"
#include "geomvision/ops/all_pairs_correlation.hpp"
#include "geomvision/ops/correlation_lookup.hpp"
#include "geomvision/ops/local_correlation.hpp"
#include "geomvision/ops/volume_lookup.hpp"

namespace gv = geomvision;
using fuzz::Block;
using fuzz::Random;
using fuzz::require;

namespace {

using Size = std::ptrdiff_t;

template <typename T, int Rank>
void require_within(const Block<T, Rank>& values, double most, const char* what) {
  for (const T value : values) require(std::abs(value) <= most * 1.01 + 1e-3, what);
}

// Places in and around an image of `extent` pixels, some of them nowhere.
template <typename T, int Rank>
Block<T, Rank> places(Random& random, const typename Block<T, Rank>::Sizes& sizes, Size extent) {
  const double far = static_cast<double>(extent) + 3;
  Block<T, Rank> made(random, sizes, -3, random.chance(0.1) ? 0 : far);
  for (int i = random.below(4); i > 0 && made.begin() != made.end(); --i) {
    T* at = made.view().data() + random.below(static_cast<int>(made.end() - made.begin()));
    *at = static_cast<T>(random.one_of({std::nan(""), HUGE_VAL, -HUGE_VAL, 1e30, -1e30, 2147483648.0, -0.0}));
  }
  return made;
}

template <typename T>
void correlate(Random& random) {
  gv::ops::LocalCorrelationOptions options;
  options.radius = random.below(4);
  random.vary(options.radius, {0, 1, 4, 7});
  random.vary(options.stride, {1, 2, 5});
  random.vary(options.dilation, {1, 2, 9});
  const Size batch = random.between(0, 2), channels = random.between(1, 20), height = random.size(30),
             width = random.size(70), side = 2 * Size{options.radius} + 1, stride = options.stride;
  gv::ops::LocalCorrelation<T> correlation(options);
  require(options.radius >= 0 && options.stride > 0 && options.dilation > 0, "options without meaning were taken");
  if (options.radius > 20 || options.stride > 1000) return;  // allowed, but too much memory
  const Size rows = (height + stride - 1) / stride, columns = (width + stride - 1) / stride;
  const Block<T, 4> left(random, {batch, channels, height, width}),
      right(random, {batch, channels, height, width + (random.chance(0.03) ? 1 : 0)});
  Block<T, 4> out(random, {batch, side * side, rows, columns}), again(random, out.read().sizes());
  correlation(left.read(), right.read(), out.view(), random.threads());
  require_within(out, 9, "a mean of products beyond them");
  correlation(left.read(), right.read(), again.view(), random.threads());
  require(std::equal(out.begin(), out.end(), again.begin()), "the second call differs from the first");
  const Block<T, 4> d_out(random, out.read().sizes());
  Block<T, 4> d_left(random, left.read().sizes()), d_right(random, left.read().sizes());
  correlation.backward(d_out.read(), left.read(), right.read(), d_left.view(), d_right.view(), random.threads());
  const double most = 9.0 * static_cast<double>(side * side);
  require_within(d_left, most, "a derivative that is too large");
  require_within(d_right, most * static_cast<double>(stride * stride), "a derivative that is too large");
}

template <typename T>
void look_up(Random& random) {
  gv::ops::CorrelationLookupOptions options;
  options.radius = random.below(5);
  options.levels = random.between(1, 3);
  random.vary(options.radius, {0, 1, 4});
  random.vary(options.levels, {1, 2, 4});
  gv::ops::CorrelationLookup<T> lookup(options);
  const Size batch = random.between(0, 2), channels = random.between(1, 40), height = random.size(20),
             width = random.size(40), height1 = random.size(30), width1 = random.size(50);
  if (options.radius > 20) return;  // allowed, but too much memory
  const Size side = 2 * options.radius + 1, positions = lookup.positions(height1, width1);
  const Block<T, 4> features0(random, {batch, channels, height, width}),
      features1(random, {batch, channels, height1, width1});
  Block<T, 3> packed(random, {batch, positions, lookup.padded_channels(channels)}),
      d_packed(random, packed.read().sizes());
  lookup.pack(features1.read(), packed.view(), random.threads());
  const auto at = places<T, 4>(random, {batch, 2, height, width}, std::max(height1, width1));
  Block<T, 4> out(random, {batch, options.levels * side * side, height, width});
  const double most = 9 * std::sqrt(static_cast<double>(channels));
  lookup(features0.read(), packed.read(), height1, width1, at.read(), out.view(), random.threads());
  require_within(out, most, "a sample beyond the products");
  const Block<T, 4> d_out(random, out.read().sizes());
  Block<T, 4> d_features0(random, features0.read().sizes()), d_features1(random, features1.read().sizes()),
      d_at(random, at.read().sizes());
  lookup.backward(d_out.read(), features0.read(), packed.read(), height1, width1, at.read(), d_features0.view(),
                  d_packed.view(), random.threads());
  lookup.pack_backward(d_packed.read(), d_features1.view(), random.threads());
  lookup.backward_coordinates(d_out.read(), features0.read(), packed.read(), height1, width1, at.read(), d_at.view(),
                              random.threads());
  require_within(d_features0, 1e6, "a derivative that is too large");
  require_within(d_features1, 1e9, "a derivative that is too large");
  require_within(d_at, 1e7, "a derivative that is too large");
}

template <typename T>
void look_up_rows(Random& random) {
  gv::ops::CorrelationLookupOptions options;
  options.levels = random.between(1, 3);
  random.vary(options.radius, {0, 1, 4});
  random.vary(options.levels, {1, 2, 4});
  gv::ops::CorrelationLookup1D<T> lookup(options);
  if (options.radius > 1000 || options.levels > 1000) return;  // allowed, but too much memory
  const Size batch = random.between(0, 2), channels = random.between(1, 40), height = random.size(20),
             width = random.size(60), width1 = random.size(90);
  const Block<T, 4> features0(random, {batch, channels, height, width}),
      features1(random, {batch, channels, height, width1});
  const auto x = places<T, 3>(random, {batch, height, width}, width1);
  Block<T, 4> out(random, {batch, Size{options.levels} * (2 * options.radius + 1), height, width});
  lookup(features0.read(), features1.read(), x.read(), out.view(), random.threads());
  require_within(out, 9 * std::sqrt(static_cast<double>(channels)), "a sample beyond the products");
  const Block<T, 4> d_out(random, out.read().sizes());
  Block<T, 4> d_features0(random, features0.read().sizes()), d_features1(random, features1.read().sizes());
  Block<T, 3> d_x(random, x.read().sizes());
  lookup.backward(d_out.read(), features0.read(), features1.read(), x.read(), d_features0.view(), d_features1.view(),
                  random.threads());
  lookup.backward_coordinates(d_out.read(), features0.read(), features1.read(), x.read(), d_x.view(), random.threads());
  require_within(d_features0, 1e6, "a derivative that is too large");
  require_within(d_features1, 1e9, "a derivative that is too large");
  require_within(d_x, 1e7, "a derivative that is too large");
}

template <typename T>
void look_up_volume(Random& random) {
  int radius = random.below(5), level = random.below(3);
  random.vary(radius, {0, 1, 4});
  random.vary(level, {0, 1, 3});
  gv::ops::VolumeLookup<T> lookup(radius, level);
  if (radius > 20) return;  // allowed, but too much memory
  const bool both = random.chance(0.6);
  const Size batch = random.between(0, 2), height = random.size(15), width = random.size(25),
             height1 = both ? random.size(15) : 1, width1 = random.size(25), side = 2 * radius + 1;
  const Block<T, 5> volume(random, {batch, height, width, height1, width1});
  const auto at =
      places<T, 4>(random, {batch, both ? 2 : 1, height, width}, std::max(height1, width1) << std::min(level, 4));
  Block<T, 4> out(random, {batch, both ? side * side : side, height, width});
  lookup(volume.read(), at.read(), out.view(), random.threads());
  require_within(out, 3, "a sample beyond the volume");
  const Block<T, 4> d_out(random, out.read().sizes());
  Block<T, 5> d_volume(random, volume.read().sizes());
  Block<T, 4> d_at(random, at.read().sizes());
  lookup.backward(d_out.read(), at.read(), d_volume.view(), random.threads());
  lookup.backward_coordinates(d_out.read(), volume.read(), at.read(), d_at.view(), random.threads());
  require_within(d_volume, 3.0 * static_cast<double>(side * side), "a derivative that is too large");
  require_within(d_at, 1e5, "a derivative that is too large");
}

template <typename T>
void correlate_pairs(Random& random) {
  const Size batch = random.between(0, 2), channels = random.between(0, 20) * random.between(1, 20),
             height = random.size(6), width = random.size(50), width1 = random.size(50),
             height1 = random.chance(0.5) ? height : random.size(6);
  const Block<T, 4> features0(random, {batch, channels, height, width}),
      features1(random, {batch, channels, height1, width1});
  Block<T, 4> d_features0(random, features0.read().sizes()), d_features1(random, features1.read().sizes());
  Block<T, 5> volume(random, {batch, height, width, height1, width1});
  gv::ops::AllPairsCorrelation<T> correlate;
  correlate(features0.read(), features1.read(), volume.view(), random.threads());
  require_within(volume, 9 * std::sqrt(static_cast<double>(channels)), "a product beyond them");
  correlate.backward(volume.read(), features0.read(), features1.read(), d_features0.view(), d_features1.view(),
                     random.threads());
  Block<T, 4> rows(random, {batch, height, width, width1});
  correlate(features0.read(), features1.read(), rows.view(), random.threads());
  correlate.backward(rows.read(), features0.read(), features1.read(), d_features0.view(), d_features1.view(),
                     random.threads());
  const double most = 27 * std::sqrt(static_cast<double>(channels)) * static_cast<double>(width + width1);
  require_within(d_features0, most, "a derivative that is too large");
  require_within(d_features1, most, "a derivative that is too large");
  Block<T, 5> half(random, {batch, height, width, height1 == 1 ? 1 : height1 / 2, width1 / 2});
  gv::ops::halve_volume<T>(volume.read(), half.view(), random.threads());
  require_within(half, 9 * std::sqrt(static_cast<double>(channels)), "a mean beyond the products");
  gv::ops::halve_volume_backward<T>(half.read(), volume.view(), random.threads());
}

}  // namespace

FUZZ(all_pairs_correlation) { random.chance(0.5) ? correlate_pairs<float>(random) : correlate_pairs<double>(random); }
FUZZ(local_correlation) { random.chance(0.5) ? correlate<float>(random) : correlate<double>(random); }
FUZZ(correlation_lookup) { random.chance(0.5) ? look_up<float>(random) : look_up<double>(random); }
FUZZ(correlation_lookup_1d) { random.chance(0.5) ? look_up_rows<float>(random) : look_up_rows<double>(random); }
FUZZ(volume_lookup) { random.chance(0.5) ? look_up_volume<float>(random) : look_up_volume<double>(random); }

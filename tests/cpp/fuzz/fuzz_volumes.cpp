#include <cmath>

#include "canvas.hpp"
#include "geomvision/ops/cost_volumes.hpp"
#include "geomvision/ops/nearest_known.hpp"
#include "geomvision/ops/winners.hpp"

namespace gv = geomvision;
using fuzz::Block;
using fuzz::Random;
using fuzz::require;

namespace {

// Volumes of two feature maps, and their derivatives: finite where the features are.
template <typename T>
void build_volumes(Random& random) {
  const std::ptrdiff_t batch = random.between(1, 2), channels = random.between(1, 12), height = random.size(12),
                       width = random.size(40), disparities = random.between(1, 50);
  const std::ptrdiff_t groups =
      random.chance(0.8) ? random.one_of<std::ptrdiff_t>({1, channels}) : random.between(0, 5);
  const int threads = random.threads();
  const Block<T, 4> left(random, {batch, channels, height, width});
  const Block<T, 4> right(random, {batch, channels, height, width + (random.chance(0.03) ? 1 : 0)});
  Block<T, 4> d_left(random, {batch, channels, height, width}), d_right(random, {batch, channels, height, width});
  const auto require_finite = [](const auto& block) {
    for (const T value : block) require(std::isfinite(value), "a value that is not finite");
  };
  const int kind = random.below(3);
  if (kind == 0) {
    Block<T, 5> volume(random, {batch, groups, disparities, height, width});
    gv::ops::group_wise_volume<T>(left.read(), right.read(), volume.view(), threads);
    require_finite(volume);
    gv::ops::group_wise_volume_backward<T>(volume.read(), left.read(), right.read(), d_left.view(), d_right.view(),
                                           threads);
  } else if (kind == 1) {
    Block<T, 4> volume(random, {batch, disparities, height, width});
    gv::ops::difference_volume<T>(left.read(), right.read(), volume.view(), threads);
    for (const T value : volume) require(value >= 0, "a negative difference");
    gv::ops::difference_volume_backward<T>(volume.read(), left.read(), right.read(), d_left.view(), d_right.view(),
                                           threads);
  } else {
    Block<T, 5> volume(random, {batch, 2 * channels, disparities, height, width});
    gv::ops::concatenated_volume<T>(left.read(), right.read(), volume.view(), threads);
    require_finite(volume);
    gv::ops::concatenated_volume_backward<T>(volume.read(), d_left.view(), d_right.view(), threads);
  }
  require_finite(d_left);
  require_finite(d_right);
}

template <typename T>
void choose(Random& random) {
  const std::ptrdiff_t height = random.size(20), width = random.size(60), candidates = random.between(0, 70);
  const int threads = random.threads();
  int first = 0;
  random.vary(first, {0, -7, 5, 100});
  const Block<T, 3> volume(random, {height, width, candidates}, 0, random.one_of({1.0, 9.0, 120.0}));
  Block<float, 2> disparity(random, {height, width + (random.chance(0.03) ? 1 : 0)});
  Block<float, 2> right(random, {height, width}), kept(random, {height, width}), margin(random, {height, width});
  Block<T, 2> cost(random, {height, width}), second(random, {height, width});
  gv::ops::winner_takes_all<T>(volume.read(), first, disparity.view(), cost.view(), second.view(), threads);
  gv::ops::right_winners<T>(volume.read(), first, right.view(), threads);
  const auto in_range = [&](float d) {
    const double last = static_cast<double>(first) + static_cast<double>(candidates) - 1;
    return std::isnan(d) || (d >= static_cast<double>(first) - 0.5 && d <= last + 0.5);
  };
  for (const float d : disparity) require(in_range(d), "a winner that is no candidate");
  for (const float d : right) require(in_range(d), "a right winner that is no candidate");
  int percent = 10;
  random.vary(percent, {0, 10, 99});
  gv::ops::uniqueness<T>(disparity.read(), cost.read(), second.read(), percent, kept.view(), margin.view(), threads);
  std::string fit = "parabola";
  random.vary(fit, {"parabola", "equiangular"});
  gv::ops::subpixel<T>(volume.read(), disparity.read(), first, fit, disparity.view(), threads);
  for (const float d : disparity) require(in_range(d), "a refined winner beyond the candidates");
  double tolerance = 1;
  random.vary(tolerance, {0.0, 1.0, 3.0});
  Block<std::uint8_t, 2> codes(random, {height, width}, 0, 9);
  gv::ops::left_right_check(disparity.read(), right.read(), tolerance, codes.view(), threads);
  for (const std::uint8_t code : codes) require(code <= 3, "no such code");
  Block<float, 3> nearest(random, {4, height, width + (random.chance(0.03) ? 1 : 0)});
  gv::ops::nearest_known(disparity.read(), nearest.view(), threads);
  for (const float d : nearest) require(in_range(d), "carried from nowhere");
}

}  // namespace

FUZZ(cost_volumes) { random.chance(0.5) ? build_volumes<float>(random) : build_volumes<double>(random); }

FUZZ(winners) {
  const int type = random.below(4);
  if (type == 0) choose<std::uint8_t>(random);
  if (type == 1) choose<std::uint16_t>(random);
  if (type == 2) choose<std::int32_t>(random);
  if (type == 3) choose<float>(random);
}

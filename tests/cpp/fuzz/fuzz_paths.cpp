#include <algorithm>

#include "canvas.hpp"
#include "geomvision/ops/sgm_paths.hpp"
#include "geomvision/stereo/sgm.hpp"

namespace gv = geomvision;
using fuzz::Block;
using fuzz::Canvas;
using fuzz::Random;
using fuzz::require;

namespace {

template <typename T>
void sum_paths(Random& random) {
  gv::ops::SGMPathsOptions options;
  random.vary(options.paths, {4, 5, 8, 16});
  random.vary(options.p1, {0, 1, 24});
  random.vary(options.p2, {24, 90, 180, 255});
  options.num_threads = random.threads();
  gv::ops::SGMPaths paths(options);
  const int height = random.size(40), width = random.size(150), count = random.one_of({1, 2, 16, 33, 64, 65, 200});
  const double most = random.chance(0.95) ? std::max(0, 255 - options.p2) : 255;
  const Block<std::uint8_t, 3> costs(random, {height, width, count}, 0, std::min(most, 255.0));
  Block<std::uint16_t, 3> sums(random, {height, width, count}, 0, 9), again(random, {height, width, count}, 0, 9);
  const Canvas<T> guide(random, width, height);
  const bool guided = random.chance(0.6);
  const auto call = [&](Block<std::uint16_t, 3>& into) {
    guided ? paths(costs.read(), guide.view(), into.view()) : paths(costs.read(), into.view());
  };
  call(sums);
  call(again);
  require(std::equal(sums.begin(), sums.end(), again.begin()), "the second call differs from the first");
  const std::uint8_t* cost = costs.begin();
  for (const std::uint16_t sum : sums) {
    require(sum >= options.paths * *cost, "a path that costs less than its last pixel");
    require(sum <= options.paths * (*cost + options.p2), "a path that costs more than a jump");
    ++cost;
  }
}

template <typename T>
void match_costs(Random& random) {
  gv::stereo::SGMOptions options;
  random.vary(options.min_disparity, {0, 0, -9, 5});
  if (options.min_disparity < 1000) options.max_disparity = options.min_disparity + random.one_of({1, 2, 16, 33, 64});
  random.vary(options.paths, {4, 5, 8, 16});
  random.vary(options.p1, {0, 1, 24});
  random.vary(options.p2, {24, 90, 180});
  random.vary(options.adaptive_p2, {false, true});
  random.vary(options.uniqueness, {0, 10});
  random.vary(options.left_right, {-1, 0, 1});
  options.num_threads = random.threads();
  gv::stereo::SGM sgm(options);
  const int height = random.size(40), width = random.size(120);
  const std::ptrdiff_t count = options.max_disparity - options.min_disparity;
  const Block<std::uint8_t, 3> costs(random, {height, width, random.chance(0.97) ? count : count + 1}, 0,
                                     std::max(0, 255 - options.p2));
  const Canvas<T> guide(random, width, height);
  Canvas<float> disparity(random, width, height);
  sgm(costs.read(), guide.view(), disparity.view());
  disparity.require_untouched_gaps();
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const float d = disparity.at(x, y);
      const bool within = d >= static_cast<float>(options.min_disparity) - 0.5f &&
                          d <= static_cast<float>(options.max_disparity) - 0.5f;
      require(std::isnan(d) || within, "a disparity beyond the range");
      require(sgm.confidence()(x, y) >= 0 && sgm.confidence()(x, y) <= 1, "confidence outside 0 ... 1");
      require(sgm.occluded()(x, y) <= 1, "occluded is neither 0 nor 1");
    }
  }
}

}  // namespace

FUZZ(sgm_paths) {
  const int type = random.below(3);
  if (type == 0) sum_paths<std::uint8_t>(random);
  if (type == 1) sum_paths<std::uint16_t>(random);
  if (type == 2) sum_paths<float>(random);
}

FUZZ(sgm_on_costs) {
  const int type = random.below(3);
  if (type == 0) match_costs<std::uint8_t>(random);
  if (type == 1) match_costs<std::uint16_t>(random);
  if (type == 2) match_costs<float>(random);
}

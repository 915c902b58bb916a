#include <algorithm>

#include "canvas.hpp"
#include "geomvision/ops/soft_argmin.hpp"

namespace gv = geomvision;
using fuzz::Block;
using fuzz::Random;
using fuzz::require;

namespace {

template <typename T>
void expect_disparity(Random& random) {
  const std::ptrdiff_t batch = random.between(1, 3), candidates = random.between(0, 40), height = random.size(40),
                       width = random.size(70);
  double first = 0;
  random.vary(first, {0.0, -20.0, 7.5});
  const double scale = random.one_of({0.0, 1.0, 100.0, 1e6});
  const Block<T, 4> costs(random, {batch, candidates, height, width}, -scale, scale);
  Block<T, 3> disparity(random, {batch, height, width + (random.chance(0.03) ? 1 : 0)});
  const int threads = random.threads();
  gv::ops::soft_argmin(costs.read(), disparity.view(), first, threads);
  const double last = first + static_cast<double>(candidates) - 1, slack = 1e-3 * (std::abs(first) + 50);
  for (const T value : disparity) {
    require(!std::isfinite(first) || (value >= first - slack && value <= last + slack), "outside the candidates");
  }
  const Block<T, 3> d_disparity(random, {batch, height, width});
  Block<T, 4> d_costs(random, {batch, candidates, height, width});
  gv::ops::soft_argmin_backward(d_disparity.read(), costs.read(), d_costs.view(), threads);
  require(std::all_of(d_costs.begin(), d_costs.end(), [](T value) { return std::isfinite(value); }), "no derivative");
}

template <typename T>
void expect_upsampled(Random& random) {
  const std::ptrdiff_t batch = random.between(1, 2), candidates = random.between(0, 20), height = random.size(20),
                       width = random.size(40), new_height = random.size(50), new_width = random.size(90);
  int disparities = random.between(1, 80);
  random.vary(disparities, {2 * static_cast<int>(candidates), 4 * static_cast<int>(candidates)});
  if (disparities > 100000) disparities = 100000;  // allowed, but each takes time
  const int threads = random.threads();
  const Block<T, 4> costs(random, {batch, candidates, height, width}, -50, 50);
  Block<T, 3> disparity(random, {batch, new_height, new_width});
  gv::ops::upsampled_soft_argmin(costs.read(), disparity.view(), disparities, 0.0, threads);
  for (const T value : disparity) {
    require(value >= T(-1e-2) && value <= static_cast<T>(disparities - 1) + T(1e-2), "outside the candidates");
  }
  Block<T, 4> d_costs(random, {batch, candidates, height, width});
  gv::ops::upsampled_soft_argmin_backward(disparity.read(), costs.read(), d_costs.view(), disparities, threads);
  require(std::all_of(d_costs.begin(), d_costs.end(), [](T value) { return std::isfinite(value); }), "no derivative");
}

}  // namespace

FUZZ(soft_argmin) { random.chance(0.5) ? expect_disparity<float>(random) : expect_disparity<double>(random); }

FUZZ(upsampled_soft_argmin) { random.chance(0.5) ? expect_upsampled<float>(random) : expect_upsampled<double>(random); }

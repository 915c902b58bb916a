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

}  // namespace

FUZZ(soft_argmin) { random.chance(0.5) ? expect_disparity<float>(random) : expect_disparity<double>(random); }

#include "canvas.hpp"
#include "geomvision/ops/cross_aggregation.hpp"
#include "geomvision/ops/fast_global_smoothing.hpp"
#include "geomvision/ops/guided_filter.hpp"
#include "geomvision/ops/propagate_planes.hpp"

namespace gv = geomvision;
using fuzz::Block;
using fuzz::Canvas;
using fuzz::Random;
using fuzz::require;

namespace {

template <typename T, typename Guide>
void smooth(Random& random) {
  const int width = random.size(), height = random.size();
  const std::ptrdiff_t channels = random.one_of<std::ptrdiff_t>({1, 3, 2});
  typename gv::ops::FastGlobalSmoother<T>::Options options;
  random.vary(options.lambda, {0.0, 1.0, 1000.0, 1e9});
  random.vary(options.sigma, {0.1, 8.0, 255.0});
  random.vary(options.iterations, {1, 2, 3, 10});
  options.num_threads = random.threads();
  Canvas<T> map(random, width, height);
  T low = std::numeric_limits<T>::infinity(), high = -low;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      if (std::isinf(map.at(x, y)) || std::abs(map.at(x, y)) > 1e6) map.at(x, y) = 1;
      if (random.chance(0.1)) map.at(x, y) = std::numeric_limits<T>::quiet_NaN();
      if (!std::isnan(map.at(x, y))) low = std::min(low, map.at(x, y)), high = std::max(high, map.at(x, y));
    }
  }
  const Block<Guide, 3> guide(random, {height, width, channels}, 0, 255);
  Canvas<T> result(random, random.chance(0.97) ? width : width + 1, height);
  gv::ops::FastGlobalSmoother<T> smoother;
  smoother(map.view(), guide.read(), gv::ImageView<const T>(), result.view(), options);
  result.require_untouched_gaps();
  const T slack = static_cast<T>(1e-2) * (std::abs(low) + std::abs(high) + 1);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const T value = result.at(x, y);
      require(std::isnan(value) || (value >= low - slack && value <= high + slack), "beyond what was given");
    }
  }
}

template <typename T>
void filter(Random& random) {
  const std::ptrdiff_t height = random.size(30), width = random.size(60), slices = random.between(1, 9);
  const std::ptrdiff_t channels = random.one_of<std::ptrdiff_t>({1, 3, 3, 2});
  const Block<T, 3> values(random, {height, width, slices}), guide(random, {height, width, channels}, 0, 255);
  Block<T, 3> result(random, {height, width, slices});
  int radius = 3;
  double epsilon = 1;
  random.vary(radius, {1, 2, 9, 200, 1000});
  random.vary(epsilon, {1e-3, 1.0, 100.0});
  gv::ops::GuidedFilter<T> guided;
  guided(values.read(), guide.read(), radius, epsilon, result.view(), random.threads());
  for (const T value : result) require(std::isfinite(value), "a value that is not finite");
}

template <typename T>
void aggregate(Random& random) {
  const std::ptrdiff_t height = random.size(30), width = random.size(60), slices = random.between(1, 20);
  gv::ops::CrossArms options;
  random.vary(options.arm, {0, 1, 34, 127});
  random.vary(options.inner, {0, 17, 200});
  random.vary(options.threshold, {0.0, 20.0, 1000.0});
  random.vary(options.outer_threshold, {0.0, 6.0});
  const int threads = random.threads();
  const Block<T, 3> image(random, {height, width, random.one_of<std::ptrdiff_t>({1, 3})}, 0, 100);
  const Block<T, 3> volume(random, {height, width, slices}, 0, 100);
  Block<std::uint8_t, 3> arms(random, {height, width, 4}, 0, 255);
  Block<float, 3> result(random, {height, width, slices});
  gv::ops::CrossAggregation aggregation;
  if (random.chance(0.9)) gv::ops::cross_arms<T>(image.read(), options, arms.view(), threads);
  aggregation(volume.read(), arms.read(), random.chance(0.5), result.view(), threads);
  for (const float value : result) require(value >= -1e-3f && value <= 100.01f, "a mean beyond its costs");
}

}  // namespace

FUZZ(fast_global_smoothing) {
  const int type = random.below(3);
  if (type == 0) smooth<float, std::uint8_t>(random);
  if (type == 1) smooth<float, float>(random);
  if (type == 2) smooth<double, double>(random);
}

FUZZ(guided_filter) { random.chance(0.5) ? filter<float>(random) : filter<double>(random); }

FUZZ(cross_aggregation) { random.chance(0.5) ? aggregate<std::uint8_t>(random) : aggregate<float>(random); }

FUZZ(propagate_planes) {
  gv::ops::PlaneOptions options;
  options.window = random.one_of({3, 5, 9});
  options.max_disparity = 16;
  random.vary(options.min_disparity, {0, -5});
  random.vary(options.max_disparity, {1, 16, 60});
  random.vary(options.step, {1, 2});
  random.vary(options.gamma, {1.0, 10.0});
  random.vary(options.alpha, {0.0, 0.9, 1.0});
  random.vary(options.max_slope, {0.0, 0.5, 0.9});
  random.vary(options.seed, {0, 1, 99});
  const std::ptrdiff_t height = random.size(20), width = random.size(40);
  const Block<float, 2> left(random, {height, width}, 0, 255), right(random, {height, width}, 0, 255);
  const double wild = random.one_of({1.0, 100.0, 1e20});
  Block<float, 3> left_planes(random, {height, width, 3}, -wild, wild),
      right_planes(random, {height, width, 3}, -wild, wild);
  gv::ops::PlanePropagation propagation(options);
  propagation(left.read(), right.read(), left_planes.view(), right_planes.view(), random.between(0, 3),
              random.threads());
  for (const float value : left_planes) require(std::isfinite(value), "a plane that is not finite");
  for (const float value : right_planes) require(std::isfinite(value), "a plane that is not finite");
}

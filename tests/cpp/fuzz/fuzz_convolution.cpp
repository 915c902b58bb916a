#include <algorithm>
#include <cmath>

#include "canvas.hpp"
#include "geomvision/ops/convex_upsampling.hpp"
#include "geomvision/ops/convolution.hpp"

namespace gv = geomvision;
using fuzz::Block;
using fuzz::Random;
using fuzz::require;
using Size = std::ptrdiff_t;

namespace {

template <typename T>
void convolve(Random& random) {
  gv::ops::ConvolutionOptions options;
  random.vary(options.stride, {1, 2, 5});
  random.vary(options.dilation, {1, 2, 9});
  options.relu = random.chance(0.5);
  options.bfloat16 = sizeof(T) == 4 && random.chance(0.5);
  gv::ops::Convolution<T> convolution(options);
  require(options.stride > 0 && options.dilation > 0, "options without meaning were taken");
  const Size batch = random.between(0, 2), channels = random.between(0, 40), outputs = random.between(0, 40);
  const Size height = random.size(30), width = random.size(250), side = 2 * random.between(0, 2) + 1;
  const Size rows = (height + options.stride - 1) / options.stride;
  const Size columns = (width + options.stride - 1) / options.stride + (random.chance(0.03) ? 1 : 0);
  const Block<T, 4> input(random, {batch, channels, height, width}), weight(random, {outputs, channels, side, side});
  const Block<T, 1> bias(random, {outputs});
  const Block<T, 4> residual(random, {batch, outputs, rows, columns});
  Block<T, 4> out(random, residual.read().sizes()), again(random, residual.read().sizes());
  convolution(input.read(), weight.read(), bias.read(), residual.read(), out.view(), random.threads());
  const double most = 9.1 * static_cast<double>(channels * side * side) + 6.1;
  require(std::all_of(out.begin(), out.end(), [&](T value) { return std::abs(static_cast<double>(value)) <= most; }),
          "a sum beyond its products");
  convolution(input.read(), weight.read(), bias.read(), residual.read(), again.view(), random.threads());
  require(std::equal(out.begin(), out.end(), again.begin()), "the second call differs from the first");
}

template <typename T>
void upsample(Random& random) {
  gv::ops::ConvexUpsamplingOptions options;
  random.vary(options.factor, {1, 2, 4});
  random.vary(options.dilation, {1, 3, 9});
  options.repeats = random.chance(0.5);
  gv::ops::ConvexUpsampling<T> upsampling(options);
  require(options.factor > 0 && options.dilation > 0, "options without meaning were taken");
  if (options.factor > 16) return;  // allowed, but too much memory
  const Size batch = random.between(0, 2), channels = random.between(0, 3), height = random.size(20);
  const Size width = random.size(60), planes = 9 * Size{options.factor} * options.factor;
  const Block<T, 4> coarse(random, {batch, channels, height, width});
  const Block<T, 4> logits(random, {batch, planes, height, width + (random.chance(0.03) ? 1 : 0)}, -99, 99);
  Block<T, 4> fine(random, {batch, channels, options.factor * height, options.factor * width});
  upsampling(coarse.read(), logits.read(), fine.view(), random.threads());
  require(std::all_of(fine.begin(), fine.end(), [](T value) { return std::abs(static_cast<double>(value)) <= 3.001; }),
          "a convex sum beyond its values");
}

}  // namespace

FUZZ(convex_upsampling) { random.chance(0.7) ? upsample<float>(random) : upsample<double>(random); }
FUZZ(convolution) { random.chance(0.7) ? convolve<float>(random) : convolve<double>(random); }

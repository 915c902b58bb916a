#include <algorithm>
#include <cmath>

#include "canvas.hpp"
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

}  // namespace

FUZZ(convolution) { random.chance(0.7) ? convolve<float>(random) : convolve<double>(random); }

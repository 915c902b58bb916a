#include <doctest/doctest.h>

#include <cmath>
#include <random>
#include <stdexcept>
#include <vector>

#include "allocations.hpp"
#include "geomvision/ops/convex_upsampling.hpp"

namespace gv = geomvision;
using gv::ops::ConvexUpsampling;
using Size = std::ptrdiff_t;

namespace {

template <typename T>
std::vector<T> numbers(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<T> made(count);
  for (T& value : made) value = static_cast<T>(random() % 2001) / 500 - 2;
  return made;
}

// What the definition says, for one fine pixel.
template <typename T>
double defined(const std::vector<T>& coarse, const std::vector<T>& logits, Size factor, Size dilation, Size y, Size x) {
  constexpr Size height = 5, width = 37;
  double total = 0, sum = 0;
  for (Size n = 0; n < 9; ++n) {
    const Size plane = (n * factor + y % factor) * factor + x % factor;
    const double logit = logits[static_cast<std::size_t>((plane * height + y / factor) * width + x / factor)];
    const Size at_y = y / factor + (n / 3 - 1) * dilation, at_x = x / factor + (n % 3 - 1) * dilation;
    const bool inside = at_y >= 0 && at_y < height && at_x >= 0 && at_x < width;
    total += std::exp(logit);
    if (inside) sum += std::exp(logit) * static_cast<double>(coarse[static_cast<std::size_t>(at_y * width + at_x)]);
  }
  return sum / total;
}

template <typename T>
void check_definition(int factor, int dilation) {
  const Size height = 5, width = 37, fine_size = height * width * factor * factor;
  const auto coarse = numbers<T>(static_cast<std::size_t>(height * width), 1);
  const auto logits = numbers<T>(static_cast<std::size_t>(9 * fine_size), 2);
  std::vector<T> fine(static_cast<std::size_t>(fine_size)), again(fine);
  ConvexUpsampling<T> upsample({factor, dilation, false});
  upsample({coarse.data(), {1, 1, height, width}}, {logits.data(), {1, 9 * factor * factor, height, width}},
           {fine.data(), {1, 1, factor * height, factor * width}}, 1);
  upsample({coarse.data(), {1, 1, height, width}}, {logits.data(), {1, 9 * factor * factor, height, width}},
           {again.data(), {1, 1, factor * height, factor * width}}, 3);
  CHECK(fine == again);
  for (Size y = 0; y < factor * height; ++y) {
    for (Size x = 0; x < factor * width; ++x) {
      CHECK(fine[static_cast<std::size_t>(y * factor * width + x)] ==
            doctest::Approx(defined(coarse, logits, factor, dilation, y, x)).epsilon(sizeof(T) == 4 ? 1e-4 : 1e-10));
    }
  }
}

}  // namespace

TEST_CASE("a fine pixel is the convex sum of its neighbours that the definition says") {
  check_definition<float>(1, 1);
  check_definition<float>(1, 6);
  check_definition<float>(3, 2);
  check_definition<double>(4, 1);
}

TEST_CASE("a second upsampling of the same size allocates nothing, and sizes that disagree are refused") {
  const auto coarse = numbers<float>(2 * 6 * 40, 1), logits = numbers<float>(36 * 6 * 40, 2);
  std::vector<float> fine(2 * 12 * 80);
  ConvexUpsampling<float> upsample({2, 1, true});
  const gv::TensorView<const float, 4> from(coarse.data(), {1, 2, 6, 40}), weights(logits.data(), {1, 36, 6, 40});
  const gv::TensorView<float, 4> to(fine.data(), {1, 2, 12, 80});
  upsample(from, weights, to, 2);
  const long before = allocations();
  upsample(from, weights, to, 2);
  CHECK(allocations() - before == 0);
  CHECK_THROWS_AS(upsample(from, {logits.data(), {1, 36, 40, 6}}, to), std::invalid_argument);
  CHECK_THROWS_AS(upsample(from, weights, {fine.data(), {1, 2, 12, 79}}), std::invalid_argument);
  CHECK_THROWS_AS(ConvexUpsampling<float>({0, 1, true}), std::invalid_argument);
  CHECK_THROWS_AS(ConvexUpsampling<float>({2, 65, true}), std::invalid_argument);
}

#include "device.hpp"
#include "geomvision/cuda/census.hpp"
#include "geomvision/cuda/matching_costs.hpp"
#include "geomvision/ops/census.hpp"

using namespace device;
namespace ops = geomvision::ops;

namespace {

template <typename T>
std::vector<T> pixels(std::size_t count, unsigned seed) {
  if constexpr (std::is_integral_v<T>) return random_values<T>(count, 0, std::numeric_limits<T>::max(), seed);
  std::vector<T> values = random_values<T>(count, -1, 1, seed);
  for (std::size_t i = 5; i < count; i += 37) values[i] = static_cast<T>(NAN);
  return values;
}

template <typename T>
gv::ImageView<const T> image(Array<T, 2>& array) {
  return {array.host.data(), static_cast<int>(array.there().size(1)), static_cast<int>(array.there().size(0))};
}

template <typename T>
void compare(std::ptrdiff_t height, std::ptrdiff_t width, int first, std::ptrdiff_t count) {
  CAPTURE(height);
  CAPTURE(width);
  CAPTURE(first);
  CAPTURE(count);
  const auto size = static_cast<std::size_t>(height * width);
  Array<T, 2> left({height, width}, pixels<T>(size, 1)), right({height, width}, pixels<T>(size, 2));
  Array<ops::Difference<T>, 3> absolute({height, width, count});
  ops::absolute_differences<T>(image(left), image(right), first, absolute.here(), 1);
  gv::cuda::absolute_differences<T>(left.there(), right.there(), first, absolute.there());
  CHECK(apart(absolute.fetched(), absolute.host) == 0);
  Array<ops::Square<T>, 3> squared({height, width, count});
  ops::squared_differences<T>(image(left), image(right), first, squared.here(), 1);
  gv::cuda::squared_differences<T>(left.there(), right.there(), first, squared.there());
  CHECK(apart(squared.fetched(), squared.host) == 0);
  Array<ops::Real<T>, 3> half({height, width, count});
  ops::birchfield_tomasi<T>(image(left), image(right), first, half.here(), 1);
  gv::cuda::birchfield_tomasi<T>(left.there(), right.there(), first, half.there());
  CHECK(apart(half.fetched(), half.host) == 0);
  for (const char* window : {"5x5", "7x7", "9x7", "sparse"}) {
    Array<std::int64_t, 2> words({height, width}), others({height, width});
    ops::census_transform<T>(image(left), window, words.here(), 1);
    ops::census_transform<T>(image(right), window, others.here(), 1);
    gv::cuda::census_transform<T>(left.there(), window, words.there());
    gv::cuda::census_transform<T>(right.there(), window, others.there());
    CHECK(words.fetched() == words.host);
    Array<std::uint8_t, 3> volume({height, width, count});
    ops::hamming_distances(words.here(), others.here(), first, volume.here(), 1);
    gv::cuda::hamming_distances(words.there(), others.there(), first, volume.there());
    CHECK(volume.fetched() == volume.host);
  }
}

template <typename T>
void correlate(std::ptrdiff_t height, std::ptrdiff_t width, int first, std::ptrdiff_t count, int window, bool means) {
  CAPTURE(window);
  CAPTURE(width);
  const auto size = static_cast<std::size_t>(height * width);
  Array<T, 2> left({height, width}, pixels<T>(size, 5)), right({height, width}, pixels<T>(size, 6));
  const auto flat = left.host[0];
  for (std::size_t i = 0; i < size / 3; ++i) left.host[i] = flat;
  Array<T, 2> here({height, width}, left.host);
  Array<ops::Real<T>, 3> volume({height, width, count});
  ops::correlation_costs<T>(image(here), image(right), first, window, means, volume.here(), 1);
  gv::cuda::correlation_costs<T>(here.there(), right.there(), first, window, means, volume.there());
  const double tolerance = std::is_integral_v<T> ? 0 : (std::is_same_v<T, float> ? 1e-6 : 1e-12);
  CHECK(apart(volume.fetched(), volume.host) <= tolerance);
}

template <typename T>
void derive(std::ptrdiff_t height, std::ptrdiff_t width, int first, std::ptrdiff_t count, bool squared) {
  const auto size = static_cast<std::size_t>(height * width);
  Array<T, 2> left({height, width}, random_values<T>(size, -1, 1, 1));
  Array<T, 2> right({height, width}, random_values<T>(size, -1, 1, 2));
  Array<T, 3> d_volume({height, width, count}, random_values<T>(size * static_cast<std::size_t>(count), -1, 1, 3));
  Array<T, 2> d_left({height, width}), d_right({height, width});
  const auto to = [](Array<T, 2>& array) {
    return gv::ImageView<T>(array.host.data(), static_cast<int>(array.there().size(1)),
                            static_cast<int>(array.there().size(0)));
  };
  ops::differences_backward<T>(d_volume.here(), image(left), image(right), first, squared, to(d_left), to(d_right), 1);
  gv::cuda::differences_backward<T>(d_volume.there(), left.there(), right.there(), first, squared, d_left.there(),
                                    d_right.there());
  const double tolerance = (std::is_same_v<T, float> ? 1e-5 : 1e-13) * static_cast<double>(count);
  CHECK(apart(d_left.fetched(), d_left.host) <= tolerance);
  CHECK(apart(d_right.fetched(), d_right.host) <= tolerance);
}

}  // namespace

TEST_CASE_TEMPLATE("CUDA: matching costs are those of the CPU", T, std::uint8_t, std::uint16_t, float, double) {
  each_order([&] {
    compare<T>(9, 45, 0, 13);
    compare<T>(3, 37, -11, 16);
    compare<T>(1, 1, 0, 1);
    compare<T>(2, 5, 3, 40);
    compare<T>(17, 2, -7, 3);
  });
}

TEST_CASE_TEMPLATE("CUDA: correlation costs are those of the CPU", T, std::uint8_t, std::uint16_t, float, double) {
  for (const bool means : {false, true}) {
    each_order([&] {
      correlate<T>(5, 41, 0, 13, 3, means);
      correlate<T>(3, 33, -11, 40, 1, means);
      correlate<T>(1, 1, 0, 1, 5, means);
      correlate<T>(2, 7, 3, 9, 17, means);
    });
    correlate<T>(1, 3, 0, 2, 255, means);
  }
}

TEST_CASE_TEMPLATE("CUDA: derivatives of differences are those of the CPU", T, float, double) {
  for (const bool squared : {false, true}) {
    each_order([&] {
      derive<T>(3, 75, 0, 41, squared);
      derive<T>(2, 33, -40, 77, squared);
      derive<T>(1, 1, 0, 1, squared);
      derive<T>(2, 40, 39, 3, squared);
      derive<T>(2, 7, 9, 3, squared);
    });
  }
}

TEST_CASE("CUDA: an image moved by its disparity costs nothing there") {
  constexpr std::ptrdiff_t width = 50, count = 8, moved = 5;
  std::vector<std::uint8_t> scene = random_values<std::uint8_t>(width + moved, 0, 255, 4);
  Array<std::uint8_t, 2> l({1, width}, {scene.begin(), scene.end() - moved});
  Array<std::uint8_t, 2> r({1, width}, {scene.begin() + moved, scene.end()});
  Array<std::uint16_t, 3> volume({1, width, count});
  gv::cuda::absolute_differences<std::uint8_t>(l.there(), r.there(), 0, volume.there());
  const std::vector<std::uint16_t> costs = volume.fetched();
  for (std::ptrdiff_t x = 0; x < width; ++x) {
    CHECK(costs[static_cast<std::size_t>(x * count + moved)] == (x < moved ? 65535 : 0));
  }
}

TEST_CASE("CUDA: matching costs refuse what does not belong together") {
  Array<float, 2> image({4, 5}), other({4, 6});
  Array<float, 3> volume({4, 5, 3}), few({4, 4, 3});
  Array<std::int64_t, 2> words({4, 5});
  CHECK_THROWS_WITH_AS(gv::cuda::absolute_differences<float>(image.there(), other.there(), 0, volume.there()),
                       "absolute_differences: left is 4x5, right is 4x6; they must be equal", std::invalid_argument);
  CHECK_THROWS_AS(gv::cuda::birchfield_tomasi<float>(image.there(), image.there(), 0, few.there()),
                  std::invalid_argument);
  CHECK_THROWS_AS(gv::cuda::squared_differences<float>(image.there(), image.there(), 1 << 21, volume.there()),
                  std::invalid_argument);
  CHECK_THROWS_AS(gv::cuda::differences_backward<float>(volume.there(), image.there(), image.there(), 0, false,
                                                        other.there(), image.there()),
                  std::invalid_argument);
  CHECK_THROWS_AS(gv::cuda::correlation_costs<float>(image.there(), image.there(), 0, 4, true, volume.there()),
                  std::invalid_argument);
  CHECK_THROWS_AS(gv::cuda::census_transform<float>(image.there(), "3x3", words.there()), std::invalid_argument);
}

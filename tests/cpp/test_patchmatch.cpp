#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>
#include <random>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

#include "allocations.hpp"
#include "each_isa.hpp"
#include "geomvision/isa.hpp"
#include "geomvision/ops/propagate_planes.hpp"
#include "geomvision/stereo/ad_census.hpp"
#include "geomvision/stereo/patchmatch.hpp"

namespace gv = geomvision;
using gv::stereo::ADCensus;
using gv::stereo::ADCensusOptions;
using gv::stereo::PatchMatch;
using gv::stereo::PatchMatchOptions;

namespace {

// Texture, and the right view of a wall of it: left pixel x lies at x - shift.
gv::Image<std::uint8_t> texture(int width, int height, int shift = 0) {
  gv::Image<std::uint8_t> image(width, height);
  std::mt19937 random(7);
  for (int y = 0; y < height; ++y) {
    for (int x = -64; x < width + 64; ++x) {
      const auto level = static_cast<std::uint8_t>(random() % 256);
      if (x - shift >= 0 && x - shift < width) image(x - shift, y) = level;
    }
  }
  return image;
}

bool equal(const gv::Image<float>& a, const gv::Image<float>& b) {
  if (a.width() != b.width() || a.height() != b.height()) return false;
  for (int i = 0; i < a.width() * a.height(); ++i) {
    if (!(a.data()[i] == b.data()[i] || (std::isnan(a.data()[i]) && std::isnan(b.data()[i])))) return false;
  }
  return true;
}

template <typename Matcher>
using OptionsOf = std::decay_t<decltype(std::declval<Matcher>().options())>;

template <typename Options>
Options up_to(int max_disparity) {
  Options options;
  options.max_disparity = max_disparity;
  return options;
}

}  // namespace

TEST_CASE_TEMPLATE("a wall has its shift", Matcher, PatchMatch, ADCensus) {
  const auto left = texture(90, 40), right = texture(90, 40, 7);
  Matcher matcher(up_to<OptionsOf<Matcher>>(16));
  const gv::Image<float> disparity = matcher(left, right);
  int wrong = 0;
  for (int y = 0; y < 40; ++y) {
    for (int x = 7; x < 90; ++x) wrong += !(std::fabs(disparity(x, y) - 7) <= 0.5f);
  }
  CHECK(wrong < 20);
}

TEST_CASE_TEMPLATE("results depend neither on threads, instruction set nor gaps between rows", Matcher, PatchMatch,
                   ADCensus) {
  using Options = OptionsOf<Matcher>;
  const auto left = texture(67, 45), right = texture(67, 45, 9);
  Options options = up_to<Options>(37);
  options.num_threads = 1;
  const gv::Image<float> expected = Matcher(options)(left, right);
  for (const int threads : {2, 3, 8}) {
    options.num_threads = threads;
    CHECK(equal(Matcher(options)(left, right), expected));
  }
  with_each_isa([&] { CHECK(equal(Matcher(options)(left, right), expected)); });
  gv::Image<std::uint8_t> wide_left(80, 50), wide_right(80, 50);
  for (int y = 0; y < 45; ++y) {
    for (int x = 0; x < 67; ++x) {
      wide_left(x + 5, y + 2) = left(x, y);
      wide_right(x + 5, y + 2) = right(x, y);
    }
  }
  CHECK(equal(Matcher(options)(wide_left.view().crop(5, 2, 67, 45), wide_right.view().crop(5, 2, 67, 45)), expected));
}

TEST_CASE_TEMPLATE("a second call of the same size allocates nothing, and an object forgets other sizes", Matcher,
                   PatchMatch, ADCensus) {
  using Options = OptionsOf<Matcher>;
  const auto left = texture(70, 33), right = texture(70, 33, 4);
  Matcher matcher(up_to<Options>(20));
  gv::Image<float> disparity(70, 33);
  matcher(left, right, disparity.view());
  const gv::Image<float> first = disparity;
  const long before = allocations();
  matcher(left, right, disparity.view());
  CHECK(allocations() == before);
  const auto small = texture(9, 5);
  CHECK(equal(matcher(small, small), Matcher(up_to<Options>(20))(small, small)));
  CHECK(equal(matcher(left, right), first));
}

TEST_CASE_TEMPLATE("pairs that cannot be matched are refused", Matcher, PatchMatch, ADCensus) {
  using Options = OptionsOf<Matcher>;
  Matcher matcher;
  gv::Image<float> image(10, 10);
  CHECK_THROWS_AS(matcher(image, gv::Image<float>(11, 10)), std::invalid_argument);
  CHECK_THROWS_AS(matcher(gv::Image<float>(), gv::Image<float>()), std::invalid_argument);
  gv::Image<float> narrow(9, 10);
  CHECK_THROWS_AS(matcher(image, image, narrow.view()), std::invalid_argument);
  auto holed = image;
  holed(3, 4) = std::nanf("");
  CHECK_THROWS_AS(matcher(image, holed), std::invalid_argument);
  Options options;
  options.min_disparity = 50;
  Matcher too_far(options);
  CHECK_THROWS_AS(too_far(image, image), std::invalid_argument);
  options.max_disparity = 50;
  CHECK_THROWS_AS(Matcher{options}, std::invalid_argument);
  options = {};
  options.fill = "foreground";
  CHECK_THROWS_AS(Matcher{options}, std::invalid_argument);
}

TEST_CASE("an iteration on the caller's planes allocates nothing the second time") {
  std::vector<float> left(40 * 30), right(40 * 30), planes(40 * 30 * 3, 0.0f), right_planes = planes;
  std::mt19937 random(3);
  for (std::size_t i = 0; i < left.size(); ++i) left[i] = right[i] = static_cast<float>(random() % 256);
  gv::ops::PlaneOptions options;
  options.max_disparity = 8;
  gv::ops::PlanePropagation propagate{options};
  const auto call = [&](int iteration) {
    propagate(gv::TensorView<const float, 2>(left.data(), {30, 40}),
              gv::TensorView<const float, 2>(right.data(), {30, 40}),
              gv::TensorView<float, 3>(planes.data(), {30, 40, 3}),
              gv::TensorView<float, 3>(right_planes.data(), {30, 40, 3}), iteration);
  };
  call(0);
  const long before = allocations();
  call(1);
  CHECK(allocations() == before);
  for (const float coefficient : planes) CHECK(coefficient == 0.0f);  // equal views: nothing costs less than 0
}

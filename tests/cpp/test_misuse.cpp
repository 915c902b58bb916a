// What a caller may do wrong with any object: every answer is a right one or says what is wrong.
#include <doctest/doctest.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <random>
#include <stdexcept>
#include <utility>
#include <vector>

#include "geomvision/flow/horn_schunck.hpp"
#include "geomvision/flow/inverse_search.hpp"
#include "geomvision/flow/lucas_kanade.hpp"
#include "geomvision/flow/track_points.hpp"
#include "geomvision/flow/tvl1.hpp"
#include "geomvision/ops/box.hpp"
#include "geomvision/ops/guided_filter.hpp"
#include "geomvision/ops/local_correlation.hpp"
#include "geomvision/ops/splat.hpp"
#include "geomvision/ops/warp.hpp"
#include "geomvision/stereo/ad_census.hpp"
#include "geomvision/stereo/block_matching.hpp"
#include "geomvision/stereo/patchmatch.hpp"
#include "geomvision/stereo/sgm.hpp"

using namespace geomvision;

namespace {

Image<float> noise(int width, int height, unsigned seed) {
  std::mt19937 random(seed);
  Image<float> image(width, height);
  for (int i = 0; i < width * height; ++i) image.data()[i] = static_cast<float>(random() % 256);
  return image;
}

}  // namespace

TEST_CASE("an image that was moved from is empty, and one moved to itself stays") {
  Image<int> first(3, 2, 7), second(std::move(first));
  CHECK(first.empty());  // NOLINT(bugprone-use-after-move)
  CHECK(first.width() == 0);
  CHECK(first.view().empty());
  CHECK(second(2, 1) == 7);
  Image<int>& same = second;
  second = std::move(same);
  CHECK(second.height() == 2);
  CHECK(second(0, 1) == 7);
  first = std::move(second);
  CHECK(first(1, 1) == 7);
}

TEST_CASE_TEMPLATE("an object that was moved from refuses, until another is assigned to it", Method, stereo::SGM,
                   stereo::BlockMatching, stereo::ADCensus, stereo::PatchMatch, flow::LucasKanade, flow::HornSchunck,
                   flow::TVL1, flow::InverseSearch) {
  const Image<float> left = noise(150, 24, 1), right = noise(150, 24, 2);
  Method first;
  const auto expected = first(left.view(), right.view());
  Method second(std::move(first));
  CHECK_THROWS_AS(first(left.view(), right.view()), std::invalid_argument);  // NOLINT(bugprone-use-after-move)
  const auto found = second(left.view(), right.view());
  first = std::move(second);
  const auto again = first(left.view(), right.view());
  const std::size_t bytes = sizeof(expected(0, 0)) * 150 * 24;
  CHECK(std::memcmp(found.data(), expected.data(), bytes) == 0);
  CHECK(std::memcmp(again.data(), expected.data(), bytes) == 0);
}

TEST_CASE("a matcher may be chosen when the program runs") {
  const Image<float> left = noise(150, 24, 1), right = noise(150, 24, 2);
  std::vector<std::unique_ptr<stereo::Matcher>> matchers;
  matchers.push_back(std::make_unique<stereo::SGM>());
  matchers.push_back(std::make_unique<stereo::BlockMatching>());
  for (const auto& match : matchers) {
    const Image<float> disparity = (*match)(left.view(), right.view());
    CHECK(disparity.width() == 150);
    CHECK(match->confidence().height() == 24);
    CHECK(match->occluded().width() == 150);
  }
}

TEST_CASE_TEMPLATE("a result may lie where an image did", Method, stereo::SGM, stereo::BlockMatching, stereo::ADCensus,
                   stereo::PatchMatch) {
  Image<float> left = noise(150, 24, 1), right = noise(150, 24, 2);
  Method match;
  const Image<float> expected = match(left.view(), right.view()), kept = left;
  match(left.view(), right.view(), left.view());
  CHECK(std::memcmp(left.data(), expected.data(), sizeof(float) * 150 * 24) == 0);
  match(kept.view(), right.view(), right.view());
  CHECK(std::memcmp(right.data(), expected.data(), sizeof(float) * 150 * 24) == 0);
}

TEST_CASE("points that are not there are refused, and a tracker that was moved from") {
  const Image<float> frame = noise(60, 40, 1);
  flow::PointTracker track;
  flow::Point point{20, 20};
  flow::Track found;
  CHECK_THROWS_AS(track(frame.view(), frame.view(), &point, -1, &found), std::invalid_argument);
  CHECK_THROWS_AS(track(frame.view(), frame.view(), nullptr, 1, &found), std::invalid_argument);
  CHECK_THROWS_AS(track(frame.view(), frame.view(), &point, 1, nullptr), std::invalid_argument);
  track(frame.view(), frame.view(), nullptr, 0, nullptr);
  flow::PointTracker other(std::move(track));
  CHECK_THROWS_AS(track(frame.view(), frame.view(), &point, 1, &found),  // NOLINT(bugprone-use-after-move)
                  std::invalid_argument);
  other(frame.view(), frame.view(), &point, 1, &found);
  CHECK(found.end.x == 20);
}

TEST_CASE("a result where an input lies is refused, where it would be written over") {
  std::vector<float> memory(4096, 1.0f), apart(4096, 1.0f);
  const TensorView<float, 3> map(memory.data(), {8, 8, 4}), shifted(memory.data() + 8, {8, 8, 4}),
      elsewhere(apart.data(), {8, 8, 4});
  const TensorView<const float, 3> input(map);
  CHECK_THROWS_AS(ops::box_aggregation<float>(input, 3, true, map), std::invalid_argument);
  CHECK_THROWS_AS(ops::box_aggregation<float>(input, 3, true, shifted), std::invalid_argument);
  ops::box_aggregation<float>(input, 3, true, elsewhere);
  ops::GuidedFilter<float> filter;
  CHECK_THROWS_AS(filter(input, {apart.data(), {8, 8, 1}}, 2, 1.0, map), std::invalid_argument);
  // Slices of one volume may lie between those of another.
  const TensorView<float, 3> even(memory.data(), {8, 8, 2}, {32, 4, 1}), odd(memory.data() + 2, {8, 8, 2}, {32, 4, 1});
  filter(TensorView<const float, 3>(even), {apart.data(), {8, 8, 1}}, 2, 1.0, odd);
  const TensorView<float, 4> image(memory.data(), {1, 2, 8, 8}), other(apart.data(), {1, 2, 8, 8});
  const TensorView<const float, 4> source(image), flow(other);
  CHECK_THROWS_AS(ops::warp_features<float>(source, flow, image), std::invalid_argument);
  CHECK_THROWS_AS(ops::warp_features<float>(source, flow, other), std::invalid_argument);
  CHECK_THROWS_AS(ops::splat_sum<float>(source, flow, image), std::invalid_argument);
  CHECK_THROWS_AS(ops::MeanSplat<float>().average(source, flow, other), std::invalid_argument);
  const TensorView<float, 3> picture(memory.data(), {8, 8, 2});
  CHECK_THROWS_AS((ops::warp<float, float>(TensorView<const float, 3>(picture), {apart.data(), {8, 8, 2}}, picture)),
                  std::invalid_argument);
  CHECK_THROWS_AS((ops::warp_by_disparity<float, float>({apart.data(), {8, 8, 2}}, {memory.data(), {8, 8}}, picture)),
                  std::invalid_argument);
}

TEST_CASE("features may lie any way round, and one row may serve them all") {
  std::vector<float> values(1000);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i % 7);
  const TensorView<const float, 4> upwards(values.data() + 900, {1, 4, 3, 5}, {0, -30, -10, 1});
  const TensorView<const float, 4> same(values.data(), {1, 4, 3, 5}, {0, 0, 0, 1});
  std::vector<float> found(9 * 15);
  ops::LocalCorrelation<float> correlate({1, 1, 1});
  correlate(upwards, same, {found.data(), {1, 9, 3, 5}});
  for (int x = 0; x < 5; ++x) {
    float sum = 0;
    for (int c = 0; c < 4; ++c) sum += *upwards.at(0, c, 1, x) * *same.at(0, c, 1, x);
    CHECK(found[static_cast<std::size_t>(4 * 15 + 5 + x)] == doctest::Approx(sum / 4));
  }
}

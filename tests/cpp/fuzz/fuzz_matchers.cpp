#include "canvas.hpp"
#include "geomvision/stereo/ad_census.hpp"
#include "geomvision/stereo/block_matching.hpp"
#include "geomvision/stereo/patchmatch.hpp"
#include "geomvision/stereo/sgm.hpp"

namespace gv = geomvision;
using fuzz::Canvas;
using fuzz::Random;
using fuzz::require;

namespace {

// NaN, or a disparity of the range, up to half a pixel beside a whole one.
void require_range(gv::ImageView<const float> disparity, int minimum, int maximum) {
  for (int y = 0; y < disparity.height(); ++y) {
    for (int x = 0; x < disparity.width(); ++x) {
      const float d = disparity(x, y);
      const bool inside = d >= static_cast<float>(minimum) - 0.5f && d <= static_cast<float>(maximum) - 0.5f;
      require(std::isnan(d) || inside, "disparity " + std::to_string(d) + " outside the range searched");
    }
  }
}

bool same_bytes(gv::ImageView<const float> a, gv::ImageView<const float> b) {
  for (int y = 0; y < a.height(); ++y) {
    if (std::memcmp(a.row(y), b.row(y), sizeof(float) * static_cast<std::size_t>(a.width())) != 0) return false;
  }
  return true;
}

template <typename T, typename Matcher, typename Options>
void match(Random& random, Options options) {
  const int width = random.size(), height = random.size();
  const Canvas<T> left(random, width, height);
  const Canvas<T> right = random.chance(0.97) ? left.other(random) : Canvas<T>(random, width + 1, height);
  Canvas<float> disparity(random, width, height);
  Matcher matcher(options);
  matcher(left.view(), right.view(), disparity.view());
  disparity.require_untouched_gaps();
  const gv::ImageView<const float> found = disparity.view();
  require_range(found, options.min_disparity, options.max_disparity);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const float confidence = matcher.confidence()(x, y);
      require(confidence >= 0 && confidence <= 1, "confidence outside 0 ... 1");
      require(matcher.occluded()(x, y) <= 1, "occluded is neither 0 nor 1");
    }
  }
  if (random.chance(0.5)) {
    gv::Image<float> again(width, height);
    options.num_threads = random.threads();
    Matcher other(options);
    other(left.view(), right.view(), again.view());
    require(same_bytes(found, again.view()), "another number of threads, another result");
  } else {
    gv::Image<float> again(width, height);
    matcher(left.view(), right.view(), again.view());
    require(same_bytes(found, again.view()), "the second call differs from the first");
  }
}

template <typename Matcher, typename Options>
void match_any(Random& random, Options options) {
  random.vary(options.min_disparity, {0, 0, -3, -16, 2, 9});
  random.vary(options.max_disparity, {1, 2, 7, 16, 17, 33, 64, 100});
  random.vary(options.left_right, {-1, 0, 1, 3});
  random.vary(options.fill, {"none", "background", "row"});
  random.vary(options.num_threads, {0, 1, 2, 3, 8});
  if (options.num_threads > 64) options.num_threads = 64;  // allowed, but each would be a thread
  const int type = random.below(3);
  if (type == 0) match<std::uint8_t, Matcher>(random, options);
  if (type == 1) match<std::uint16_t, Matcher>(random, options);
  if (type == 2) match<float, Matcher>(random, options);
}

// What block matching and SGM do after the winner.
template <typename Options>
void vary_postprocessing(Random& random, Options& options) {
  random.vary(options.subpixel, {"none", "parabola", "equiangular"});
  random.vary(options.uniqueness, {0, 1, 15, 99});
  random.vary(options.speckle_size, {0, 1, 20, 1000});
  random.vary(options.speckle_range, {0.0, 1.0, 2.5});
}

}  // namespace

FUZZ(block_matching) {
  gv::stereo::BlockMatchingOptions options;
  random.vary(options.cost, {"sad", "ssd", "ncc", "zncc", "census"});
  random.vary(options.window, {1, 3, 5, 9, 11, 21, 63});
  random.vary(options.texture, {0.0, 0.5, 10.0, 255.0});
  vary_postprocessing(random, options);
  match_any<gv::stereo::BlockMatching>(random, options);
}

FUZZ(sgm) {
  gv::stereo::SGMOptions options;
  random.vary(options.census, {"5x5", "7x7", "9x7"});
  random.vary(options.paths, {4, 5, 8});
  random.vary(options.p1, {0, 1, 24, 60});
  random.vary(options.p2, {0, 60, 180, 192});
  random.vary(options.adaptive_p2, {true, false});
  random.vary(options.median, {1, 3, 5, 15});
  vary_postprocessing(random, options);
  match_any<gv::stereo::SGM>(random, options);
}

FUZZ(ad_census) {
  gv::stereo::ADCensusOptions options;
  random.vary(options.lambda_ad, {1.0, 10.0, 100.0});
  random.vary(options.lambda_census, {1.0, 30.0});
  random.vary(options.arm, {1, 5, 34, 64});
  random.vary(options.arm_near, {1, 3, 17});
  random.vary(options.tau, {0, 20, 255});
  random.vary(options.tau_far, {0, 6, 20});
  random.vary(options.aggregations, {0, 1, 4});
  random.vary(options.pi1, {0.0, 1.0, 3.0});
  random.vary(options.pi2, {0.5, 3.0, 4.0});
  random.vary(options.tau_scan, {0, 15, 100});
  random.vary(options.votings, {0, 1, 5});
  random.vary(options.votes, {0, 20});
  random.vary(options.share, {0, 40, 100});
  random.vary(options.median, {1, 3, 5});
  options.max_disparity = 32;
  match_any<gv::stereo::ADCensus>(random, options);
}

FUZZ(patchmatch) {
  gv::stereo::PatchMatchOptions options;
  options.iterations = random.between(1, 2);
  options.window = random.one_of({3, 9, 15});
  options.max_disparity = 32;
  random.vary(options.step, {1, 2});
  random.vary(options.gamma, {1.0, 10.0, 100.0});
  random.vary(options.alpha, {0.0, 0.5, 1.0});
  random.vary(options.tau_colour, {1.0, 10.0, 255.0});
  random.vary(options.tau_gradient, {0.5, 2.0, 100.0});
  random.vary(options.max_slope, {0.0, 0.5, 0.9});
  random.vary(options.seed, {0, 1, 12345});
  match_any<gv::stereo::PatchMatch>(random, options);
}

#include "canvas.hpp"
#include "geomvision/flow/block_search.hpp"
#include "geomvision/flow/horn_schunck.hpp"
#include "geomvision/flow/inverse_search.hpp"
#include "geomvision/flow/lucas_kanade.hpp"
#include "geomvision/flow/track_points.hpp"
#include "geomvision/flow/tvl1.hpp"

namespace gv = geomvision;
using fuzz::Canvas;
using fuzz::Random;
using fuzz::require;
using gv::flow::Vec2f;

namespace {

template <typename Method, typename T>
void estimate(Random& random, Method& method, bool has_confidence, bool check_occlusion) {
  const int width = random.size(), height = random.size();
  const Canvas<T> frame0(random, width, height);
  const Canvas<T> frame1 = random.chance(0.97) ? frame0.other(random) : Canvas<T>(random, width, height + 1);
  Canvas<Vec2f> flow(random, width, height), again(random, width, height);
  Canvas<float> confidence(random, width, height);
  Canvas<std::uint8_t> occluded(random, width, height);
  const auto call = [&](Canvas<Vec2f>& into) {
    method(frame0.view(), frame1.view(), into.view(), has_confidence ? confidence.view() : gv::ImageView<float>(),
           check_occlusion ? occluded.view() : gv::ImageView<std::uint8_t>());
  };
  call(flow);
  call(again);
  flow.require_untouched_gaps();
  confidence.require_untouched_gaps();
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const Vec2f value = flow.at(x, y), second = again.at(x, y);
      require(std::isnan(value.x) == std::isnan(value.y), "half an estimate");
      require(!std::isinf(value.x) && !std::isinf(value.y), "infinite flow");
      require(std::memcmp(&value, &second, sizeof(value)) == 0, "the second call differs from the first");
      const float sure = confidence.at(x, y);
      require(!has_confidence || (sure >= 0 && sure <= 1), "confidence outside 0 ... 1");
      require(!check_occlusion || occluded.at(x, y) <= 1, "occluded is neither 0 nor 1");
    }
  }
}

template <typename Method, typename Options>
void estimate_any(Random& random, Options options, bool has_confidence) {
  random.vary(options.levels, {1, 2, 3, 10, 32});
  random.vary(options.warps, {1, 2});
  random.vary(options.median, {1, 3, 5});
  random.vary(options.check_occlusion, {false, true});
  random.vary(options.num_threads, {0, 1, 2, 3, 8});
  if (options.warps > 3) options.warps = 3;  // allowed, but each takes time
  if (options.num_threads > 64) options.num_threads = 64;
  Method method(options);
  const int type = random.below(3);
  if (type == 0) estimate<Method, std::uint8_t>(random, method, has_confidence, options.check_occlusion);
  if (type == 1) estimate<Method, std::uint16_t>(random, method, has_confidence, options.check_occlusion);
  if (type == 2) estimate<Method, float>(random, method, has_confidence, options.check_occlusion);
}

}  // namespace

FUZZ(lucas_kanade) {
  gv::flow::LucasKanadeOptions options;
  random.vary(options.window, {1, 3, 9, 31});
  random.vary(options.robust, {0.0, 5.0, 100.0});
  random.vary(options.min_eigenvalue, {0.01, 4.0, 1000.0});
  random.vary(options.min_confidence, {0.0, 0.5, 1.0});
  options.weighting = random.one_of({gv::flow::Weighting::gaussian, gv::flow::Weighting::box});
  estimate_any<gv::flow::LucasKanade>(random, options, true);
}

FUZZ(horn_schunck) {
  gv::flow::HornSchunckOptions options;
  options.iterations = 7;
  random.vary(options.iterations, {1, 2, 9});
  random.vary(options.alpha, {0.1, 10.0, 1000.0});
  if (options.iterations > 100) options.iterations = 100;
  estimate_any<gv::flow::HornSchunck>(random, options, false);
}

namespace {

template <typename Options>
void vary_relaxation(Random& random, Options& options) {
  random.vary(options.iterations, {1, 2, 9});
  random.vary(options.data_weight, {0.01, 0.15, 10.0});
  random.vary(options.theta, {0.1, 0.3, 5.0});
  random.vary(options.tau, {0.1, 0.25});
  random.vary(options.brightness_cell, {0, 1, 5, 16});
  if (options.iterations > 100) options.iterations = 100;
}

}  // namespace

FUZZ(tvl1) {
  gv::flow::TVL1Options options;
  options.iterations = 7;
  vary_relaxation(random, options);
  estimate_any<gv::flow::TVL1>(random, options, false);
}

FUZZ(inverse_search) {
  gv::flow::InverseSearchOptions options;
  vary_relaxation(random, options);
  random.vary(options.patch_size, {8, 16});
  random.vary(options.patch_step, {1, 3, 8});
  random.vary(options.descents, {0, 1, 12});
  random.vary(options.propagations, {0, 1, 3});
  random.vary(options.finest_search, {0, 1, 3});
  estimate_any<gv::flow::InverseSearch>(random, options, false);
}

template <typename T>
void follow_points(Random& random) {
  gv::flow::TrackOptions options;
  random.vary(options.window, {3, 5, 21, 63});
  random.vary(options.levels, {1, 2, 4, 32});
  random.vary(options.iterations, {1, 5, 30});
  random.vary(options.accuracy, {0.0, 0.01, 1.0});
  random.vary(options.min_eigenvalue, {0.0, 4.0});
  random.vary(options.forward_backward, {0.0, 1.0});
  random.vary(options.num_threads, {0, 1, 2, 3, 8});
  if (options.num_threads > 64) options.num_threads = 64;
  const int width = random.size(), height = random.size();
  const Canvas<T> frame0(random, width, height);
  const Canvas<T> frame1 = frame0.other(random);
  std::vector<gv::flow::Point> points(static_cast<std::size_t>(random.below(20)));
  for (gv::flow::Point& point : points) {
    point = {random.unit() * (width + 4) - 2, random.unit() * (height + 4) - 2};
    if (random.chance(0.05)) point.x = random.one_of({std::nan(""), 1e30, -1e30, HUGE_VAL});
  }
  gv::flow::PointTracker tracker(options);
  std::vector<gv::flow::Track> tracks(points.size()), again(points.size());
  const auto call = [&](std::vector<gv::flow::Track>& into) {
    tracker(frame0.view(), frame1.view(), points.data(), static_cast<int>(points.size()), into.data());
  };
  call(tracks);
  call(again);
  for (std::size_t i = 0; i < tracks.size(); ++i) {
    const gv::flow::Track& track = tracks[i];
    require(std::memcmp(&track.end, &again[i].end, sizeof(track.end)) == 0, "the second call differs from the first");
    const bool lost = std::isnan(track.end.x);
    require(lost == std::isnan(track.end.y), "half a track");
    const bool inside = track.end.x >= 0 && track.end.x <= width - 1 && track.end.y >= 0 && track.end.y <= height - 1;
    require(lost || inside, "a track that ends outside the image");
  }
}

FUZZ(track_points) {
  const int type = random.below(3);
  if (type == 0) follow_points<std::uint8_t>(random);
  if (type == 1) follow_points<std::uint16_t>(random);
  if (type == 2) follow_points<float>(random);
}

FUZZ(find_occluded) {
  const int width = random.size(), height = random.size();
  Canvas<Vec2f> forward(random, width, height), backward(random, width, height);
  const auto fill = [&](Canvas<Vec2f>& flow) {
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        const auto component = [&] {
          return static_cast<float>(random.chance(0.02) ? HUGE_VAL : 9 * random.unit() - 4);
        };
        flow.at(x, y) = random.chance(0.03) ? Vec2f{NAN, NAN} : Vec2f{component(), component()};
      }
    }
  };
  fill(forward);
  fill(backward);
  Canvas<std::uint8_t> occluded(random, random.chance(0.95) ? width : width + 1, height);
  gv::flow::find_occluded(forward.view(), backward.view(), occluded.view(), random.threads());
  occluded.require_untouched_gaps();
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) require(occluded.at(x, y) <= 1, "occluded is neither 0 nor 1");
  }
}

template <typename T>
void search_blocks(Random& random) {
  gv::flow::BlockSearchOptions options;
  random.vary(options.radius, {0, 1, 2, 5});
  random.vary(options.window, {1, 3, 9, 31});
  random.vary(options.num_threads, {0, 1, 2, 3, 8});
  options.squared = random.chance(0.5);
  if (options.radius > 8 && options.radius <= 127) options.radius = 8;  // allowed, but each takes time
  if (options.num_threads > 64) options.num_threads = 64;
  const std::ptrdiff_t height = random.size(40), width = random.size(60);
  fuzz::Block<T, 2> frame0(random, {height, width}), frame1(random, {height, width + (random.chance(0.03) ? 1 : 0)});
  for (const auto& frame : {frame0.view(), frame1.view()}) {
    for (int i = 0; i < frame.size(0) * frame.size(1); ++i) {
      frame.data()[i] = static_cast<T>(random.bits() & (random.chance(0.001) ? 2047 : 1023));
    }
  }
  fuzz::Block<std::int32_t, 3> displacement(random, {2, height, width});
  fuzz::Block<float, 3> costs(random, {6, height, width});
  gv::flow::block_search<T>(frame0.read(), frame1.read(), options, {displacement.view(), costs.view()});
  for (const std::int32_t moved : displacement) require(std::abs(moved) <= options.radius, "beyond the range");
  for (const float cost : costs) require(cost >= 0, "a cost that is none");
}

FUZZ(block_search) {
  if (random.chance(0.5))
    search_blocks<std::uint16_t>(random);
  else
    search_blocks<std::int64_t>(random);
}

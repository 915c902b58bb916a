#include "geomvision/stereo/patchmatch.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <limits>
#include <utility>
#include <vector>

#include "geomvision/parallel.hpp"
#include "stereo/check_pair.hpp"
#include "stereo/levels.hpp"
#include "stereo/plane_search.hpp"

namespace geomvision::stereo {
namespace {

constexpr int one = PlaneSearch::one;
constexpr int none = std::numeric_limits<int>::min();

// A disparity and the weight of its vote.
struct Vote {
  int d, weight;
};

ops::PlaneOptions planes_of(const PatchMatchOptions& options) {
  ops::PlaneOptions planes;
  planes.max_disparity = options.max_disparity;
  planes.min_disparity = options.min_disparity;
  planes.window = options.window;
  planes.step = options.step;
  planes.gamma = options.gamma;
  planes.alpha = options.alpha;
  planes.tau_colour = options.tau_colour;
  planes.tau_gradient = options.tau_gradient;
  planes.max_slope = options.max_slope;
  planes.seed = options.seed;
  return planes;
}

}  // namespace

void PatchMatchOptions::check() const {
  planes_of(*this).check("PatchMatch");
  check_range("PatchMatch", "iterations", iterations, 1, 100);
  check_range("PatchMatch", "left_right", left_right, -1, 8192);
  geomvision::check(fill == "none" || fill == "background", "PatchMatch: fill is '", fill,
                    "'; allowed are 'none', 'background'");
  check_range("PatchMatch", "num_threads", num_threads, 0, 1024);
}

struct PatchMatch::Scratch {
  PlaneSearch search;
  std::vector<int> disparity, filled;  // 2^16ths, or none
  Image<float> confidence;
  Image<std::uint8_t> occluded;

  template <typename T>
  void take_levels(ImageView<const T> left, ImageView<const T> right);
  void examine(const PatchMatchOptions& options, int y, Patch& patch);
  void fill_row(int y);
  void smooth_row(int y, Patch& patch, ImageView<float> disparity_px);
};

template <typename T>
void PatchMatch::Scratch::take_levels(ImageView<const T> left, ImageView<const T> right) {
  const LevelScale level(left, right);
  for (int y = 0; y < left.height(); ++y) {
    for (int view = 0; view < 2; ++view) {
      const T* from = (view == 0 ? left : right).row(y);
      std::int16_t* to = search.levels(view, y);
      for (int x = 0; x < left.width(); ++x) to[x] = static_cast<std::int16_t>(level(from[x]));
    }
  }
  search.pad();
}

// What the other view confirms, how clearly, and what it does not see.
void PatchMatch::Scratch::examine(const PatchMatchOptions& options, int y, Patch& patch) {
  const int width = search.width;
  const PixelPlane* left = search.views[0].planes.data() + search.index(0, y);
  const PixelPlane* right = search.views[1].planes.data() + search.index(0, y);
  const auto partner_of = [](int x, PixelPlane plane) { return x + ((one / 2 - plane.d) >> 16); };
  std::fill_n(occluded.view().row(y), width, std::uint8_t{1});
  for (int x = 0; x < width; ++x) {
    const int seen = partner_of(x, right[x]);
    if (seen >= 0 && seen < width) occluded(seen, y) = 0;
  }
  const PaddedLevels own = search.padded(0), other = search.padded(1);
  for (int x = 0; x < width; ++x) {
    const std::size_t i = search.index(x, y);
    GEOMVISION_KERNEL(load_patch)(search.rules, own, x, y, patch);
    const auto cost_beside = [&](int pixels) {
      const PixelPlane moved{left[x].a, left[x].b, left[x].d + pixels * one};
      return GEOMVISION_KERNEL(plane_cost)(search.rules, patch, other, x, y, moved, PlaneSearch::unknown);
    };
    const std::uint32_t cost = search.views[0].costs[i], beside = std::min(cost_beside(-2), cost_beside(2));
    const int partner = partner_of(x, left[x]);
    const bool inside = partner >= 0 && partner < width;
    const int apart = inside ? std::abs(left[x].d + right[partner].d) : 0;
    const bool agrees = options.left_right < 0 || (inside && apart <= options.left_right * one);
    const bool found = agrees && cost < beside;
    disparity[i] = found ? left[x].d : none;
    confidence(x, y) = found && inside ? static_cast<float>(beside - cost) / static_cast<float>(beside) /
                                             (1.0f + static_cast<float>(apart) / static_cast<float>(one))
                                       : 0.0f;
    if (found || options.left_right < 0) occluded(x, y) = 0;
  }
}

// Pixels without an estimate lie on the plane of the next pixel with one, to the left or right: the one further back.
void PatchMatch::Scratch::fill_row(int y) {
  const PlaneView& view = search.views[0];
  const PixelPlane* planes = view.planes.data() + search.index(0, y);
  const int* known = disparity.data() + search.index(0, y);
  int* row = filled.data() + search.index(0, y);
  const auto continued = [&](int from, int x) {
    return std::clamp(PlaneSearch::moved(planes[from], x - from, 0).d, view.least, view.most);
  };
  int last = -1;
  for (int x = 0; x < search.width; ++x) {
    if (known[x] != none) last = x;
    row[x] = last < 0 ? none : continued(last, x);
  }
  last = -1;
  for (int x = search.width - 1; x >= 0; --x) {
    if (known[x] != none) last = x;
    if (last < 0) continue;
    const int behind = continued(last, x);
    if (row[x] == none || behind < row[x]) row[x] = behind;
  }
}

// Filled pixels take the median of the window, weighted by their support.
void PatchMatch::Scratch::smooth_row(int y, Patch& patch, ImageView<float> disparity_px) {
  Vote votes[Patch::most * Patch::lanes];
  for (int x = 0; x < search.width; ++x) {
    const std::size_t i = search.index(x, y);
    int d = filled[i];
    if (disparity[i] == none && d != none) {
      GEOMVISION_KERNEL(load_patch)(search.rules, search.padded(0), x, y, patch);
      Vote* end = votes;
      std::int64_t total = 0;
      for (int piece = 0; piece < patch.count; ++piece) {
        for (int lane = 0; lane < Patch::lanes; ++lane) {
          const int weight = patch.weight[piece][lane];
          if (weight == 0) continue;
          const int u = x + patch.dx[piece] + lane * search.rules.step, v = y + patch.dy[piece];
          const int vote = filled[search.index(u, v)];
          if (vote == none) continue;
          *end++ = {vote, weight};
          total += weight;
        }
      }
      std::sort(votes, end, [](const Vote& p, const Vote& q) { return p.d < q.d; });
      std::int64_t below = 0;
      for (const Vote* vote = votes; vote < end && 2 * below < total; ++vote) {
        below += vote->weight;
        d = vote->d;
      }
    }
    disparity_px(x, y) =
        d == none ? std::numeric_limits<float>::quiet_NaN() : static_cast<float>(d) / static_cast<float>(one);
  }
}

PatchMatch::PatchMatch(PatchMatchOptions options)
    : options_(std::move(options)), scratch_(std::make_unique<Scratch>()) {
  options_.check();
}
PatchMatch::~PatchMatch() = default;
PatchMatch::PatchMatch(PatchMatch&&) noexcept = default;
PatchMatch& PatchMatch::operator=(PatchMatch&&) noexcept = default;

ImageView<const float> PatchMatch::confidence() const { return std::as_const(scratch_->confidence).view(); }
ImageView<const std::uint8_t> PatchMatch::occluded() const { return std::as_const(scratch_->occluded).view(); }

template <typename T>
void PatchMatch::run(ImageView<const T> left, ImageView<const T> right, ImageView<float> disparity) {
  const int width = left.width(), height = left.height();
  check_pair("PatchMatch", left, right, disparity);
  check_searched("PatchMatch", width, options_.min_disparity, options_.max_disparity);
  Scratch& scratch = *scratch_;
  PlaneSearch& search = scratch.search;
  search.resize(planes_of(options_), width, height, options_.num_threads);
  scratch.take_levels(left, right);
  search.randomise();
  search.rate();
  for (int iteration = 0; iteration < options_.iterations; ++iteration) search.iterate(iteration);
  scratch.confidence.resize(width, height);
  scratch.occluded.resize(width, height);
  scratch.disparity.resize(search.index(0, height));
  scratch.filled.resize(search.index(0, height));
  const auto examine = [&](int begin, int end) {
    Patch patch;
    for (int y = begin; y < end; ++y) scratch.examine(options_, y, patch);
  };
  parallel_for(height, options_.num_threads, std::ref(examine));
  if (options_.fill == "background") {
    for (int y = 0; y < height; ++y) scratch.fill_row(y);
  } else {
    scratch.filled = scratch.disparity;
  }
  const auto smooth = [&](int begin, int end) {
    Patch patch;
    for (int y = begin; y < end; ++y) scratch.smooth_row(y, patch, disparity);
  };
  parallel_for(height, options_.num_threads, std::ref(smooth));
}

void PatchMatch::match(Bytes left, Bytes right, ImageView<float> disparity) { run(left, right, disparity); }
void PatchMatch::match(Words left, Words right, ImageView<float> disparity) { run(left, right, disparity); }
void PatchMatch::match(Floats left, Floats right, ImageView<float> disparity) { run(left, right, disparity); }

}  // namespace geomvision::stereo

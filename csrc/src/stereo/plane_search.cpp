#include "stereo/plane_search.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

#include "geomvision/check.hpp"
#include "geomvision/parallel.hpp"

namespace geomvision {
namespace {

constexpr int least_change = PlaneSearch::one / 10;  // refinement ends below a tenth of a pixel

// An odd number of steps away, so that neighbours have the other colour of the checkerboard.
struct Offset {
  int dx, dy;
};
constexpr Offset neighbours[] = {{-1, 0}, {1, 0}, {0, -1},  {0, 1},  {-5, 0},  {5, 0},
                                 {0, -5}, {0, 5}, {-17, 0}, {17, 0}, {0, -17}, {0, 17}};

// A hash with good avalanche, so that consecutive numbers give independent ones.
std::uint32_t hashed(std::uint32_t value) {
  value = (value ^ value >> 16) * 0x7feb352dU;
  value = (value ^ value >> 15) * 0x846ca68bU;
  return value ^ value >> 16;
}

// Consecutive random numbers of one pixel.
class Random {
 public:
  explicit Random(std::uint32_t state) : state_(state) {}

  // Between -reach and reach.
  int operator()(int reach) {
    state_ += 0x9e3779b9U;
    const std::int64_t values = 2 * static_cast<std::int64_t>(reach) + 1;
    return static_cast<int>((values * hashed(state_)) >> 32) - reach;
  }

 private:
  std::uint32_t state_;
};

bool equal(PixelPlane p, PixelPlane q) { return p.a == q.a && p.b == q.b && p.d == q.d; }

PatchRules rules_of(const ops::PlaneOptions& options) {
  PatchRules rules{};
  const auto rounded = [](double value) { return static_cast<std::int16_t>(std::floor(value + 0.5)); };
  rules.radius = options.window / 2;
  rules.step = options.step;
  rules.contrast = static_cast<std::uint16_t>(std::floor(8192.0 / options.gamma + 0.5));
  rules.tau_colour = rounded(64.0 * options.tau_colour);
  rules.tau_gradient = rounded(64.0 * options.tau_gradient);
  rules.gradient = rounded(32767.0 * options.alpha);
  rules.colour = static_cast<std::int16_t>(32767 - rules.gradient);
  for (int k = 0; k < 64; ++k) rules.support[k] = rounded(255.0 * std::exp(-k / 8.0));
  return rules;
}

}  // namespace

void PlaneSearch::resize(const ops::PlaneOptions& options, int new_width, int new_height, int num_threads) {
  width = new_width;
  height = new_height;
  num_threads_ = num_threads;
  stride_ = width + 2 * PaddedLevels::border;
  rules = rules_of(options);
  max_slope_ = static_cast<int>(std::floor(options.max_slope * one + 0.5));
  seed_ = static_cast<std::uint32_t>(options.seed);
  views[0].least = std::max(options.min_disparity, 1 - width) * one;
  views[0].most = std::min(options.max_disparity - 1, width - 1) * one;
  views[1].least = -views[0].most;
  views[1].most = -views[0].least;
  for (PlaneView& view : views) {
    view.values.resize(static_cast<std::size_t>(stride_) * height);
    view.gradients.resize(view.values.size());
    view.planes.resize(index(0, height));
    view.costs.resize(index(0, height));
    view.pointing.resize(index(0, height));
  }
}

PaddedLevels PlaneSearch::padded(int view) const {
  const PlaneView& from = views[view];
  return {from.values.data() + PaddedLevels::border, from.gradients.data() + PaddedLevels::border, stride_, width,
          height};
}

void PlaneSearch::pad() {
  for (PlaneView& view : views) {
    for (int y = 0; y < height; ++y) {
      std::int16_t* values = view.values.data() + y * stride_ + PaddedLevels::border;
      std::int16_t* gradients = view.gradients.data() + y * stride_ + PaddedLevels::border;
      for (int x = 0; x < width; ++x) {
        const int across = values[std::min(x + 1, width - 1)] - values[std::max(x - 1, 0)];
        gradients[x] = static_cast<std::int16_t>(floor_divide(across, 2));
      }
      for (std::int16_t* row : {values, gradients}) {
        const std::int16_t nothing = row == values ? PaddedLevels::no_value : PaddedLevels::no_gradient;
        std::fill_n(row - PaddedLevels::border, PaddedLevels::border, nothing);
        std::fill_n(row + width, PaddedLevels::border, nothing);
      }
    }
  }
}

std::uint32_t PlaneSearch::key(int iteration, int view) const {
  return hashed(seed_ + 0x9e3779b9U * (2 * static_cast<std::uint32_t>(iteration) + static_cast<std::uint32_t>(view)));
}

void PlaneSearch::randomise() {
  for (int v = 0; v < 2; ++v) {
    PlaneView& view = views[v];
    const std::uint32_t start = key(-1, v);
    for (std::size_t i = 0; i < view.planes.size(); ++i) {
      Random random(hashed(start ^ static_cast<std::uint32_t>(i)));
      const int span = view.most - view.least;
      const int middle = view.least + span / 2;
      const int d = middle + random((span + 1) / 2);
      const int a = random(max_slope_), b = random(max_slope_);
      view.planes[i] = {a, b, std::clamp(d, view.least, view.most)};
    }
  }
}

void PlaneSearch::rate() {
  const auto load = GEOMVISION_KERNEL(load_patch);
  const auto cost = GEOMVISION_KERNEL(plane_cost);
  for (int v = 0; v < 2; ++v) {
    PlaneView& view = views[v];
    const PaddedLevels own = padded(v), other = padded(1 - v);
    const auto rows = [&](int begin, int end) {
      Patch patch;
      for (int y = begin; y < end; ++y) {
        for (int x = 0; x < width; ++x) {
          load(rules, own, x, y, patch);
          view.costs[index(x, y)] = cost(rules, patch, other, x, y, view.planes[index(x, y)], unknown);
        }
      }
    };
    parallel_for(height, num_threads_, std::ref(rows));
  }
}

void PlaneSearch::iterate(int iteration) {
  for (int v = 0; v < 2; ++v) {
    const std::uint32_t start = key(iteration, v);
    const auto point_rows = [&](int begin, int end) {
      for (int y = begin; y < end; ++y) point(v, y);
    };
    parallel_for(height, num_threads_, std::ref(point_rows), 16);
    for (int colour = 0; colour < 2; ++colour) {
      const auto rows = [&](int begin, int end) {
        Patch patch;
        for (int y = begin; y < end; ++y) {
          for (int x = (y + colour) % 2; x < width; x += 2) {
            visit(v, x, y, hashed(start ^ static_cast<std::uint32_t>(index(x, y))), patch);
          }
        }
      };
      parallel_for(height, num_threads_, std::ref(rows));
    }
  }
}

// Which column of the other view has a plane that leads to each pixel of a row: of several, the one of least cost.
void PlaneSearch::point(int v, int y) {
  const PlaneView& other = views[1 - v];
  int* pointing = views[v].pointing.data() + index(0, y);
  std::fill_n(pointing, width, -1);
  for (int x = 0; x < width; ++x) {
    const int target = x + ((one / 2 - other.planes[index(x, y)].d) >> 16);
    if (target < 0 || target >= width) continue;
    const int rival = pointing[target];
    if (rival < 0 || other.costs[index(x, y)] < other.costs[index(rival, y)]) pointing[target] = x;
  }
}

// The plane of pixel x of one view, as pixel `target` of the other sees it: from x' = x - d and d' = -d.
PixelPlane PlaneSearch::seen_from_other(PixelPlane plane, int x, int target) const {
  const std::int64_t shrunk = one - plane.a;
  const std::int64_t away = static_cast<std::int64_t>(target - x) * one + plane.d;
  const auto slope = [&](std::int64_t value) { return static_cast<int>(floor_divide(value * one, shrunk)); };
  return {-slope(plane.a), -slope(plane.b), static_cast<int>(-(plane.d + floor_divide(plane.a * away, shrunk)))};
}

void PlaneSearch::visit(int v, int x, int y, std::uint32_t random_state, Patch& patch) {
  PlaneView& view = views[v];
  const PaddedLevels other = padded(1 - v);
  const auto cost_of = GEOMVISION_KERNEL(plane_cost);
  GEOMVISION_KERNEL(load_patch)(rules, padded(v), x, y, patch);
  PixelPlane best = view.planes[index(x, y)];
  std::uint32_t least = view.costs[index(x, y)];
  const auto offer = [&](PixelPlane plane) {
    if (!allows(view, plane) || equal(plane, best)) return;
    const std::uint32_t cost = cost_of(rules, patch, other, x, y, plane, least);
    if (cost >= least) return;
    least = cost;
    best = plane;
  };

  for (const Offset& offset : neighbours) {
    const int u = x + offset.dx, w = y + offset.dy;
    if (u < 0 || u >= width || w < 0 || w >= height) continue;
    offer(moved(view.planes[index(u, w)], -offset.dx, -offset.dy));
  }
  const int from = view.pointing[index(x, y)];
  if (from >= 0) offer(seen_from_other(views[1 - v].planes[index(from, y)], from, x));
  Random random(random_state);
  int slope = max_slope_;
  for (int change = (view.most - view.least) / 2; change >= least_change; change /= 2, slope /= 2) {
    const int d = random(change), a = random(slope), b = random(slope);
    offer({best.a + a, best.b + b, best.d + d});
  }
  view.planes[index(x, y)] = best;
  view.costs[index(x, y)] = least;
}

}  // namespace geomvision

#include "geomvision/ops/propagate_planes.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "geomvision/check.hpp"
#include "stereo/plane_search.hpp"

namespace geomvision::ops {
namespace {

constexpr int one = PlaneSearch::one;

// value in 2^16ths, rounded, within the limits; the least where it is no number.
int fixed(double value, int least, int most) {
  if (std::isnan(value)) return least;
  const double scaled = std::floor(value * one + 0.5);
  return scaled <= least ? least : (scaled >= most ? most : static_cast<int>(scaled));
}

}  // namespace

void PlaneOptions::check(const char* owner) const {
  check_range(owner, "max_disparity", max_disparity, -8191, 8192);
  check_range(owner, "min_disparity", min_disparity, -8192, 8191);
  geomvision::check(min_disparity < max_disparity, owner, ": min_disparity is ", min_disparity, " and max_disparity ",
                    max_disparity, "; max_disparity must be larger");
  geomvision::check(window % 2 == 1 && window >= 3 && window <= 35, owner, ": window is ", window,
                    "; allowed is odd and between 3 and 35");
  check_range(owner, "step", step, 1, 2);
  check_range(owner, "gamma", gamma, 0.25, 1000.0);
  check_range(owner, "alpha", alpha, 0.0, 1.0);
  check_range(owner, "tau_colour", tau_colour, 0.0, 63.0);
  check_range(owner, "tau_gradient", tau_gradient, 0.0, 63.0);
  check_range(owner, "max_slope", max_slope, 0.0, 0.9);
  check_range(owner, "seed", seed, 0, 2147483647);
}

struct PlanePropagation::Scratch {
  PlaneSearch search;
};

PlanePropagation::PlanePropagation(PlaneOptions options) : options_(options), scratch_(std::make_unique<Scratch>()) {
  options_.check("propagate_planes");
}
PlanePropagation::~PlanePropagation() = default;
PlanePropagation::PlanePropagation(PlanePropagation&&) noexcept = default;
PlanePropagation& PlanePropagation::operator=(PlanePropagation&&) noexcept = default;

template <typename Level, typename T>
void PlanePropagation::propagate(TensorView<const Level, 2> left, TensorView<const Level, 2> right,
                                 TensorView<T, 3> left_planes, TensorView<T, 3> right_planes, int iteration,
                                 int num_threads) {
  check(right.sizes() == left.sizes(), "propagate_planes: left is ", left.shape(), ", right is ", right.shape(),
        "; they must be equal");
  const typename TensorView<T, 3>::Sizes wanted{left.size(0), left.size(1), 3};
  check(left_planes.sizes() == wanted && right_planes.sizes() == wanted, "propagate_planes: the images are ",
        left.shape(), ", the planes ", left_planes.shape(), " and ", right_planes.shape(),
        "; they must be height x width x 3");
  check(iteration >= 0, "propagate_planes: iteration is ", iteration, "; allowed is 0 or more");
  check(left.size(0) * left.size(1) <= 2147483647 - 1, "propagate_planes: the images are ", left.shape(),
        "; at most 2147483646 pixels in all can be taken: cut them into tiles");
  if (left.empty()) return;
  const int height = static_cast<int>(left.size(0)), width = static_cast<int>(left.size(1));
  check(options_.max_disparity > 1 - width && options_.min_disparity < width, "propagate_planes: no pixel of an image ",
        width, " pixels wide has a match between min_disparity ", options_.min_disparity, " and max_disparity ",
        options_.max_disparity, " - 1; choose a range nearer to 0");
  PlaneSearch& search = scratch_->search;
  search.resize(options_, width, height, num_threads);
  for (int v = 0; v < 2; ++v) {
    const auto image = v == 0 ? left : right;
    const auto planes = v == 0 ? left_planes : right_planes;
    const int sign = v == 0 ? 1 : -1;  // the search counts the right view's disparities from its own side
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        check(std::isfinite(static_cast<double>(*image.at(y, x))), "propagate_planes: ", v == 0 ? "left" : "right",
              " holds NaN or infinity at (", x, ", ", y, "); fill it first");
        const double level = std::clamp(static_cast<double>(*image.at(y, x)), 0.0, 255.0);
        search.levels(v, y)[x] = static_cast<std::int16_t>(std::floor(level * 64.0 + 0.5));
        const T* plane = planes.at(y, x);
        const double a = sign * static_cast<double>(plane[0]), b = sign * static_cast<double>(plane[1]);
        const double d = (a * x + b * y) + sign * static_cast<double>(plane[2]);
        const int slope = search.max_slope();
        search.views[v].planes[search.index(x, y)] = {fixed(a, -slope, slope), fixed(b, -slope, slope),
                                                      fixed(d, search.views[v].least, search.views[v].most)};
      }
    }
  }
  search.pad();
  search.rate();
  search.iterate(iteration);
  for (int v = 0; v < 2; ++v) {
    const auto planes = v == 0 ? left_planes : right_planes;
    const int sign = v == 0 ? 1 : -1;
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        const PixelPlane found = search.views[v].planes[search.index(x, y)];
        const std::int64_t c =
            found.d - static_cast<std::int64_t>(found.a) * x - static_cast<std::int64_t>(found.b) * y;
        T* plane = planes.at(y, x);
        plane[0] = static_cast<T>(static_cast<double>(sign * found.a) / one);
        plane[1] = static_cast<T>(static_cast<double>(sign * found.b) / one);
        plane[2] = static_cast<T>(static_cast<double>(sign * c) / one);
      }
    }
  }
}

void PlanePropagation::operator()(TensorView<const std::uint8_t, 2> left, TensorView<const std::uint8_t, 2> right,
                                  TensorView<float, 3> left_planes, TensorView<float, 3> right_planes, int iteration,
                                  int num_threads) {
  propagate(left, right, left_planes, right_planes, iteration, num_threads);
}

void PlanePropagation::operator()(TensorView<const float, 2> left, TensorView<const float, 2> right,
                                  TensorView<float, 3> left_planes, TensorView<float, 3> right_planes, int iteration,
                                  int num_threads) {
  propagate(left, right, left_planes, right_planes, iteration, num_threads);
}

void PlanePropagation::operator()(TensorView<const double, 2> left, TensorView<const double, 2> right,
                                  TensorView<double, 3> left_planes, TensorView<double, 3> right_planes, int iteration,
                                  int num_threads) {
  propagate(left, right, left_planes, right_planes, iteration, num_threads);
}

}  // namespace geomvision::ops

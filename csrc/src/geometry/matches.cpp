#include "geometry/matches.hpp"

#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <utility>

#include "geometry/ransac.hpp"
#include "geomvision/check.hpp"

namespace geomvision::geometry {

Matches::Matches(const Points& points0, const Points& points1, const Frame& frame0, const Frame& frame1, double unit,
                 const std::vector<double>& spread0, const std::vector<double>& spread1, std::uint64_t seed) {
  const int count = static_cast<int>(points0.size(0));
  const int padded = (count + 15) / 16 * 16;
  order_.resize(static_cast<std::size_t>(count));
  std::iota(order_.begin(), order_.end(), 0);
  for (int i = count; i > 1; --i) {  // Fisher & Yates
    const std::uint64_t high = random_bits(~seed, static_cast<std::uint64_t>(i)) >> 32;
    std::swap(order_[static_cast<std::size_t>(i - 1)], order_[(high * static_cast<std::uint64_t>(i)) >> 32]);
  }
  wide_.assign(static_cast<std::size_t>(6 * padded), std::numeric_limits<double>::quiet_NaN());
  for (int i = 0; i < count; ++i) {
    const auto from = static_cast<std::size_t>(given_index(i));
    const double* p0 = points0.at(from);
    const double* p1 = points1.at(from);
    const double columns[6] = {(p0[0] - frame0.x) / unit,
                               (p0[1] - frame0.y) / unit,
                               (p1[0] - frame1.x) / unit,
                               (p1[1] - frame1.y) / unit,
                               spread0.empty() ? 1.0 : spread0[from] * spread0[from],
                               spread1.empty() ? 1.0 : spread1[from] * spread1[from]};
    for (int c = 0; c < 6; ++c) wide_[static_cast<std::size_t>(c * padded + i)] = columns[c];
  }
  narrow_.assign(wide_.begin(), wide_.end());
  const float* f = narrow_.data();
  const double* d = wide_.data();
  const std::ptrdiff_t n = padded;
  columns_ = {f,     f + n,     f + 2 * n, f + 3 * n, f + 4 * n, f + 5 * n, d,
              d + n, d + 2 * n, d + 3 * n, d + 4 * n, d + 5 * n, count,     padded};
}

void check_matches(const char* function, const Points& points0, const Points& points1) {
  check(points0.size(1) == 2 && points1.size(1) == 2 && points0.size(0) == points1.size(0), function, ": points are ",
        points0.shape(), " and ", points1.shape(), "; both must be Nx2 of the same N");
  check(points0.size(0) <= 100000000, function, ": ", points0.size(0),
        " matches were given; at most 100000000 are taken");
  for (std::ptrdiff_t i = 0; i < points0.size(0); ++i) {
    for (const double* p : {points0.at(i), points1.at(i)}) {
      check(std::isfinite(p[0]) && std::isfinite(p[1]), function, ": match ", i, " is not finite; leave it out");
    }
  }
}

void check_options(const char* function, const TwoViewOptions& options) {
  check(options.max_error_px > 0 && std::isfinite(options.max_error_px), function, ": max_error_px is ",
        options.max_error_px, "; it must be above 0");
  check(options.confidence > 0 && options.confidence < 1, function, ": confidence is ", options.confidence,
        "; it must lie between 0 and 1");
  check(options.min_iterations >= 1 && options.max_iterations >= 1, function, ": iterations are between ",
        options.min_iterations, " and ", options.max_iterations, "; both must be at least 1");
}

PixelFrames::PixelFrames(const Points& points0, const Points& points1) {
  const auto count = static_cast<double>(points0.size(0));
  for (std::ptrdiff_t i = 0; i < points0.size(0); ++i) {
    frame0.x += points0.at(i)[0] / count;
    frame0.y += points0.at(i)[1] / count;
    frame1.x += points1.at(i)[0] / count;
    frame1.y += points1.at(i)[1] / count;
  }
  double sum = 0.0;
  for (std::ptrdiff_t i = 0; i < points0.size(0); ++i) {
    sum += std::hypot(points0.at(i)[0] - frame0.x, points0.at(i)[1] - frame0.y);
    sum += std::hypot(points1.at(i)[0] - frame1.x, points1.at(i)[1] - frame1.y);
  }
  const double mean = sum / (2.0 * count);
  unit = mean > 0 && std::isfinite(mean) ? mean : 1.0;
}

Matrix3 PixelFrames::fundamental(const Matrix3& working) const {
  const Matrix3 pixels = transposed(to_working(frame1)) * working * to_working(frame0);
  return pixels * (1.0 / norm(pixels));
}

Matrix3 PixelFrames::homography(const Matrix3& working) const {
  const Matrix3 pixels = to_pixels(frame1) * working * to_working(frame0);
  return pixels * (1.0 / norm(pixels));
}

}  // namespace geomvision::geometry

#include "geomvision/geometry/undistortion.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "geometry/polynomial.hpp"
#include "geomvision/check.hpp"
#include "geomvision/parallel.hpp"
#include "kernels/undistortion.hpp"

namespace geomvision::geometry {
namespace {

constexpr const char* op = "undistort_points";

// The inverse of the homography of a sensor turned by tau_x, then tau_y (Louhichi et al. 2007).
void untilt(double tau_x, double tau_y, double* out) {
  const double a = std::cos(tau_x), b = std::sin(tau_x), c = std::cos(tau_y), d = std::sin(tau_y);
  const double R[9] = {c, d * b, -d * a, 0, a, b, d, -c * b, c * a};  // about y, of about x
  // The tilt is [R22 0 -R02; 0 R22 -R12; 0 0 1] R; its inverse is R' times that of the first.
  const double flat[9] = {1 / R[8], 0, R[2] / R[8], 0, 1 / R[8], R[5] / R[8], 0, 0, 1};
  for (int i = 0; i < 3; ++i) {
    for (int j = 0; j < 3; ++j) {
      out[3 * i + j] = R[i] * flat[j] + R[3 + i] * flat[3 + j] + R[6 + i] * flat[6 + j];
    }
  }
}

BrownLens lens_of(const Intrinsics& in, const Distortion& distortion) {
  const bool finite = std::all_of(distortion.begin(), distortion.end(), [](double v) { return std::isfinite(v); });
  check(finite, op, ": a distortion coefficient is NaN or infinite; all must be finite");
  check(std::isfinite(in.fx + in.fy + in.cx + in.cy) && in.fx != 0 && in.fy != 0, op, ": intrinsics are fx ", in.fx,
        ", fy ", in.fy, ", cx ", in.cx, ", cy ", in.cy, "; they must be finite and the focal lengths not 0");
  constexpr double right_angle = 1.5707963267948966;
  check(std::abs(distortion[12]) < right_angle && std::abs(distortion[13]) < right_angle, op,
        ": the sensor's tilt is (", distortion[12], ", ", distortion[13], "); it must be within pi/2");
  BrownLens lens{in.fx, in.fy, in.cx, in.cy, {}, distortion_limit(distortion), {}, {}, false, false, false};
  std::copy_n(distortion.begin(), 12, lens.k);
  const auto any_of = [&](int first, int last) {
    return std::any_of(distortion.begin() + first, distortion.begin() + last, [](double v) { return v != 0; });
  };
  lens.rational = any_of(5, 8);
  lens.prism = any_of(8, 12);
  lens.tilted = any_of(12, 14);
  const double first = lens.k[0] - lens.k[5], second = lens.k[1] - lens.k[6] - lens.k[5] * first;
  lens.back[0] = -first;
  lens.back[1] = 3 * first * first - second;
  untilt(distortion[12], distortion[13], lens.flat);
  return lens;
}

}  // namespace

double distortion_limit(const Distortion& k) {
  const Polynomial n{1, 0, k[0], 0, k[1], 0, k[4]}, d{1, 0, k[5], 0, k[6], 0, k[7]};
  // What tangential and prism terms take from the slope at worst.
  const Polynomial taken{0, 6 * std::hypot(k[2], k[3]) + 2 * std::hypot(k[8], k[10]), 0, 4 * std::hypot(k[9], k[11])};
  const Polynomial nd = product(n, d), loss = product(product(d, d), taken), r{0, 1};
  const Polynomial turning = difference(product(derivative(n), d), product(n, derivative(d)));
  const Polynomial slope = difference(nd, product(product(r, turning), {-1}));
  return std::min({first_root(d), first_root(difference(slope, loss)), first_root(difference(nd, loss))});
}

void undistort_points(TensorView<const double, 2> pixels, const Intrinsics& intrinsics, const Distortion& distortion,
                      TensorView<double, 2> plane, int num_threads) {
  check(pixels.size(1) == 2 && plane.sizes() == pixels.sizes(), op, ": pixels are ", pixels.shape(), ", the plane ",
        plane.shape(), "; both must be (N, 2)");
  check(pixels.is_packed() && plane.is_packed(), op, ": points must lie without gaps");
  const BrownLens lens = lens_of(intrinsics, distortion);
  const auto kernel = GEOMVISION_KERNEL(undistort_points);
  constexpr int piece = 1024;  // there may be more points than an int holds
  const std::ptrdiff_t count = pixels.size(0);
  const auto run = [&](int begin, int end) {
    const std::ptrdiff_t first = std::ptrdiff_t{begin} * piece, last = std::min(count, std::ptrdiff_t{end} * piece);
    kernel(lens, pixels.at(first), plane.at(first), last - first);
  };
  parallel_for(static_cast<int>((count + piece - 1) / piece), num_threads, std::ref(run));
}

}  // namespace geomvision::geometry

#pragma once

#include <cstdint>

#include "geomvision/scratch.hpp"
#include "geomvision/tensor.hpp"

namespace geomvision::ops {

/// What a slanted plane costs, and which planes are tried; names and defaults are those of the Python op.
struct PlaneOptions {
  int max_disparity = 128;    ///< planes have disparities min_disparity ... max_disparity - 1 at their own pixel
  int min_disparity = 0;      ///< may be negative
  int window = 29;            ///< side of the support window, pixels, odd, 3 to 35
  int step = 2;               ///< between the compared pixels of the window: 1 or 2
  double gamma = 10.0;        ///< levels of difference at which the support weight falls to 1/e
  double alpha = 0.97;        ///< weight of gradients against levels
  double tau_colour = 10.0;   ///< truncation of differences of levels
  double tau_gradient = 2.0;  ///< truncation of differences of gradients, levels per pixel
  double max_slope = 0.5;     ///< largest slope of a plane, pixels of disparity per pixel, at most 0.9
  int seed = 0;               ///< of the random planes; 0 or more

  /// Throws std::invalid_argument, saying what was given and what is allowed.
  void check(const char* owner) const;
};

/// One iteration of PatchMatch on the slanted planes of both views (Bleyer, Rhemann & Rother, BMVC 2011).
///
/// Every pixel tries the planes of neighbours near and far, the planes of the other view that point at it, and random
/// changes of its own that halve from round to round; a plane stays when its cost is less. Pixels change in the order
/// of a checkerboard (Galliani, Lasinger & Schindler, ICCV 2015) and random numbers are hashes of seed, iteration and
/// pixel, so that threads do not matter. Costs and planes are computed in integers (2^16ths), so nothing else does.
///
/// left, right: (height, width), grey levels 0 to 255 (a 64th of a level is the least that is told apart);
/// planes: (height, width, 3), a, b, c of d = a x + b y + c, changed in place; what is not allowed is clipped.
/// The object keeps its memory: a second call of the same size allocates nothing.
class PlanePropagation {
 public:
  explicit PlanePropagation(PlaneOptions options = {});
  ~PlanePropagation();
  PlanePropagation(PlanePropagation&&) noexcept;
  PlanePropagation& operator=(PlanePropagation&&) noexcept;

  void operator()(TensorView<const std::uint8_t, 2> left, TensorView<const std::uint8_t, 2> right,
                  TensorView<float, 3> left_planes, TensorView<float, 3> right_planes, int iteration,
                  int num_threads = 0);
  void operator()(TensorView<const float, 2> left, TensorView<const float, 2> right, TensorView<float, 3> left_planes,
                  TensorView<float, 3> right_planes, int iteration, int num_threads = 0);
  void operator()(TensorView<const double, 2> left, TensorView<const double, 2> right,
                  TensorView<double, 3> left_planes, TensorView<double, 3> right_planes, int iteration,
                  int num_threads = 0);

 private:
  struct Scratch;
  template <typename Level, typename T>
  void propagate(TensorView<const Level, 2> left, TensorView<const Level, 2> right, TensorView<T, 3> left_planes,
                 TensorView<T, 3> right_planes, int iteration, int num_threads);

  PlaneOptions options_;
  ScratchPointer<Scratch> scratch_;
};

}  // namespace geomvision::ops

#pragma once

#include <cstdint>
#include <vector>

#include "geomvision/image.hpp"
#include "geomvision/ops/propagate_planes.hpp"
#include "kernels/patchmatch.hpp"

namespace geomvision {

/// n / d rounded down; d > 0.
inline std::int64_t floor_divide(std::int64_t n, std::int64_t d) { return n / d - (n % d < 0 ? 1 : 0); }

/// One view of the search: its levels, and for each pixel a plane and what it costs. The right view counts disparities
/// from its own side: they are the negatives.
struct PlaneView {
  std::vector<std::int16_t> values, gradients;
  std::vector<PixelPlane> planes;
  std::vector<std::uint32_t> costs;
  std::vector<int> pointing;  // for each pixel the column in the other view whose plane leads here, or -1
  int least = 0, most = 0;    // disparities, 2^16ths
};

/// The search for slanted planes in both views. Everything is integer: disparities and slopes in 2^16ths of a pixel,
/// levels in 64ths.
class PlaneSearch {
 public:
  static constexpr int one = 1 << 16;
  static constexpr std::uint32_t unknown = ~std::uint32_t{0};

  int width = 0, height = 0;
  PatchRules rules;
  PlaneView views[2];

  /// Take the size and the rules; disparities that no pixel can have are not searched.
  void resize(const ops::PlaneOptions& options, int new_width, int new_height, int num_threads);

  /// Row `y` of a view, 64ths of levels 0 to 255; then all rows of both are `pad`ded.
  std::int16_t* levels(int view, int y) { return views[view].values.data() + y * stride_ + PaddedLevels::border; }
  void pad();

  /// Every pixel of both views takes a random plane. Costs are unknown until `rate`.
  void randomise();
  void rate();
  void iterate(int iteration);

  PaddedLevels padded(int view) const;
  std::size_t index(int x, int y) const { return static_cast<std::size_t>(y) * width + x; }
  int num_threads() const { return num_threads_; }

  /// `plane` of the pixel (x, y), as seen from `dx`, `dy` further on.
  static PixelPlane moved(PixelPlane plane, int dx, int dy) {
    return {plane.a, plane.b, plane.d + plane.a * dx + plane.b * dy};
  }
  bool allows(const PlaneView& view, PixelPlane plane) const {
    return plane.d >= view.least && plane.d <= view.most && plane.a >= -max_slope_ && plane.a <= max_slope_ &&
           plane.b >= -max_slope_ && plane.b <= max_slope_;
  }
  int max_slope() const { return max_slope_; }

 private:
  std::uint32_t key(int iteration, int view) const;
  void point(int view, int y);
  void visit(int view, int x, int y, std::uint32_t random, Patch& patch);
  PixelPlane seen_from_other(PixelPlane plane, int x, int target) const;

  std::ptrdiff_t stride_ = 0;
  int max_slope_ = 0, num_threads_ = 0;
  std::uint32_t seed_ = 0;
};

}  // namespace geomvision

#pragma once

#include <cstdint>
#include <vector>

#include "geometry/small_matrix.hpp"
#include "geomvision/geometry/two_view.hpp"
#include "kernels/two_view.hpp"

namespace geomvision::geometry {

/// Where the origin and the unit of working coordinates lie: x_px = origin + unit · x.
struct Frame {
  double x = 0, y = 0;
};

/// Matches in working coordinates, in an order of chance (scores give up early on a part), ready for the kernels.
class Matches {
 public:
  Matches(const Points& points0, const Points& points1, const Frame& frame0, const Frame& frame1, double unit,
          const std::vector<double>& spread0, const std::vector<double>& spread1, std::uint64_t seed);

  const MatchColumns& columns() const { return columns_; }
  int size() const { return columns_.count; }
  Vector3 point0(int i) const { return vector3(columns_.wide_x0[i], columns_.wide_y0[i], 1.0); }
  Vector3 point1(int i) const { return vector3(columns_.wide_x1[i], columns_.wide_y1[i], 1.0); }
  /// The points of a sample, homogeneous.
  template <int Count>
  void take(const int* sample, Vector3 (&points0)[Count], Vector3 (&points1)[Count]) const {
    for (int i = 0; i < Count; ++i) {
      points0[i] = point0(sample[i]);
      points1[i] = point1(sample[i]);
    }
  }
  int given_index(int i) const { return order_[static_cast<std::size_t>(i)]; }

 private:
  std::vector<int> order_;
  std::vector<float> narrow_;
  std::vector<double> wide_;
  MatchColumns columns_{};
};

/// Throw std::invalid_argument unless both are (N, 2) of one N and hold numbers.
void check_matches(const char* function, const Points& points0, const Points& points1);
void check_options(const char* function, const TwoViewOptions& options);

/// Pixels and working coordinates of order 1 about the points' centres (Hartley's normalisation), in one unit for both
/// views.
struct PixelFrames {
  Frame frame0, frame1;
  double unit = 1.0;

  PixelFrames() = default;  ///< pixels as they are
  PixelFrames(const Points& points0, const Points& points1);

  /// One pixel of either view, homogeneous.
  Vector3 working(const Frame& frame, const double* pixel) const {
    return vector3((pixel[0] - frame.x) / unit, (pixel[1] - frame.y) / unit, 1.0);
  }

  Matrix3 to_working(const Frame& frame) const {
    return {{1 / unit, 0, -frame.x / unit, 0, 1 / unit, -frame.y / unit, 0, 0, 1}};
  }
  Matrix3 to_pixels(const Frame& frame) const { return {{unit, 0, frame.x, 0, unit, frame.y, 0, 0, 1}}; }

  /// Matrices of working coordinates, for pixels; of norm 1.
  Matrix3 fundamental(const Matrix3& working) const;
  Matrix3 homography(const Matrix3& working) const;
};

}  // namespace geomvision::geometry

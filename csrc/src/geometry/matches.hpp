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

/// The centre of the points, and a unit that makes them of order 1: Hartley's normalisation, with one unit for both
/// views.
Frame centre_of(const Points& points);
double common_unit(const Points& points0, const Frame& frame0, const Points& points1, const Frame& frame1);

}  // namespace geomvision::geometry

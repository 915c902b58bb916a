#include "geometry/view_of_many.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "geometry/two_views.hpp"
#include "geomvision/check.hpp"

namespace geomvision::geometry {

std::vector<ViewOfMany> views_of(TensorView<const double, 3> projections, const char* op, double* origin) {
  check(projections.size(1) == 3 && projections.size(2) == 4, op, ": projections are ", projections.shape(),
        "; they must be (views, 3, 4)");
  check(projections.size(0) >= 2 && projections.size(0) <= std::numeric_limits<int>::max(), op, ": there are ",
        projections.size(0), " views; at least 2 are needed");
  std::vector<ViewOfMany> views(static_cast<std::size_t>(projections.size(0)));
  for (std::size_t i = 0; i < views.size(); ++i) {
    Projection projection{};
    const auto view = static_cast<std::ptrdiff_t>(i);
    for (std::ptrdiff_t row = 0; row < 3; ++row) {
      std::copy_n(projections.at(view, row), 4, projection.begin() + 4 * row);
    }
    take_apart(projection, op, static_cast<int>(i), views[i].M, views[i].N, views[i].centre);
  }
  std::copy_n(views[0].centre, 3, origin);
  double farthest = 0, reach = 0;
  for (ViewOfMany& view : views) {
    for (int k = 0; k < 3; ++k) {
      view.centre[k] -= origin[k];
      farthest = std::max(farthest, std::abs(view.centre[k]));
      reach = std::max(reach, std::abs(origin[k]));
    }
  }
  constexpr double rounding = 1e-12;
  check(farthest > rounding * reach, op, ": all cameras are at one place; points need at least two places");
  return views;
}

}  // namespace geomvision::geometry

#include "kernels/triangulate_views.hpp"

#include "kernels/double_lanes.hpp"
// after the lanes
#include "geometry/point_of_many.hpp"

namespace geomvision::kernels::GEOMVISION_ISA {

void triangulate_views(const ViewRows& rows, const geometry::PointRules& rules, const double* origin) {
  const auto directions = [&](int view) -> Vector3<Doubles>& {
    return reinterpret_cast<Vector3<Doubles>*>(rows.room)[view];
  };
  for (int i = 0; i < rows.point_count; i += double_lanes) {
    const auto seen = [&](int view) {
      const double* x = rows.pixels + 2 * kViewTile * static_cast<std::ptrdiff_t>(view) + i;
      return Pixel<Doubles>{load<Doubles>(x), load<Doubles>(x + kViewTile)};
    };
    const PointOfMany<Doubles> found =
        point_of_many<Doubles>(rows.views, rows.view_count, rules, origin, seen, directions);
    const Doubles values[] = {found.point.x, found.point.y, found.point.z, found.angle, found.reason};
    for (int k = 0; k < 5; ++k) store(rows.found + k * kViewTile + i, values[k]);
    for (int k = 0; k < 6; ++k) store(rows.found + (5 + k) * kViewTile + i, found.covariance[k]);
    for (int view = 0; view < rows.view_count; ++view) {
      const geometry::ViewOfMany& camera = rows.views[view];
      const Pixel<Doubles> p = seen(view);
      const Vector3<Doubles> d{found.point.x - (origin[0] + camera.centre[0]),
                               found.point.y - (origin[1] + camera.centre[1]),
                               found.point.z - (origin[2] + camera.centre[2])};
      const Sight<Doubles> s = sight(camera.M, d);
      store(rows.errors + kViewTile * static_cast<std::ptrdiff_t>(view) + i, length_of(s.x - p.x, s.y - p.y));
    }
  }
}

}  // namespace geomvision::kernels::GEOMVISION_ISA

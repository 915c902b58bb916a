#include "kernels/triangulate_views.hpp"

#include <algorithm>
#include <functional>
#include <vector>

#include "geometry/checked_points.hpp"
#include "geomvision/parallel.hpp"

namespace geomvision::geometry {
namespace {

constexpr const char* op = "triangulate_views";
constexpr int found_rows = 11, reason_row = 4, covariance_row = 5;

// What a thread works in.
struct Room {
  std::vector<double> pixels, errors, directions, found;

  explicit Room(std::size_t views)
      : pixels(2 * kViewTile * views),
        errors(kViewTile * views),
        directions(24 * views + 8),
        found(static_cast<std::size_t>(found_rows) * kViewTile) {}

  ViewRows rows(const std::vector<ViewOfMany>& views, int points) {
    constexpr std::uintptr_t line = 64;
    const auto at = reinterpret_cast<std::uintptr_t>(directions.data());
    double* aligned = directions.data() + (line - at % line) % line / sizeof(double);
    return {views.data(), static_cast<int>(views.size()), points, pixels.data(), errors.data(), aligned, found.data()};
  }
};

template <typename T>
void take(TensorView<const T, 3> points, std::ptrdiff_t first, int count, std::vector<double>& pixels) {
  double* row = pixels.data();
  for (std::ptrdiff_t view = 0; view < points.size(0); ++view, row += 2 * kViewTile) {
    const T* from = points.at(view, first);
    for (int i = 0; i < kViewTile; ++i) {
      row[i] = i < count ? static_cast<double>(from[2 * i]) : 0;
      row[kViewTile + i] = i < count ? static_cast<double>(from[2 * i + 1]) : 0;
    }
  }
}

template <typename T>
void give(const Room& room, const TriangulatedPoints<T>& out, std::ptrdiff_t views, std::ptrdiff_t first, int count) {
  constexpr int entries[] = {0, 1, 2, 1, 3, 4, 2, 4, 5};
  for (int i = 0; i < count; ++i) {
    const double* found = room.found.data() + i;
    const std::ptrdiff_t at = first + i;
    const auto value = [&](int row) { return static_cast<T>(found[row * kViewTile]); };
    for (int k = 0; k < 3 && out.points.data() != nullptr; ++k) out.points.at(at)[k] = value(k);
    if (out.angle_rad.data() != nullptr) *out.angle_rad.at(at) = value(3);
    if (out.reasons.data() != nullptr) {
      *out.reasons.at(at) = static_cast<std::uint8_t>(static_cast<int>(found[reason_row * kViewTile]));
    }
    for (int k = 0; k < 9 && out.covariance.data() != nullptr; ++k) {
      out.covariance.at(at)[k] = value(covariance_row + entries[k]);
    }
    for (std::ptrdiff_t view = 0; view < views && out.errors_px.data() != nullptr; ++view) {
      out.errors_px.at(at)[view] = static_cast<T>(room.errors[static_cast<std::size_t>(view * kViewTile + i)]);
    }
  }
}

}  // namespace

template <typename T>
void triangulate_views(TensorView<const double, 3> projections, TensorView<const T, 3> points,
                       const TriangulatedPoints<T>& out, const TriangulationOptions& options, int num_threads) {
  double origin[3];
  const std::vector<ViewOfMany> views = views_of(projections, op, origin);
  check_many(op, options.method, points, projections.size(0));
  const std::ptrdiff_t count = points.size(1);
  check_results(op, out, count, points.size(0));
  const PointRules rules = checked(options, op);
  const auto kernel = GEOMVISION_KERNEL(triangulate_views);
  const std::ptrdiff_t pieces = (count + kViewTile - 1) / kViewTile;
  const auto run = [&](int begin, int end) {
    Room room(views.size());
    for (std::ptrdiff_t piece = begin; piece < end; ++piece) {
      const std::ptrdiff_t first = piece * kViewTile;
      const int here = static_cast<int>(std::min<std::ptrdiff_t>(kViewTile, count - first));
      take(points, first, here, room.pixels);
      kernel(room.rows(views, here), rules, origin);
      give(room, out, points.size(0), first, here);
    }
  };
  parallel_for(static_cast<int>(pieces), num_threads, std::ref(run), 4);
}

template void triangulate_views(TensorView<const double, 3>, TensorView<const float, 3>,
                                const TriangulatedPoints<float>&, const TriangulationOptions&, int);
template void triangulate_views(TensorView<const double, 3>, TensorView<const double, 3>,
                                const TriangulatedPoints<double>&, const TriangulationOptions&, int);

}  // namespace geomvision::geometry

#include "geomvision/geometry/triangulation.hpp"

#include <algorithm>
#include <functional>
#include <limits>

#include "geometry/checked_points.hpp"
#include "geomvision/check.hpp"
#include "geomvision/parallel.hpp"
#include "kernels/triangulation.hpp"
#include "ops/streamed.hpp"

namespace geomvision::geometry {
namespace {

// The threads of a loop count in pieces: there may be more points than an int holds.
constexpr int piece = 1024;

template <typename Body>
void each_piece(std::ptrdiff_t count, int num_threads, const Body& body) {
  const std::ptrdiff_t pieces = (count + piece - 1) / piece;
  const auto run = [&](int begin, int end) {
    body(std::ptrdiff_t{begin} * piece, std::min(count, std::ptrdiff_t{end} * piece));
  };
  parallel_for(static_cast<int>(pieces), num_threads, std::ref(run), 4);
}

auto kernel_of(float) { return GEOMVISION_KERNEL(triangulate_f32); }
auto kernel_of(double) { return GEOMVISION_KERNEL(triangulate_f64); }
auto correction_of(float) { return GEOMVISION_KERNEL(correct_matches_f32); }
auto correction_of(double) { return GEOMVISION_KERNEL(correct_matches_f64); }

}  // namespace

template <typename T>
void triangulate(const Projection& projection0, const Projection& projection1, TensorView<const T, 2> points0,
                 TensorView<const T, 2> points1, const TriangulatedPoints<T>& out, const TriangulationOptions& options,
                 int num_threads) {
  const PairRun run(projection0, projection1, points0, points1, out, options);
  const PointArrays<T> arrays{points0.data(),       points1.data(),        out.points.data(),  out.errors_px.data(),
                              out.angle_rad.data(), out.covariance.data(), out.reasons.data(), is_large(out.points)};
  const auto kernel = kernel_of(T());
  each_piece(run.count, num_threads, [&](std::ptrdiff_t begin, std::ptrdiff_t end) {
    kernel(run.views, run.rules, arrays, begin, end);
    finish_streams();
  });
}

template <typename T>
void correct_matches(const Entries& F, TensorView<const T, 2> points0, TensorView<const T, 2> points1,
                     TensorView<T, 2> corrected0, TensorView<T, 2> corrected1, int num_threads) {
  const CorrectionRun run(F, points0, points1, corrected0, corrected1);
  const auto kernel = correction_of(T());
  each_piece(run.count, num_threads, [&](std::ptrdiff_t begin, std::ptrdiff_t end) {
    kernel(run.F.data(), points0.at(begin), points1.at(begin), corrected0.at(begin), corrected1.at(begin), end - begin,
           is_large(corrected0));
    finish_streams();
  });
}

#define GEOMVISION_POINTS_OF(T)                                                                                   \
  template void triangulate(const Projection&, const Projection&, TensorView<const T, 2>, TensorView<const T, 2>, \
                            const TriangulatedPoints<T>&, const TriangulationOptions&, int);                      \
  template void correct_matches(const Entries&, TensorView<const T, 2>, TensorView<const T, 2>, TensorView<T, 2>, \
                                TensorView<T, 2>, int)
GEOMVISION_POINTS_OF(float);
GEOMVISION_POINTS_OF(double);
#undef GEOMVISION_POINTS_OF

}  // namespace geomvision::geometry

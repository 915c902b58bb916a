#pragma once

#include <cstddef>

#include "geometry/two_views.hpp"
#include "geomvision/check.hpp"

namespace geomvision::geometry {

// Views are TensorViews or a GPU's.

/// How many matches there are. Throws std::invalid_argument unless both are (N, 2) without gaps.
template <typename View>
std::ptrdiff_t check_matches(const char* op, const View& points0, const View& points1) {
  check(points0.size(1) == 2 && points0.sizes() == points1.sizes(), op, ": points are ", points0.shape(), " and ",
        points1.shape(), "; both must be (N, 2)");
  check(points0.is_packed() && points1.is_packed(), op, ": points must lie without gaps");
  return points0.size(0);
}

/// Throws unless corrected points have the sizes of the points.
template <typename Points, typename View>
void check_corrected(const char* op, const Points& points, const View& corrected0, const View& corrected1) {
  check(corrected0.sizes() == points.sizes() && corrected1.sizes() == points.sizes(), op, ": corrected points are ",
        corrected0.shape(), " and ", corrected1.shape(), "; they must be ", points.shape(), " as the points");
  check(corrected0.is_packed() && corrected1.is_packed(), op, ": corrected points must lie without gaps");
}

/// Throws unless points are (views, N, 2) without gaps and the method is one for many views.
template <typename View>
void check_many(const char* op, TriangulationMethod method, const View& points, std::ptrdiff_t views) {
  check(points.size(0) == views && points.size(2) == 2 && points.is_packed(), op, ": points are ", points.shape(),
        " for ", views, " views; they must be (views, N, 2) without gaps");
  check(method != TriangulationMethod::linear, op,
        ": the method is linear; allowed are midpoint (nearest to the rays) and optimal");
}

template <typename View>
void check_result(const char* op, const char* name, const View& view, const typename View::Sizes& wanted) {
  if (view.data() == nullptr) return;
  check(view.sizes() == wanted && view.is_packed(), op, ": ", name, " are ", view.shape(), "; they must be ",
        View(view.data(), wanted).shape(), " without gaps");
}

/// Throws unless what is wanted has the sizes for so many points and views.
template <typename Results>
void check_results(const char* op, const Results& out, std::ptrdiff_t count, std::ptrdiff_t views) {
  check_result(op, "points", out.points, {count, 3});
  check_result(op, "errors_px", out.errors_px, {count, views});
  check_result(op, "angle_rad", out.angle_rad, {count});
  check_result(op, "covariance", out.covariance, {count, 3, 3});
  check_result(op, "reasons", out.reasons, {count});
}

/// What a run of `triangulate` works on, checked.
struct PairRun {
  std::ptrdiff_t count;
  TwoViews views;
  PointRules rules;

  template <typename View, typename Results>
  PairRun(const Projection& projection0, const Projection& projection1, const View& points0, const View& points1,
          const Results& out, const TriangulationOptions& options, const char* op = "triangulate")
      : count(check_matches(op, points0, points1)),
        views(two_views(projection0, projection1, op)),
        rules(checked(options, op)) {
    check_results(op, out, count, 2);
  }
};

/// What a run of `correct_matches` works on, checked.
struct CorrectionRun {
  std::ptrdiff_t count;
  Entries F;

  template <typename Points, typename View>
  CorrectionRun(const Entries& constraint, const Points& points0, const Points& points1, const View& corrected0,
                const View& corrected1, const char* op = "correct_matches")
      : count(check_matches(op, points0, points1)), F(scaled(constraint, op)) {
    check_corrected(op, points0, corrected0, corrected1);
  }
};

}  // namespace geomvision::geometry

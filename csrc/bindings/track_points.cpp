#include "geomvision/flow/track_points.hpp"

#include "kept.hpp"

namespace geomvision::bindings {
namespace {

using flow::Point;
using flow::PointTracker;
using flow::Track;
using flow::TrackOptions;

// Points (N, 2) in, rows of (x, y, smaller eigenvalue, forward-backward distance) out.
template <typename... Values>
Array<double> run(const Array<float>& frame0, const Array<float>& frame1, const Array<double>& points,
                  Values... values) {
  static_assert(sizeof(Point) == 2 * sizeof(double) && sizeof(Track) == 4 * sizeof(double), "rows of an array");
  if (points.ndim() != 2 || points.shape(1) != 2) throw std::invalid_argument("track_points: points must be (N, 2)");
  const ImageView<const float> first = view(frame0, "frame0"), second = view(frame1, "frame1");
  const int count = static_cast<int>(std::min<py::ssize_t>(points.shape(0), std::numeric_limits<int>::max()));
  Array<double> rows({points.shape(0), py::ssize_t{4}});
  const auto* starts = reinterpret_cast<const Point*>(points.data());
  auto* tracks = reinterpret_cast<Track*>(rows.mutable_data());
  Kept<PointTracker, TrackOptions, Values...> tracker(frame0.size(), values...);
  without_gil([&] { (*tracker)(first, second, starts, count, tracks); });
  return rows;
}

}  // namespace

void bind_track_points(py::module_& module) {
  using namespace pybind11::literals;
  module.def(
      "track_points",
      [](const Array<float>& frame0, const Array<float>& frame1, const Array<double>& points, int window, int levels,
         int iterations, double accuracy, double min_eigenvalue, double forward_backward, int num_threads) {
        return run(frame0, frame1, points, window, levels, iterations, accuracy, min_eigenvalue, forward_backward,
                   num_threads);
      },
      "frame0"_a.noconvert(), "frame1"_a.noconvert(), "points"_a.noconvert(), py::kw_only(), "window"_a, "levels"_a,
      "iterations"_a, "accuracy"_a, "min_eigenvalue"_a, "forward_backward"_a, "num_threads"_a);
  module.def(
      "track_points_options",
      [] {
        const TrackOptions o;
        return py::dict("window"_a = o.window, "levels"_a = o.levels, "iterations"_a = o.iterations,
                        "accuracy"_a = o.accuracy, "min_eigenvalue"_a = o.min_eigenvalue,
                        "forward_backward"_a = o.forward_backward, "num_threads"_a = o.num_threads);
      },
      "Defaults of the C++ TrackOptions.");
}

}  // namespace geomvision::bindings

#include "geomvision/flow/track_points.hpp"

#include <vector>

#include "bind.hpp"

namespace geomvision::bindings {
namespace {

using flow::Point;
using flow::Track;
using flow::TrackOptions;

// Points (N, 2) in, rows of (x, y, smaller eigenvalue, forward-backward distance) out.
Array<double> run(const Array<float>& frame0, const Array<float>& frame1, const Array<double>& points,
                  const TrackOptions& options) {
  if (points.ndim() != 2 || points.shape(1) != 2) throw std::invalid_argument("track_points: points must be (N, 2)");
  const ImageView<const float> first = view(frame0, "frame0"), second = view(frame1, "frame1");
  std::vector<Point> starts;
  for (py::ssize_t i = 0; i < points.shape(0); ++i) starts.push_back({points.at(i, 0), points.at(i, 1)});
  std::vector<Track> tracks;
  {
    const py::gil_scoped_release unlocked;
    tracks = flow::track_points(first, second, starts, options);
  }
  Array<double> rows({points.shape(0), py::ssize_t{4}});
  double* out = rows.mutable_data();
  for (const Track& track : tracks) {
    *out++ = track.end.x;
    *out++ = track.end.y;
    *out++ = track.min_eigenvalue;
    *out++ = track.forward_backward;
  }
  return rows;
}

}  // namespace

void bind_track_points(py::module_& module) {
  using namespace pybind11::literals;
  module.def(
      "track_points",
      [](const Array<float>& frame0, const Array<float>& frame1, const Array<double>& points, int window, int levels,
         int iterations, double accuracy, double min_eigenvalue, double forward_backward, int num_threads) {
        return run(frame0, frame1, points,
                   {window, levels, iterations, accuracy, min_eigenvalue, forward_backward, num_threads});
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

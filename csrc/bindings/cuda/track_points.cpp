#include "geomvision/cuda/track_points.hpp"

#include "frames.hpp"

namespace geomvision::bindings {
namespace {

using flow::Point;
using flow::Track;

// Points (N, 2) in; rows of (x, y, smaller eigenvalue, forward-backward distance) and seconds of copying out.
py::tuple track(Frames frame0, Frames frame1, const Array<double>& points, const flow::TrackOptions& options) {
  if (points.ndim() != 2 || points.shape(1) != 2) throw std::invalid_argument("track_points: points must be (N, 2)");
  Array<double> rows({points.shape(0), py::ssize_t{4}});
  const auto* starts = reinterpret_cast<const Point*>(points.data());
  auto* tracks = reinterpret_cast<Track*>(rows.mutable_data());
  FramePair pair(frame0, frame1);
  Copies copies;
  without_gil([&] {
    OnDevice<Point, 1> from({points.shape(0)});
    OnDevice<Track, 1> to({points.shape(0)});
    copies([&] {
      pair.take();
      from.take(starts);
    });
    cuda::track_points(pair.frame0.view(), pair.frame1.view(), from.view(), to.view(), options);
    copies([&] { to.give(tracks); });
  });
  return py::make_tuple(rows, copies.seconds());
}

}  // namespace

void bind_track_points(py::module_& module) {
  using namespace py::literals;
  module.def(
      "track_points_arrays",
      [](Frames frame0, Frames frame1, const Array<double>& points, int window, int levels, int iterations,
         double accuracy, double min_eigenvalue, double forward_backward) {
        return track(frame0, frame1, points, {window, levels, iterations, accuracy, min_eigenvalue, forward_backward});
      },
      "frame0"_a.noconvert(), "frame1"_a.noconvert(), "points"_a.noconvert(), py::kw_only(), "window"_a, "levels"_a,
      "iterations"_a, "accuracy"_a, "min_eigenvalue"_a, "forward_backward"_a);
}

}  // namespace geomvision::bindings

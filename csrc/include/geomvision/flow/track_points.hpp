#pragma once

#include <vector>

#include "geomvision/image.hpp"

namespace geomvision::flow {

/// Options of `track_points`; names and defaults are those of Python's `PointTracker`, which explains them.
struct TrackOptions {
  int window = 21;
  int levels = 4;
  int iterations = 30;
  double accuracy = 0.01;         ///< px
  double min_eigenvalue = 4.0;    ///< (grey levels/px)^2
  double forward_backward = 1.0;  ///< px
  int num_threads = 0;            ///< 0: all cores; the result does not depend on it
};

/// A place in an image, pixels.
struct Point {
  double x = 0;
  double y = 0;
};

/// Where a point of frame 0 lies in frame 1, and why to trust it. NaN: lost, or not measured.
struct Track {
  Point end;
  double min_eigenvalue;    ///< of the window's structure tensor, (grey levels/px)^2
  double forward_backward;  ///< distance from the start after tracking back, pixels
};

/// Follow points from frame 0 to frame 1 by Lucas-Kanade on pyramids (Bouguet 2001). Frames hold grey levels 0...255.
/// Throws std::invalid_argument when an option is out of range, or the frames are empty or differ in size.
std::vector<Track> track_points(ImageView<const float> frame0, ImageView<const float> frame1,
                                const std::vector<Point>& points, const TrackOptions& options = {});

}  // namespace geomvision::flow

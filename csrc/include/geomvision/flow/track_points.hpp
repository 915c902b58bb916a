#pragma once

#include <cstdint>
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

/// Follows points from frame 0 to frame 1 by Lucas-Kanade on pyramids (Bouguet 2001).
///
/// Frames are grey: 8 bits, 16 bits (divided by 257), or float grey levels on the scale 0...255. One object serves one
/// caller at a time: it keeps its scratch memory, so that a call on frames of the same size allocates nothing.
class PointTracker {
 public:
  /// Throws std::invalid_argument when an option is out of range.
  explicit PointTracker(const TrackOptions& options = {});
  ~PointTracker();
  PointTracker(PointTracker&&) noexcept;
  PointTracker& operator=(PointTracker&&) noexcept;

  /// Into given tracks, one for each point. Throws std::invalid_argument when the frames are empty, differ in size or
  /// hold NaN or infinity.
  void operator()(ImageView<const std::uint8_t> frame0, ImageView<const std::uint8_t> frame1, const Point* points,
                  int count, Track* tracks);
  void operator()(ImageView<const std::uint16_t> frame0, ImageView<const std::uint16_t> frame1, const Point* points,
                  int count, Track* tracks);
  void operator()(ImageView<const float> frame0, ImageView<const float> frame1, const Point* points, int count,
                  Track* tracks);

 private:
  struct Level;
  struct Scratch;
  struct Band;
  template <typename T>
  void follow_all(ImageView<const T> frame0, ImageView<const T> frame1, const Point* points, int count, Track* tracks);
  template <typename T>
  void build(ImageView<const T> frame0, ImageView<const T> frame1);
  void differentiate(std::vector<Level>& pyramid);
  void sort(const Point* points, int count);
  Track track(Point start, Scratch& scratch);
  Track follow(std::vector<Level>& from, std::vector<Level>& to, Point start, Scratch& scratch) const;
  Point descend(Level& to, Point at, Point move, const float* tensor, Scratch& scratch) const;

  TrackOptions options_;
  std::vector<Level> pyramid0_, pyramid1_;
  std::vector<Scratch> scratch_;
  std::vector<Band> bands_;
  std::vector<int> order_, starts_;  ///< points by cells of the image; where a cell's begin
  int used_ = 0;                     ///< levels of the present call
};

/// Follow points once: see `PointTracker`.
std::vector<Track> track_points(ImageView<const std::uint8_t> frame0, ImageView<const std::uint8_t> frame1,
                                const std::vector<Point>& points, const TrackOptions& options = {});
std::vector<Track> track_points(ImageView<const std::uint16_t> frame0, ImageView<const std::uint16_t> frame1,
                                const std::vector<Point>& points, const TrackOptions& options = {});
std::vector<Track> track_points(ImageView<const float> frame0, ImageView<const float> frame1,
                                const std::vector<Point>& points, const TrackOptions& options = {});

}  // namespace geomvision::flow

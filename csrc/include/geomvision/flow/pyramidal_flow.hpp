#pragma once

#include <cstdint>
#include <vector>

#include "geomvision/image.hpp"

namespace geomvision::flow {

/// A displacement in pixels, x to the right, y down. `Image<Vec2f>` is a flow field; NaN in both: no estimate.
struct Vec2f {
  float x = 0;
  float y = 0;
};

/// Base of the dense methods: a pyramid of both frames, warps on each level, a median after each, checks at the end.
///
///     LucasKanade lucas_kanade({...});
///     Image<Vec2f> flow = lucas_kanade(frame0, frame1);                      // frame-0 pixel p moves to p + flow(p)
///     lucas_kanade(frame0, frame1, flow.view(), confidence.view());          // the loop: allocates nothing
///
/// Frames are grey: 8 bits, 16 bits (divided by 257), or float grey levels on the scale 0...255. A call throws
/// std::invalid_argument when they are empty or of different size, when an output has another size, or when a float
/// frame holds NaN or values beyond a million. One object serves one caller at a time: it keeps its scratch memory.
class PyramidalFlow {
 public:
  using Bytes = ImageView<const std::uint8_t>;
  using Words = ImageView<const std::uint16_t>;
  using Floats = ImageView<const float>;

  virtual ~PyramidalFlow();
  PyramidalFlow(PyramidalFlow&&) noexcept;
  PyramidalFlow& operator=(PyramidalFlow&&) noexcept;
  PyramidalFlow(const PyramidalFlow&) = delete;
  PyramidalFlow& operator=(const PyramidalFlow&) = delete;

  Image<Vec2f> operator()(Bytes frame0, Bytes frame1);
  Image<Vec2f> operator()(Words frame0, Words frame1);
  Image<Vec2f> operator()(Floats frame0, Floats frame1);

  /// Into given images. `confidence` may be empty, and must be where the method has none; so may `occluded` (1: not
  /// seen in frame 1), which is written when the option check_occlusion is set and must be empty when it is not.
  void operator()(Bytes frame0, Bytes frame1, ImageView<Vec2f> flow, ImageView<float> confidence = {},
                  ImageView<std::uint8_t> occluded = {});
  void operator()(Words frame0, Words frame1, ImageView<Vec2f> flow, ImageView<float> confidence = {},
                  ImageView<std::uint8_t> occluded = {});
  void operator()(Floats frame0, Floats frame1, ImageView<Vec2f> flow, ImageView<float> confidence = {},
                  ImageView<std::uint8_t> occluded = {});

 protected:
  struct Settings {
    int levels;
    int warps;
    int finest_warps;  ///< at most so many on the finest level
    int median;
    double min_confidence;  ///< -1: the method has no confidence
    bool check_occlusion;
    int num_threads;
  };

  /// One level: both frames (frame 1 also with a margin), the flow so far, and room for the next one.
  struct Stage {
    Image<float> frame0, frame1, wide, u, v, spare_u, spare_v;
    int level;  ///< 0 is the finest
  };

  /// Throws std::invalid_argument when a setting is out of range; `owner` names the method in the message.
  PyramidalFlow(const char* owner, const Settings& settings);

  /// What a level needs before its first warp.
  virtual void begin(Stage& /*stage*/) {}

  /// Better flow stage.u, stage.v by one warp and one median; confidence when `confidence` is not null (of its size).
  virtual void refine(Stage& stage, Image<float>* confidence) = 0;

  /// The median on the whole flow of a stage, for methods that do not filter as they go.
  void filter(Stage& stage);

  const Settings& settings() const { return settings_; }

 private:
  template <typename T>
  void estimate(ImageView<const T> frame0, ImageView<const T> frame1, ImageView<Vec2f> flow,
                ImageView<float> confidence, ImageView<std::uint8_t> occluded);
  void descend(bool backward, ImageView<Vec2f> flow);
  void build_pyramid();

  struct Filter;
  const char* owner_;
  Settings settings_;
  std::vector<Stage> stages_;
  std::vector<Filter> filters_;
  int used_ = 0;  ///< levels of the present call
  Image<float> narrow_, confidence_;
  Image<Vec2f> back_;
};

/// Occlusion by coming back: 1 where the backward flow at the pixel's target does not lead near the pixel, or the
/// target lies outside (Sundaram, Brox & Keutzer, ECCV 2010, eq. 5). Throws when sizes differ.
void find_occluded(ImageView<const Vec2f> forward, ImageView<const Vec2f> backward, ImageView<std::uint8_t> occluded,
                   int num_threads = 0);

}  // namespace geomvision::flow

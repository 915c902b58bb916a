#include "geomvision/flow/pyramidal_flow.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "flow/padding.hpp"
#include "flow/rows.hpp"
#include "flow/shrink.hpp"
#include "flow/warped_rows.hpp"
#include "geomvision/check.hpp"
#include "kernels/flow.hpp"

namespace geomvision::flow {
namespace {

void enlarge(const Image<float>& coarse, Image<float>& fine, int threads) {
  const auto kernel = GEOMVISION_KERNEL(flow_enlarge);
  for_rows(fine.width(), fine.height(), threads, [&](int y) {
    kernel(row(coarse, y / 2), clamped_row(coarse, (y + 1) / 2), coarse.width(), fine.width(), row(fine, y));
  });
}

// Far beyond 0...255, and small enough that no product of grey levels overflows.
constexpr float largest = 1e6f;

template <typename T>
void to_grey_levels(ImageView<const T> image, const char* owner, Image<float>& grey) {
  fit(grey, image.width(), image.height());
  for (int y = 0; y < image.height(); ++y) {
    const T* in = image.row(y);
    float* out = row(grey, y);
    int wrong = 0;
    for (int x = 0; x < image.width(); ++x) {
      if constexpr (std::is_same_v<T, std::uint16_t>) {
        out[x] = static_cast<float>(in[x] / 257.0);
      } else {
        out[x] = static_cast<float>(in[x]);
        wrong += std::abs(out[x]) <= largest ? 0 : 1;
      }
    }
    for (int x = 0; wrong > 0 && x < image.width(); ++x) {
      check(std::abs(out[x]) <= largest, owner, ": pixel (", x, ", ", y, ") is ", out[x],
            "; grey levels are numbers within +-", largest);
    }
  }
}

template <typename T>
void check_output(const char* owner, const char* name, ImageView<T> output, int width, int height) {
  check(output.width() == width && output.height() == height, owner, ": ", name, " is ", output.width(), "x",
        output.height(), "; the frames are ", width, "x", height);
}

}  // namespace

struct PyramidalFlow::Filter {
  MedianRows rows;
  RollingRows closed;
};

PyramidalFlow::~PyramidalFlow() = default;
PyramidalFlow::PyramidalFlow(PyramidalFlow&&) noexcept = default;
PyramidalFlow& PyramidalFlow::operator=(PyramidalFlow&&) noexcept = default;

PyramidalFlow::PyramidalFlow(const char* owner, const Settings& settings) : owner_(owner), settings_(settings) {
  check_range(owner, "levels", settings.levels, 1, 32);
  check_range(owner, "warps", settings.warps, 1, 1000);
  check_range(owner, "finest_warps", settings.finest_warps, 1, 1000);
  check(settings.median >= 1 && settings.median <= 7 && settings.median % 2 == 1, owner, ": median is ",
        settings.median, "; allowed are 1, 3, 5 and 7");
  resolve_threads(settings.num_threads);
  stages_.resize(static_cast<std::size_t>(settings.levels));
}

template <typename T>
void PyramidalFlow::estimate(ImageView<const T> frame0, ImageView<const T> frame1, ImageView<Vec2f> flow,
                             ImageView<float> confidence, ImageView<std::uint8_t> occluded) {
  check(!stages_.empty(), owner_, ": this object was moved from; assign another one to it before it is used");
  const int width = frame0.width();
  const int height = frame0.height();
  check(width == frame1.width() && height == frame1.height(), owner_, ": frame0 is ", width, "x", height,
        ", frame1 is ", frame1.width(), "x", frame1.height(), "; they must be equal");
  check(width > 0 && height > 0, owner_, ": the frames are empty");
  check_output(owner_, "flow", flow, width, height);
  if (!confidence.empty()) check_output(owner_, "confidence", confidence, width, height);
  if (!occluded.empty()) check_output(owner_, "occluded", occluded, width, height);
  const bool rated = settings_.min_confidence >= 0.0;
  check(rated || confidence.empty(), owner_, ": confidence is asked for; this method has none");
  check(settings_.check_occlusion || occluded.empty(), owner_, ": occluded is asked for; set check_occlusion");

  to_grey_levels(frame0, owner_, stages_[0].frame0);
  to_grey_levels(frame1, owner_, stages_[0].frame1);
  build_pyramid();
  fit(confidence_, width, height);
  descend(false, flow);
  if (!occluded.empty()) {
    fit(back_, width, height);
    descend(true, back_);
    find_occluded(flow, back_, occluded, settings_.num_threads);
  }
  if (!rated) return;
  const auto limit = static_cast<float>(settings_.min_confidence);
  constexpr float none = std::numeric_limits<float>::quiet_NaN();
  for (int y = 0; y < height; ++y) {
    const float* sure = row(confidence_, y);
    for (int x = 0; x < width; ++x) {
      if (sure[x] < limit) flow(x, y) = {none, none};
    }
    if (!confidence.empty()) std::copy(sure, sure + width, confidence.row(y));
  }
}

void PyramidalFlow::build_pyramid() {
  used_ = 1;
  while (used_ < settings_.levels) {
    const Stage& large = stages_[static_cast<std::size_t>(used_ - 1)];
    if (std::min(large.frame0.width(), large.frame0.height()) < 2 * coarsest) break;
    Stage& small = stages_[static_cast<std::size_t>(used_++)];
    shrink(large.frame0, narrow_, small.frame0, settings_.num_threads);
    shrink(large.frame1, narrow_, small.frame1, settings_.num_threads);
  }
  for (int level = 0; level < used_; ++level) {
    Stage& s = stages_[static_cast<std::size_t>(level)];
    s.level = level;
    for (Image<float>* image : {&s.u, &s.v, &s.spare_u, &s.spare_v}) {
      fit(*image, s.frame0.width(), s.frame0.height());
    }
  }
}

void PyramidalFlow::descend(bool backward, ImageView<Vec2f> flow) {
  for (int level = used_ - 1; level >= 0; --level) {
    Stage& stage = stages_[static_cast<std::size_t>(level)];
    if (level == used_ - 1) {
      std::fill(stage.u.data(), stage.u.data() + stage.u.width() * std::ptrdiff_t{stage.u.height()}, 0.0f);
      std::fill(stage.v.data(), stage.v.data() + stage.v.width() * std::ptrdiff_t{stage.v.height()}, 0.0f);
    } else {
      const Stage& coarse = stages_[static_cast<std::size_t>(level + 1)];
      enlarge(coarse.u, stage.u, settings_.num_threads);
      enlarge(coarse.v, stage.v, settings_.num_threads);
    }
    if (backward) std::swap(stage.frame0, stage.frame1);
    pad(stage.frame1, 1, 2, stage.wide, settings_.num_threads);
    begin(stage);
    const int warps = level == 0 ? std::min(settings_.warps, settings_.finest_warps) : settings_.warps;
    for (int warp = 0; warp < warps; ++warp) {
      const bool last = level == 0 && warp == warps - 1;
      refine(stage, last && !backward ? &confidence_ : nullptr);
    }
    if (backward) std::swap(stage.frame0, stage.frame1);
  }
  const Stage& finest = stages_[0];
  for_rows(flow.width(), flow.height(), settings_.num_threads, [&](int y) {
    const float* u = row(finest.u, y);
    const float* v = row(finest.v, y);
    Vec2f* out = flow.row(y);
    for (int x = 0; x < flow.width(); ++x) out[x] = {u[x], v[x]};
  });
}

void PyramidalFlow::filter(Stage& stage) {
  const int width = stage.u.width();
  const int height = stage.u.height();
  const int radius = settings_.median / 2;
  const int bands = count_bands(width, height, settings_.num_threads, 2 * radius);
  if (static_cast<int>(filters_.size()) < bands) filters_.resize(static_cast<std::size_t>(bands));
  for_bands(bands, height, settings_.num_threads, [&](int band, int first, int last) {
    auto& [rows, closed] = filters_[static_cast<std::size_t>(band)];
    rows.fit(width, settings_.median);
    closed.fit(1, width, largest_radius);
    for (int component = 0; component < 2; ++component) {
      const Image<float>& from = component == 0 ? stage.u : stage.v;
      Image<float>& to = component == 0 ? stage.spare_u : stage.spare_v;
      int taken = std::max(first - radius, 0);
      for (int y = first; y < last; y += 2) {
        for (; taken <= std::min(y + 1 + radius, height - 1); ++taken) {
          std::copy(row(from, taken), row(from, taken) + width, closed[0]);
          rows.take(closed.close(0), taken);
        }
        rows.give(y, height, row(to, y), y + 1 < last ? row(to, y + 1) : nullptr);
      }
    }
  });
  std::swap(stage.u, stage.spare_u);
  std::swap(stage.v, stage.spare_v);
}

void PyramidalFlow::operator()(Bytes frame0, Bytes frame1, ImageView<Vec2f> flow, ImageView<float> confidence,
                               ImageView<std::uint8_t> occluded) {
  estimate(frame0, frame1, flow, confidence, occluded);
}

void PyramidalFlow::operator()(Words frame0, Words frame1, ImageView<Vec2f> flow, ImageView<float> confidence,
                               ImageView<std::uint8_t> occluded) {
  estimate(frame0, frame1, flow, confidence, occluded);
}

void PyramidalFlow::operator()(Floats frame0, Floats frame1, ImageView<Vec2f> flow, ImageView<float> confidence,
                               ImageView<std::uint8_t> occluded) {
  estimate(frame0, frame1, flow, confidence, occluded);
}

Image<Vec2f> PyramidalFlow::operator()(Bytes frame0, Bytes frame1) {
  Image<Vec2f> flow(frame0.width(), frame0.height());
  (*this)(frame0, frame1, flow.view());
  return flow;
}

Image<Vec2f> PyramidalFlow::operator()(Words frame0, Words frame1) {
  Image<Vec2f> flow(frame0.width(), frame0.height());
  (*this)(frame0, frame1, flow.view());
  return flow;
}

Image<Vec2f> PyramidalFlow::operator()(Floats frame0, Floats frame1) {
  Image<Vec2f> flow(frame0.width(), frame0.height());
  (*this)(frame0, frame1, flow.view());
  return flow;
}

}  // namespace geomvision::flow

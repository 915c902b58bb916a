#include "geomvision/flow/pyramidal_flow.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "flow/median_network.hpp"
#include "flow/rows.hpp"
#include "flow/shrink.hpp"
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
    for (int x = 0; x < image.width(); ++x) {
      if constexpr (std::is_same_v<T, std::uint16_t>) {
        out[x] = static_cast<float>(in[x] / 257.0);
      } else {
        out[x] = static_cast<float>(in[x]);
        check(std::abs(out[x]) <= largest, owner, ": pixel (", x, ", ", y, ") is ", out[x],
              "; grey levels are numbers within +-", largest);
      }
    }
  }
}

template <typename T>
void check_output(const char* owner, const char* name, ImageView<T> output, int width, int height) {
  check(output.width() == width && output.height() == height, owner, ": ", name, " is ", output.width(), "x",
        output.height(), "; the frames are ", width, "x", height);
}

}  // namespace

PyramidalFlow::PyramidalFlow(const char* owner, const Settings& settings) : owner_(owner), settings_(settings) {
  check_range(owner, "levels", settings.levels, 1, 32);
  check_range(owner, "warps", settings.warps, 1, 1000);
  check(settings.median >= 1 && settings.median <= 7 && settings.median % 2 == 1, owner, ": median is ",
        settings.median, "; allowed are 1, 3, 5 and 7");
  resolve_threads(settings.num_threads);
  network_ = median_network(settings.median * settings.median);
}

template <typename T>
void PyramidalFlow::estimate(ImageView<const T> frame0, ImageView<const T> frame1, ImageView<Vec2f> flow,
                             ImageView<float> confidence, ImageView<std::uint8_t> occluded) {
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

  if (stages_.empty()) stages_.resize(static_cast<std::size_t>(settings_.levels));
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
    for (Image<float>* image : {&s.warped, &s.mean, &s.gx, &s.gy, &s.u, &s.v, &s.spare_u, &s.spare_v}) {
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
    for (int warp = 0; warp < settings_.warps; ++warp) {
      const bool last = level == 0 && warp == settings_.warps - 1;
      warp_once(stage, last && !backward ? &confidence_ : nullptr);
    }
    if (backward) std::swap(stage.frame0, stage.frame1);
  }
  const Stage& finest = stages_[0];
  for (int y = 0; y < flow.height(); ++y) {
    for (int x = 0; x < flow.width(); ++x) flow(x, y) = {finest.u(x, y), finest.v(x, y)};
  }
}

void PyramidalFlow::warp_once(Stage& stage, Image<float>* confidence) {
  const int width = stage.u.width();
  const int height = stage.u.height();
  const auto warp = GEOMVISION_KERNEL(flow_warp);
  const auto mean = GEOMVISION_KERNEL(flow_mean);
  for_rows(width, height, settings_.num_threads, [&](int y) {
    warp(stage.frame1.data(), width, height, y, row(stage.u, y), row(stage.v, y), row(stage.warped, y));
    mean(row(stage.frame0, y), row(stage.warped, y), width, row(stage.mean, y));
  });
  differentiate(stage.mean, stage.gx, stage.gy, settings_.num_threads);
  refine(stage, confidence);
  filter(stage.u, stage.spare_u);
  filter(stage.v, stage.spare_v);
}

void PyramidalFlow::filter(Image<float>& values, Image<float>& spare) {
  const int radius = settings_.median / 2;
  const auto median = GEOMVISION_KERNEL(flow_median);
  for_rows(values.width(), values.height(), settings_.num_threads, [&](int y) {
    const float* rows[7];
    for (int k = 0; k <= 2 * radius; ++k) rows[k] = clamped_row(values, y + k - radius);
    median(rows, radius, values.width(), network_.data(), static_cast<int>(network_.size() / 2), row(spare, y));
  });
  std::swap(values, spare);
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

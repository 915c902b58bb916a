#include "geomvision/flow/tvl1.hpp"

#include <algorithm>
#include <utility>

#include "flow/brightness.hpp"
#include "flow/warped_rows.hpp"
#include "geomvision/check.hpp"

namespace geomvision::flow {
namespace {

constexpr double no_confidence = -1.0;
// Added to |grad|^2: far below what 8 bits can tell, and no division by zero.
constexpr float flat = 1e-8f;
// Floats of the rows that iterations run through together: they stay in the second cache.
constexpr int cached = 1 << 17;

}  // namespace

// Six fields are iterated: u, v, the dual of u in x and y, that of v in x and y.
constexpr int fields = 6;

struct TVL1::Band {
  WarpedRows warped;
  RollingRows nothing, now[fields];

  void fit(int rows, int width) {
    for (RollingRows& field : now) field.fit(rows, width, 0);
    for (int k = 2; k < fields; ++k) start_at_zero(now[k], rows);
    nothing.fit(1, width, 0);
    std::fill_n(nothing[0], width, 0.0f);  // the dual above the image
  }

  // Duals are 0 at x = -1.
  static void start_at_zero(RollingRows& field, int rows) {
    for (int y = 0; y < rows; ++y) field[y][-1] = 0.0f;
  }
};

// Whole images: the fields before and after some iterations, and the data: gx, gy, rest, inverse.
struct TVL1::Planes {
  RollingRows before[fields], after[fields], data[4];
  Brightness brightness;
  const Image<float>* frame0;  // of the level, in the light of frame 1
};

TVL1::~TVL1() = default;
TVL1::TVL1(TVL1&&) noexcept = default;
TVL1& TVL1::operator=(TVL1&&) noexcept = default;

TVL1::TVL1(const TVL1Options& options) : TVL1("TVL1", options) {}

TVL1::TVL1(const char* owner, const TVL1Options& options)
    : PyramidalFlow(owner, {options.levels, options.warps, options.finest_warps, options.median, no_confidence,
                            options.check_occlusion, options.num_threads}),
      options_(options) {
  check_range(owner, "data_weight", options.data_weight, 1e-6, 1e6);
  check_range(owner, "theta", options.theta, 1e-3, 1e3);
  check_range(owner, "tau", options.tau, 1e-3, 0.25);
  check_range(owner, "iterations", options.iterations, 1, 100000);
  check_range(owner, "brightness_cell", options.brightness_cell, 0, 4096);
  planes_.resize(1);
}

void TVL1::begin(Stage& stage) {
  const int width = stage.u.width();
  const int height = stage.u.height();
  Planes& planes = planes_[0];
  for (RollingRows& plane : planes.before) plane.fit(height, width, 0);
  for (RollingRows& plane : planes.after) plane.fit(height, width, 0);
  for (RollingRows& plane : planes.data) plane.fit(height, width, 0);
  for (int k = 2; k < fields; ++k) {
    for (int y = 0; y < height; ++y) std::fill_n(planes.before[k][y], width, 0.0f);
    for (RollingRows* plane : {&planes.before[k], &planes.after[k]}) Band::start_at_zero(*plane, height);
  }
  const int cell = options_.brightness_cell;
  planes.frame0 =
      cell == 0 ? &stage.frame0
                : &planes.brightness.follow(stage.frame0, stage.wide, stage.u, stage.v, cell, options_.num_threads);
}

void TVL1::linearise(const Stage& stage) {
  const int width = stage.u.width();
  const int height = stage.u.height();
  const int bands = count_bands(width, height, options_.num_threads, 4);
  if (static_cast<int>(bands_.size()) < bands) bands_.resize(static_cast<std::size_t>(bands));
  const auto kernel = GEOMVISION_KERNEL(flow_linearise);
  for_bands(bands, height, options_.num_threads, [&](int index, int first, int last) {
    WarpedRows& warped = bands_[static_cast<std::size_t>(index)].warped;
    const Frames frames{*planes_[0].frame0, within_margin(stage.wide), stage.u, stage.v};
    Planes& planes = planes_[0];
    warped.fit(width, 0);
    warped.start(first);
    for (int y = first; y < last; ++y) {
      float* data[4];
      for (int k = 0; k < 4; ++k) data[k] = planes.data[k][y];
      kernel(warped.next(frames, y), flat, data);
      std::copy(row(stage.u, y), row(stage.u, y) + width, planes.before[0][y]);
      std::copy(row(stage.v, y), row(stage.v, y) + width, planes.before[1][y]);
    }
  });
}

void TVL1::refine(Stage& stage, Image<float>* /*confidence*/) {
  const int width = stage.u.width();
  const int height = stage.u.height();
  linearise(stage);
  const int together = std::clamp(cached / (10 * width), 1, 16);
  for (int done = 0; done < options_.iterations; done += together) {
    iterate(std::min(together, options_.iterations - done), width, height);
  }
  Planes& planes = planes_[0];
  for_rows(width, height, options_.num_threads, [&](int y) {
    std::copy_n(planes.before[0][y], width, row(stage.u, y));
    std::copy_n(planes.before[1][y], width, row(stage.v, y));
  });
  filter(stage);
}

void TVL1::iterate(int count, int width, int height) {
  const int bands = count_bands(width, height, options_.num_threads, 2 * count);
  if (static_cast<int>(bands_.size()) < bands) bands_.resize(static_cast<std::size_t>(bands));
  for_bands(bands, height, options_.num_threads, [&](int index, int first, int last) {
    iterate(count, width, height, first, last, bands_[static_cast<std::size_t>(index)]);
  });
  std::swap(planes_[0].before, planes_[0].after);
}

// `count` iterations run down the image one row behind another: the first reads `before`, the last writes `after`,
// those between go on in place in few rows. Iteration k of a row needs the rows above and below after iteration k - 1,
// so a band begins and ends `count` rows outside of what it gives.
void TVL1::iterate(int count, int width, int height, int first, int last, Band& band) {
  const auto primal = GEOMVISION_KERNEL(flow_primal);
  const auto dual = GEOMVISION_KERNEL(flow_dual);
  const int low = std::max(first - count, 0);
  const int high = std::min(last + count, height);
  Planes& planes = planes_[0];
  band.fit(count + 3, width);
  FlowPrimal in{};
  in.theta = static_cast<float>(options_.theta);
  in.farthest = static_cast<float>(options_.data_weight * options_.theta);
  in.width = width;
  const auto rate = static_cast<float>(options_.tau / options_.theta);
  const auto given = [&](int k, int field, int y) { return (k == 1 ? planes.before : band.now)[field][y]; };
  const auto found = [&](int k, int field, int y) {
    return (k == count && first <= y && y < last ? planes.after : band.now)[field][y];
  };

  const auto move = [&](int k, int y) {
    for (int i = 0; i < 4; ++i) {
      in.data[i] = planes.data[i][y];
      in.dual[i] = given(k, 2 + i, y);
    }
    float* to[2];
    for (int i = 0; i < 2; ++i) {
      in.above[i] = y > 0 ? given(k, 3 + 2 * i, y - 1) : band.nothing[0];
      in.before[i] = given(k, i, y);
      to[i] = found(k, i, y);
    }
    primal(in, to[0], to[1]);
    for (float* row : to) row[width] = row[width - 1];
  };
  const auto stretch = [&](int k, int y) {
    const int below = std::min(y + 1, height - 1);
    for (int i = 0; i < 2; ++i) {
      const float* from[2] = {given(k, 2 + 2 * i, y), given(k, 3 + 2 * i, y)};
      dual(found(k, i, y), found(k, i, below), rate, width, from, found(k, 2 + 2 * i, y), found(k, 3 + 2 * i, y));
    }
  };
  for (int step = low; step < high + count; ++step) {
    for (int k = 1; k <= count; ++k) {
      const int top = low > 0 ? low + k : 0;
      const int y = step - k + 1;
      if (y >= top && y < (high < height ? high - k + 1 : height)) move(k, y);
      if (y - 1 >= top && y - 1 < (high < height ? high - k : height)) stretch(k, y - 1);
    }
  }
}

}  // namespace geomvision::flow

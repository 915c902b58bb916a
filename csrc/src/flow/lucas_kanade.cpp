#include "geomvision/flow/lucas_kanade.hpp"

#include <algorithm>
#include <limits>

#include "flow/warped_rows.hpp"
#include "flow/window_weights.hpp"
#include "geomvision/check.hpp"
#include "kernels/flow.hpp"

namespace geomvision::flow {
namespace {

constexpr const char* owner = "LucasKanade";
constexpr double no_limit = std::numeric_limits<double>::max();
constexpr int columns_at_once = 256;  // their sums stay in the first cache

}  // namespace

// What one band of rows needs. Sums are gxx, gxy, gyy, gxq, gyq, u, v.
struct LucasKanade::Band {
  WarpedRows warped;
  RollingRows product, sums[7], total[7], solved;
  MedianRows median_u, median_v;

  void fit(int width, int radius, int median) {
    warped.fit(width, radius);
    product.fit(5, width, radius);
    for (RollingRows& rows : sums) rows.fit(2 * radius + 2, width, 0);
    for (RollingRows& rows : total) rows.fit(2, columns_at_once, 0);
    solved.fit(4, width, largest_radius);
    median_u.fit(width, median);
    median_v.fit(width, median);
  }
};

LucasKanade::~LucasKanade() = default;
LucasKanade::LucasKanade(LucasKanade&&) noexcept = default;
LucasKanade& LucasKanade::operator=(LucasKanade&&) noexcept = default;

LucasKanade::LucasKanade(const LucasKanadeOptions& options)
    : PyramidalFlow(owner, {options.levels, options.warps, options.finest_warps, options.median, options.min_confidence,
                            options.check_occlusion, options.num_threads}),
      options_(options) {
  check_range(owner, "min_confidence", options.min_confidence, 0.0, 1.0);
  check_range(owner, "window", options.window, 1, 255);
  check(options.window % 2 == 1, owner, ": window is ", options.window, "; it must be odd");
  check_range(owner, "robust", options.robust, 0.0, no_limit);
  check_range(owner, "min_eigenvalue", options.min_eigenvalue, 0.01, 1e6);
  weights_ = window_weights(options.window, options.weighting);
}

void LucasKanade::refine(Stage& stage, Image<float>* confidence) {
  const int width = stage.u.width();
  const int height = stage.u.height();
  const int reach = options_.median / 2 + options_.window / 2 + 2;
  const int bands = count_bands(width, height, options_.num_threads, 2 * reach);
  if (static_cast<int>(bands_.size()) < bands) bands_.resize(static_cast<std::size_t>(bands));
  for_bands(bands, height, options_.num_threads, [&](int index, int first, int last) {
    Band& band = bands_[static_cast<std::size_t>(index)];
    band.fit(width, options_.window / 2, options_.median);
    refine(stage, confidence, band, first, last);
  });
  std::swap(stage.u, stage.spare_u);
  std::swap(stage.v, stage.spare_v);
}

// Rows are pulled through the stages: a row of the result asks for the rows of the median around it, those for the
// sums over windows, those for the products, those for the warped frame. So nothing leaves the cache in between.
void LucasKanade::refine(Stage& stage, Image<float>* confidence, Band& band, int first, int last) const {
  const int width = stage.u.width();
  const int height = stage.u.height();
  const int radius = options_.window / 2;
  const Frames frames{stage.frame0, within_margin(stage.wide), stage.u, stage.v};
  const auto inverse = static_cast<float>(options_.robust > 0 ? std::min(1.0 / options_.robust, 1e6) : 0.0);
  const auto prior = static_cast<float>(options_.min_eigenvalue);

  const auto products = GEOMVISION_KERNEL(flow_products);
  const auto along = GEOMVISION_KERNEL(flow_window_columns);
  const auto down = GEOMVISION_KERNEL(flow_window_rows);
  const auto find = GEOMVISION_KERNEL(flow_solve);
  const auto rate = GEOMVISION_KERNEL(flow_confidence);

  int multiplied = std::max(first - options_.median / 2 - radius, 0);
  band.warped.start(multiplied);
  const auto multiply = [&](int y) {
    const FlowRow here = band.warped.next(frames, y);
    float* out[5];
    for (int k = 0; k < 5; ++k) out[k] = band.product[k];
    products(here, inverse, out);
    const float* summands[7] = {out[0], out[1], out[2], out[3], out[4], here.u, here.v};
    for (int k = 0; k < 5; ++k) band.product.close(k);
    for (int k = 0; k < 7; ++k) along(summands[k], weights_.data(), radius, width, band.sums[k][y]);
  };

  // Rows y and y + 1: most of what they sum up is the same.
  const auto solve = [&](int y) {
    for (; multiplied <= std::min(y + 1 + radius, height - 1); ++multiplied) multiply(multiplied);
    for (int x = 0; x < width; x += columns_at_once) {
      const int count = std::min(columns_at_once, width - x);
      for (int k = 0; k < 7; ++k) {
        const float* around[256];
        for (int d = 0; d <= options_.window; ++d) {
          around[d] = band.sums[k][std::clamp(y + d - radius, 0, height - 1)] + x;
        }
        down(around, weights_.data(), radius, count, band.total[k][0], band.total[k][1]);
      }
      for (int i = 0; i < 2; ++i) {
        const float* total[7];
        for (int k = 0; k < 7; ++k) total[k] = band.total[k][i];
        find(total, prior, static_cast<float>(width), static_cast<float>(height), count, band.solved[i] + x,
             band.solved[2 + i] + x);
        if (confidence != nullptr && y + i >= first && y + i < last)
          rate(total, prior, count, row(*confidence, y + i) + x);
      }
    }
    for (int i = 0; i < 2 && y + i < height; ++i) {
      band.median_u.take(band.solved.close(i), y + i);
      band.median_v.take(band.solved.close(2 + i), y + i);
    }
  };

  int solved = std::max(first - options_.median / 2, 0);
  for (int y = first; y < last; y += 2) {
    for (; solved <= std::min(y + 1 + options_.median / 2, height - 1); solved += 2) solve(solved);
    const bool both = y + 1 < last;
    band.median_u.give(y, height, row(stage.spare_u, y), both ? row(stage.spare_u, y + 1) : nullptr);
    band.median_v.give(y, height, row(stage.spare_v, y), both ? row(stage.spare_v, y + 1) : nullptr);
  }
}

}  // namespace geomvision::flow

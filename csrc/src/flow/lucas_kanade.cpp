#include "geomvision/flow/lucas_kanade.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "flow/rows.hpp"
#include "geomvision/check.hpp"
#include "kernels/flow.hpp"

namespace geomvision::flow {
namespace {

constexpr const char* owner = "LucasKanade";
constexpr double no_limit = std::numeric_limits<double>::max();

std::vector<float> window_weights(int window, Weighting weighting) {
  const int radius = window / 2;
  const double sigma = window / 5.0;
  std::vector<double> weights;
  double total = 0.0;
  for (int k = -radius; k <= radius; ++k) {
    weights.push_back(weighting == Weighting::box ? 1.0 : std::exp(-0.5 * ((k / sigma) * (k / sigma))));
    total += weights.back();
  }
  std::vector<float> normalised;
  for (const double weight : weights) normalised.push_back(static_cast<float>(weight / total));
  return normalised;
}

}  // namespace

LucasKanade::LucasKanade(const LucasKanadeOptions& options)
    : PyramidalFlow(owner, {options.levels, options.warps, options.median, options.min_confidence,
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
  for (Image<float>& plane : products_) fit(plane, width, height);
  const auto multiply = GEOMVISION_KERNEL(flow_products);
  const auto inverse = static_cast<float>(options_.robust > 0 ? std::min(1.0 / options_.robust, 1e6) : 0.0);
  for_rows(width, height, num_threads(), [&](int y) {
    float* out[5];
    for (int k = 0; k < 5; ++k) out[k] = row(products_[k], y);
    multiply({row(stage.frame0, y), row(stage.warped, y), row(stage.gx, y), row(stage.gy, y), row(stage.u, y),
              row(stage.v, y), width, height, y},
             inverse, out);
  });
  for (int k = 0; k < 5; ++k) sum_over_windows(products_[k], products_[k]);
  sum_over_windows(stage.u, products_[5]);
  sum_over_windows(stage.v, products_[6]);
  const auto solve = GEOMVISION_KERNEL(flow_solve);
  const auto rate = GEOMVISION_KERNEL(flow_confidence);
  const auto prior = static_cast<float>(options_.min_eigenvalue);
  for_rows(width, height, num_threads(), [&](int y) {
    const float* sums[7];
    for (int k = 0; k < 7; ++k) sums[k] = row(products_[k], y);
    solve(sums, prior, static_cast<float>(width), static_cast<float>(height), width, row(stage.u, y), row(stage.v, y));
    if (confidence != nullptr) rate(sums, prior, width, row(*confidence, y));
  });
}

void LucasKanade::sum_over_windows(const Image<float>& values, Image<float>& sums) {
  const int width = values.width();
  const int height = values.height();
  const int count = options_.window;
  fit(rows_, width, height);
  const auto columns = GEOMVISION_KERNEL(flow_window_columns);
  const auto rows = GEOMVISION_KERNEL(flow_window_rows);
  for_rows(width, height, num_threads(),
           [&](int y) { columns(row(values, y), weights_.data(), count, width, row(rows_, y)); });
  for_rows(width, height, num_threads(), [&](int y) {
    const float* around[255];
    for (int k = 0; k < count; ++k) around[k] = clamped_row(rows_, y + k - count / 2);
    rows(around, weights_.data(), count, width, row(sums, y));
  });
}

}  // namespace geomvision::flow

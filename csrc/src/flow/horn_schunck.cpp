#include "geomvision/flow/horn_schunck.hpp"

#include <utility>

#include "flow/rows.hpp"
#include "geomvision/check.hpp"
#include "kernels/flow.hpp"

namespace geomvision::flow {
namespace {

constexpr const char* owner = "HornSchunck";
constexpr double no_confidence = -1.0;

}  // namespace

HornSchunck::HornSchunck(const HornSchunckOptions& options)
    : PyramidalFlow(owner, {options.levels, options.warps, options.median, no_confidence, options.check_occlusion,
                            options.num_threads}),
      options_(options) {
  check_range(owner, "alpha", options.alpha, 0.01, 1e6);
  check_range(owner, "iterations", options.iterations, 1, 100000);
}

void HornSchunck::refine(Stage& stage, Image<float>* /*confidence*/) {
  const int width = stage.u.width();
  const int height = stage.u.height();
  fit(rest_, width, height);
  fit(inverse_, width, height);
  const auto linearise = GEOMVISION_KERNEL(flow_linearise);
  const auto alpha2 = static_cast<float>(options_.alpha * options_.alpha);
  for_rows(width, height, num_threads(), [&](int y) {
    linearise({row(stage.frame0, y), row(stage.warped, y), row(stage.gx, y), row(stage.gy, y), row(stage.u, y),
               row(stage.v, y), width, height, y},
              alpha2, row(stage.gx, y), row(stage.gy, y), row(rest_, y), row(inverse_, y));
  });
  const auto relax = GEOMVISION_KERNEL(flow_relax);
  for (int iteration = 0; iteration < options_.iterations; ++iteration) {
    for_rows(width, height, num_threads(), [&](int y) {
      const float* u[3] = {clamped_row(stage.u, y - 1), row(stage.u, y), clamped_row(stage.u, y + 1)};
      const float* v[3] = {clamped_row(stage.v, y - 1), row(stage.v, y), clamped_row(stage.v, y + 1)};
      const float* data[4] = {row(stage.gx, y), row(stage.gy, y), row(rest_, y), row(inverse_, y)};
      relax(u, v, data, width, row(stage.spare_u, y), row(stage.spare_v, y));
    });
    std::swap(stage.u, stage.spare_u);
    std::swap(stage.v, stage.spare_v);
  }
}

}  // namespace geomvision::flow

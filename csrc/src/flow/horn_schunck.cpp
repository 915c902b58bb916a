#include "geomvision/flow/horn_schunck.hpp"

#include <utility>

#include "flow/warped_rows.hpp"
#include "geomvision/check.hpp"
#include "kernels/flow.hpp"

namespace geomvision::flow {
namespace {

constexpr const char* owner = "HornSchunck";
constexpr double no_confidence = -1.0;

}  // namespace

HornSchunck::HornSchunck(const HornSchunckOptions& options)
    : PyramidalFlow(owner, {options.levels, options.warps, options.finest_warps, options.median, no_confidence,
                            options.check_occlusion, options.num_threads}),
      options_(options) {
  check_range(owner, "alpha", options.alpha, 0.01, 1e6);
  check_range(owner, "iterations", options.iterations, 1, 100000);
}

struct HornSchunck::Band {
  WarpedRows warped;
  RollingRows made;
};

HornSchunck::~HornSchunck() = default;
HornSchunck::HornSchunck(HornSchunck&&) noexcept = default;
HornSchunck& HornSchunck::operator=(HornSchunck&&) noexcept = default;

void HornSchunck::refine(Stage& stage, Image<float>* /*confidence*/) {
  const int width = stage.u.width();
  const int height = stage.u.height();
  for (Image<float>* plane : {&gx_, &gy_, &rest_, &inverse_}) fit(*plane, width, height);
  const auto alpha2 = static_cast<float>(options_.alpha * options_.alpha);
  const int bands = count_bands(width, height, options_.num_threads, 4);
  if (static_cast<int>(bands_.size()) < bands) bands_.resize(static_cast<std::size_t>(bands));
  for_bands(bands, height, options_.num_threads, [&](int index, int first, int last) {
    auto& [warped, made] = bands_[static_cast<std::size_t>(index)];
    const Frames frames{stage.frame0, within_margin(stage.wide), stage.u, stage.v};
    const auto linearise = GEOMVISION_KERNEL(flow_linearise);
    warped.fit(width, 0);
    warped.start(first);
    made.fit(4, width, 0);
    float* const out[4] = {made[0], made[1], made[2], made[3]};
    for (int y = first; y < last; ++y) {
      linearise(warped.next(frames, y), alpha2, out);
      Image<float>* planes[4] = {&gx_, &gy_, &rest_, &inverse_};
      for (int k = 0; k < 4; ++k) std::copy(out[k], out[k] + width, row(*planes[k], y));
    }
  });
  const auto relax = GEOMVISION_KERNEL(flow_relax);
  for (int iteration = 0; iteration < options_.iterations; ++iteration) {
    for_rows(width, height, options_.num_threads, [&](int y) {
      const float* u[3] = {clamped_row(stage.u, y - 1), row(stage.u, y), clamped_row(stage.u, y + 1)};
      const float* v[3] = {clamped_row(stage.v, y - 1), row(stage.v, y), clamped_row(stage.v, y + 1)};
      const float* data[4] = {row(gx_, y), row(gy_, y), row(rest_, y), row(inverse_, y)};
      relax(u, v, data, width, row(stage.spare_u, y), row(stage.spare_v, y));
    });
    std::swap(stage.u, stage.spare_u);
    std::swap(stage.v, stage.spare_v);
  }
  filter(stage);
}

}  // namespace geomvision::flow

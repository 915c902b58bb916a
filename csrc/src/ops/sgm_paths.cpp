#include "geomvision/ops/sgm_paths.hpp"

#include <limits>
#include <type_traits>

#include "geomvision/check.hpp"
#include "stereo/check_images.hpp"
#include "stereo/sgm_costs.hpp"
#include "stereo/sgm_guide.hpp"
#include "stereo/sgm_sweep.hpp"

namespace geomvision::ops {
namespace {

// Puts the sums in the order of the disparities.
struct Copy : public stereo::SGMSink {
  TensorView<std::uint16_t, 3> to;
  int lanes = 1, padded = 0;

  void begin_row(int /*slot*/, int /*y*/) override {}
  void end_row(int /*slot*/, int /*y*/) override {}
  void take(int /*slot*/, int y, int x, int pixels, std::uint16_t* sums) override {
    const int count = static_cast<int>(to.size(2)), vectors = padded / lanes;
    for (int i = 0; i < pixels; ++i, sums += padded) {
      std::uint16_t* out = to.at(y, x + i);
      for (int k = 0; k < vectors; ++k) {
        const std::uint16_t *even = sums + k * lanes, *odd = even + lanes / 2;
        for (int candidate = k, j = 0; candidate < count; candidate += 2 * vectors, ++j) {
          out[candidate] = even[j];
          if (candidate + vectors < count) out[candidate + vectors] = odd[j];
        }
      }
    }
  }
};

}  // namespace

void SGMPathsOptions::check() const {
  geomvision::check(paths == 4 || paths == 5 || paths == 8 || paths == 16, "SGMPaths: paths is ", paths,
                    "; allowed are 4, 5, 8 and 16");
  check_range("SGMPaths", "p1", p1, 0, 255);
  check_range("SGMPaths", "p2", p2, 0, 255);
  geomvision::check(p1 <= p2, "SGMPaths: p1 is ", p1, " and p2 ", p2, "; p2 must be at least p1");
  check_range("SGMPaths", "num_threads", num_threads, 0, 1024);
}

struct SGMPaths::Scratch {
  stereo::VolumeCosts costs;
  stereo::SGMGuide guide;
  stereo::SGMSweep sweep;
  Copy copy;
};

SGMPaths::SGMPaths(SGMPathsOptions options) : options_(options), scratch_(std::make_unique<Scratch>()) {
  options_.check();
}
SGMPaths::~SGMPaths() = default;
SGMPaths::SGMPaths(SGMPaths&&) noexcept = default;
SGMPaths& SGMPaths::operator=(SGMPaths&&) noexcept = default;

void SGMPaths::sweep(TensorView<const std::uint8_t, 3> costs, bool adaptive, TensorView<std::uint16_t, 3> sums) {
  check(sums.sizes() == costs.sizes(), "SGMPaths: costs are ", costs.shape(), ", sums are ", sums.shape(),
        "; they must be equal");
  if (costs.empty()) return;
  Scratch& scratch = *scratch_;
  scratch.costs.prepare("SGMPaths", costs, options_.p2, options_.num_threads);
  scratch.sweep.prepare(
      {static_cast<int>(costs.size(1)), static_cast<int>(costs.size(0)), static_cast<int>(costs.size(2)),
       options_.paths, options_.p1, options_.p2, adaptive, options_.num_threads},
      scratch.guide);
  scratch.copy.to = sums;
  scratch.copy.lanes = GEOMVISION_KERNEL(sgm_lanes)();
  scratch.copy.padded = scratch.sweep.padded();
  scratch.sweep.run(scratch.costs, scratch.copy);
}

template <typename T>
void SGMPaths::guided(TensorView<const std::uint8_t, 3> costs, ImageView<const T> guide,
                      TensorView<std::uint16_t, 3> sums) {
  check(guide.height() == costs.size(0) && guide.width() == costs.size(1), "SGMPaths: costs are ", costs.shape(),
        " (height, width, disparities), the guide is ", guide.width(), "x", guide.height(),
        " pixels; height and width must be equal");
  if (guide.empty()) return;
  if constexpr (std::is_same_v<T, float>) stereo::check_finite("SGMPaths", guide, "guide");
  scratch_->guide.prepare(guide, options_.num_threads);
  sweep(costs, true, sums);
}

void SGMPaths::operator()(TensorView<const std::uint8_t, 3> costs, TensorView<std::uint16_t, 3> sums) {
  sweep(costs, false, sums);
}

void SGMPaths::operator()(TensorView<const std::uint8_t, 3> costs, ImageView<const std::uint8_t> guide,
                          TensorView<std::uint16_t, 3> sums) {
  guided(costs, guide, sums);
}

void SGMPaths::operator()(TensorView<const std::uint8_t, 3> costs, ImageView<const std::uint16_t> guide,
                          TensorView<std::uint16_t, 3> sums) {
  guided(costs, guide, sums);
}

void SGMPaths::operator()(TensorView<const std::uint8_t, 3> costs, ImageView<const float> guide,
                          TensorView<std::uint16_t, 3> sums) {
  guided(costs, guide, sums);
}

}  // namespace geomvision::ops

#include "geomvision/depth/plane_sweep.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <memory>

#include "depth/sweep_costs.hpp"
#include "geomvision/check.hpp"
#include "geomvision/ops/sgm_paths.hpp"
#include "geomvision/ops/winners.hpp"
#include "geomvision/parallel.hpp"
#include "geomvision/stereo/postprocess.hpp"

namespace geomvision::depth {
namespace {

constexpr int window = 7;  // over which a winner's costs are compared with those of all planes
constexpr float nan = std::numeric_limits<float>::quiet_NaN();

// Where a ray leads in a source; z is above 0 where it does.
struct Place {
  float x, y, z;
};

Place place(const SweepSource& source, float rx, float ry, float rz, float q) {
  const auto& M = source.M;
  const float z = (M[6] * rx + M[7] * ry + M[8] * rz) + q * source.b[2], scale = 1.0f / z;
  return {((M[0] * rx + M[1] * ry + M[2] * rz) + q * source.b[0]) * scale,
          ((M[3] * rx + M[4] * ry + M[5] * rz) + q * source.b[1]) * scale, z};
}

// How far the point moves against one at infinity in this source; 0 where it is not seen.
float parallax(const SweepSource& source, float rx, float ry, float rz, float q) {
  const Place at = place(source, rx, ry, rz, q);
  const bool inside = at.z > 0 && at.x >= 0 && at.y >= 0 && at.x <= static_cast<float>(source.image.width() - 1) &&
                      at.y <= static_cast<float>(source.image.height() - 1);
  if (!inside) return 0.0f;
  const Place far = place(source, rx, ry, rz, 0.0f);
  if (!(far.z > 0)) return std::numeric_limits<float>::infinity();
  const float dx = at.x - far.x, dy = at.y - far.y;
  return std::sqrt(dx * dx + dy * dy);
}

void check_sizes(ImageView<const std::uint8_t> reference, const TensorView<const float, 3>& rays,
                 const std::vector<SweepSource>& sources, const SweepPlanes& planes) {
  const char* owner = "PlaneSweep";
  check(rays.size(0) == 3 && rays.size(1) == reference.height() && rays.size(2) == reference.width(), owner,
        ": rays are ", rays.shape(), ", the reference is ", reference.width(), "x", reference.height(),
        " pixels; rays must be 3 x height x width");
  check(!sources.empty() && sources.size() <= 64, owner, ": ", sources.size(), " sources; allowed are 1 to 64");
  check_range(owner, "planes.count", planes.count, 4, 2048);
  check(std::isfinite(planes.first) && std::isfinite(planes.step) && planes.first >= 0 && planes.step > 0, owner,
        ": planes begin at ", planes.first, " and are ", planes.step,
        " apart; inverse depths must not be negative and ", "rise");
  for (const SweepSource& source : sources) {
    check(!source.image.empty(), owner, ": a source has no pixels");
    check(std::int64_t{source.image.width()} * source.image.height() <= std::numeric_limits<int>::max(), owner,
          ": a source is ", source.image.width(), "x", source.image.height(), " pixels; at most 2^31 - 1 can be taken");
    check(source.known.empty() ||
              (source.known.width() == source.image.width() && source.known.height() == source.image.height()),
          owner, ": a source is ", source.image.width(), "x", source.image.height(), ", what is known of it ",
          source.known.width(), "x", source.known.height(), "; they must be equal");
  }
}

}  // namespace

void PlaneSweepOptions::check() const {
  const char* owner = "PlaneSweep";
  check_range(owner, "p1", p1, 0, 192);
  check_range(owner, "p2", p2, 0, 192);
  geomvision::check(p1 <= p2, owner, ": p1 is ", p1, " and p2 ", p2, "; p2 must be at least p1");
  check_range(owner, "contrast", contrast, 0.0, 1.0);
  check_range(owner, "min_parallax", min_parallax, 0.0, 1000.0);
  check_range(owner, "speckle", speckle, 0, 1 << 30);
  check_range(owner, "num_threads", num_threads, 0, 1024);
}

struct PlaneSweep::Scratch {
  explicit Scratch(const PlaneSweepOptions& options) : paths({8, options.p1, options.p2, options.num_threads}) {}

  SweepCosts sweep_costs;
  ops::SGMPaths paths;
  stereo::MedianFilter median;
  stereo::SpeckleFilter speckle;
  std::vector<std::uint8_t> volume;
  std::vector<std::uint16_t> sums, least, second;
  std::vector<std::int32_t> lead;  // by how much of the mean cost a winner undercuts it, times planes
  Image<float> winners, at;

  void make_room(int width, int height, int planes) {
    const std::size_t pixels = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
    volume.resize(pixels * static_cast<std::size_t>(planes));
    sums.resize(volume.size());
    least.resize(pixels);
    second.resize(pixels);
    winners.resize(width, height);
    at.resize(width, height);
  }
  void leave_out(TensorView<const std::uint8_t, 3> costs, double contrast, int num_threads);

 private:
  struct Sums {
    std::int64_t chosen = 0, all = 0;
  };
  std::vector<Sums> sums_of_pixels_, sums_of_rows_;
};

// No estimate at either end of the range, and where the costs of the winners of a window are not below 1 - contrast of
// the mean over all planes.
void PlaneSweep::Scratch::leave_out(TensorView<const std::uint8_t, 3> costs, double contrast, int num_threads) {
  const int width = winners.width(), height = winners.height(), planes = static_cast<int>(costs.size(2));
  constexpr int radius = window / 2;
  sums_of_pixels_.resize(least.size());
  sums_of_rows_.resize(least.size());
  const auto index = [&](int x, int y) { return static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + x; };
  const auto across = [&](int begin, int end) {
    for (int y = begin; y < end; ++y) {
      for (int x = 0; x < width; ++x) {
        const std::uint8_t* cost = costs.at(y, x);
        std::int32_t all = 0;
        for (int k = 0; k < planes; ++k) all += cost[k];
        const float winner = winners(x, y);
        sums_of_pixels_[index(x, y)] = {cost[std::isnan(winner) ? 0 : static_cast<int>(winner)], all};
      }
      for (int x = 0; x < width; ++x) {
        Sums sum;
        for (int u = std::max(0, x - radius); u <= std::min(width - 1, x + radius); ++u) {
          sum.chosen += sums_of_pixels_[index(u, y)].chosen;
          sum.all += sums_of_pixels_[index(u, y)].all;
        }
        sums_of_rows_[index(x, y)] = sum;
      }
    }
  };
  parallel_for(height, num_threads, std::ref(across), 8);
  const auto down = [&](int begin, int end) {
    for (int y = begin; y < end; ++y) {
      for (int x = 0; x < width; ++x) {
        Sums sum;
        for (int v = std::max(0, y - radius); v <= std::min(height - 1, y + radius); ++v) {
          sum.chosen += sums_of_rows_[index(x, v)].chosen;
          sum.all += sums_of_rows_[index(x, v)].all;
        }
        const bool telling = static_cast<double>(sum.chosen * planes) < (1.0 - contrast) * static_cast<double>(sum.all);
        const float winner = winners(x, y);
        if (!(winner > 0 && winner < static_cast<float>(planes - 1)) || !telling) at(x, y) = nan;
      }
    }
  };
  parallel_for(height, num_threads, std::ref(down), 8);
}

PlaneSweep::PlaneSweep(PlaneSweepOptions options) : options_(options) {
  options_.check();
  scratch_ = std::make_unique<Scratch>(options_);
}
PlaneSweep::~PlaneSweep() = default;
PlaneSweep::PlaneSweep(PlaneSweep&&) noexcept = default;
PlaneSweep& PlaneSweep::operator=(PlaneSweep&&) noexcept = default;

void PlaneSweep::costs(ImageView<const std::uint8_t> reference, TensorView<const float, 3> rays,
                       const std::vector<SweepSource>& sources, const SweepPlanes& planes,
                       TensorView<std::uint8_t, 3> volume) {
  check_sizes(reference, rays, sources, planes);
  check(volume.size(0) == reference.height() && volume.size(1) == reference.width() && volume.size(2) == planes.count,
        "PlaneSweep: the volume is ", volume.shape(), "; it must be height x width x planes");
  if (!reference.empty()) scratch_->sweep_costs(reference, rays, sources, planes, volume, options_.num_threads);
}

void PlaneSweep::operator()(ImageView<const std::uint8_t> reference, TensorView<const float, 3> rays,
                            const std::vector<SweepSource>& sources, const SweepPlanes& planes,
                            ImageView<float> inverse_depth, ImageView<float> margin) {
  const int width = reference.width(), height = reference.height(), threads = options_.num_threads;
  for (const ImageView<float>& map : {inverse_depth, margin}) {
    check(map.width() == width && map.height() == height, "PlaneSweep: the reference is ", width, "x", height,
          ", a result ", map.width(), "x", map.height(), "; they must be equal");
  }
  check_sizes(reference, rays, sources, planes);
  if (reference.empty()) return;
  Scratch& scratch = *scratch_;
  scratch.make_room(width, height, planes.count);
  const std::ptrdiff_t rows = height, columns = width, count = planes.count;
  const TensorView<std::uint8_t, 3> volume(scratch.volume.data(), {rows, columns, count});
  const TensorView<std::uint16_t, 3> sums(scratch.sums.data(), {rows, columns, count});
  const auto words = [&](auto& of) { return TensorView<std::uint16_t, 2>(of.data(), {rows, columns}); };
  const auto map = [&](auto view) {
    return TensorView<float, 2>(view.data(), {rows, columns}, {std::max<std::ptrdiff_t>(view.stride(), columns), 1});
  };
  const TensorView<float, 2> winners = map(scratch.winners.view()), at = map(scratch.at.view());
  scratch.sweep_costs(reference, rays, sources, planes, volume, threads);
  scratch.paths(volume, reference, sums);
  ops::winner_takes_all<std::uint16_t>(sums, 0, winners, words(scratch.least), words(scratch.second), threads);
  ops::uniqueness<std::uint16_t>(winners, words(scratch.least), words(scratch.second), 0, winners, map(margin),
                                 threads);
  ops::subpixel<std::uint16_t>(sums, winners, 0, "equiangular", at, threads);
  scratch.leave_out(volume, options_.contrast, threads);
  scratch.median(scratch.at, 3, threads);
  scratch.speckle(scratch.at, options_.speckle, 2.0f, threads);
  const auto finish = [&](int begin, int end) {
    for (int y = begin; y < end; ++y) {
      for (int x = 0; x < width; ++x) {
        const auto q = static_cast<float>(planes.first + planes.step * static_cast<double>(scratch.at(x, y)));
        float most = 0.0f;
        for (const SweepSource& source : sources) {
          most = std::max(most, parallax(source, *rays.at(0, y, x), *rays.at(1, y, x), *rays.at(2, y, x), q));
        }
        const bool found = static_cast<double>(most) >= options_.min_parallax && !std::isnan(q);
        inverse_depth(x, y) = found ? q : nan;
        if (!found || std::isnan(margin(x, y))) margin(x, y) = 0.0f;
      }
    }
  };
  parallel_for(height, threads, std::ref(finish), 8);
}

}  // namespace geomvision::depth

#include "geomvision/stereo/ad_census.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <limits>
#include <utility>
#include <vector>

#include "geomvision/parallel.hpp"
#include "geomvision/stereo/postprocess.hpp"
#include "kernels/ad_census.hpp"
#include "stereo/ad_census_volume.hpp"
#include "stereo/check_pair.hpp"
#include "stereo/disparity_repair.hpp"

namespace geomvision::stereo {
namespace {

constexpr std::int16_t none = DisparityRepair::none;
constexpr std::uint16_t nothing = std::numeric_limits<std::uint16_t>::max();  // above every sum

}  // namespace

void ADCensusOptions::check() const {
  const char* owner = "ADCensus";
  check_range(owner, "max_disparity", max_disparity, -8191, 8192);
  check_range(owner, "min_disparity", min_disparity, -8192, 8191);
  geomvision::check(min_disparity < max_disparity, "ADCensus: min_disparity is ", min_disparity, " and max_disparity ",
                    max_disparity, "; max_disparity must be larger");
  check_range(owner, "lambda_ad", lambda_ad, 0.1, 1000.0);
  check_range(owner, "lambda_census", lambda_census, 0.1, 1000.0);
  check_range(owner, "arm", arm, 1, 64);
  check_range(owner, "arm_near", arm_near, 1, 64);
  check_range(owner, "tau", tau, 1, 256);
  check_range(owner, "tau_far", tau_far, 1, 256);
  check_range(owner, "aggregations", aggregations, 0, 16);
  check_range(owner, "pi1", pi1, 0.0, 4.0);
  check_range(owner, "pi2", pi2, 0.0, 4.0);
  geomvision::check(pi1 <= pi2, "ADCensus: pi1 is ", pi1, " and pi2 ", pi2, "; pi2 must be at least pi1");
  check_range(owner, "tau_scan", tau_scan, 1, 256);
  check_range(owner, "left_right", left_right, -1, 8192);
  check_range(owner, "votings", votings, 0, 100);
  check_range(owner, "votes", votes, 0, 1000);
  check_range(owner, "share", share, 0, 100);
  geomvision::check(median % 2 == 1 && median >= 1 && median <= 15, "ADCensus: median is ", median,
                    "; allowed is odd and between 1 and 15");
  geomvision::check(fill == "none" || fill == "background", "ADCensus: fill is '", fill,
                    "'; allowed are 'none', 'background'");
  check_range(owner, "num_threads", num_threads, 0, 1024);
}

struct ADCensus::Scratch {
  ADCensusVolume volume;
  Image<std::int16_t> left, right;  // whole-pixel winners of both views
  Image<std::uint16_t> best;        // smallest sum offered to a right pixel, mirrored and with margins
  Image<std::int16_t> best_index;   // and the index of its disparity
  Image<float> confidence;
  Image<std::uint8_t> occluded;
  std::vector<Agreement> agreement;
  DisparityRepair repair;
  MedianFilter median;

  void prepare();
  void choose_left(int y);
  void choose_right(int y);
  void weigh(int y);
  void check(int y, int tolerance);
  void refine(int y, ImageView<float> disparity) const;
};

void ADCensus::Scratch::prepare() {
  const int width = volume.width, height = volume.height;
  left.resize(width, height, none);
  right.resize(width, height, none);
  best.resize(width + volume.count - 1, height, nothing);
  best_index.resize(width + volume.count - 1, height);
  agreement.resize(static_cast<std::size_t>(width) * height);
  confidence.resize(width, height);
  occluded.resize(width, height);
}

// The winner takes all, unless one more than a pixel away is as good.
void ADCensus::Scratch::choose_left(int y) {
  const int count = volume.count;
  const auto smallest = GEOMVISION_KERNEL(smallest_u16);
  for (int x = 0; x < volume.width; ++x) {
    const std::uint16_t* sums = volume.sums_at(x, y);
    const int least = smallest(sums, count);
    const int winner = static_cast<int>(std::find(sums, sums + count, least) - sums);
    int second = nothing;
    if (winner >= 2) second = smallest(sums, winner - 1);
    if (winner + 2 < count) second = std::min<int>(second, smallest(sums + winner + 2, count - winner - 2));
    const bool alone = second == nothing;
    if (!alone && least >= second) continue;
    left(x, y) = static_cast<std::int16_t>(volume.first_disparity + winner);
    confidence(x, y) = alone ? 0.0f : static_cast<float>(second - least) / static_cast<float>(second);
  }
}

// Winners of the right view from the same sums: the candidates of right pixel x are left pixels x + d.
void ADCensus::Scratch::choose_right(int y) {
  const int width = volume.width;
  const auto offer = GEOMVISION_KERNEL(offer_sums);
  std::uint16_t* row = best.view().row(y);
  std::int16_t* index = best_index.view().row(y);
  for (int x = 0; x < width; ++x) {
    offer(volume.sums_at(x, y), volume.count, row + (width - 1 - x), index + (width - 1 - x));
  }
  for (int x = 0; x < width; ++x) {
    const int mirrored = width - 1 - x - volume.first_disparity;
    if (mirrored < 0 || mirrored >= best.width() || row[mirrored] == nothing) continue;
    right(x, y) = static_cast<std::int16_t>(volume.first_disparity + index[mirrored]);
  }
}

// A winner that the right view confirms keeps its confidence; one whose match lies outside has none.
void ADCensus::Scratch::weigh(int y) {
  for (int x = 0; x < volume.width; ++x) {
    if (left(x, y) == none) continue;
    const int partner = x - left(x, y);
    const bool inside = partner >= 0 && partner < volume.width && right(partner, y) != none;
    const int distance = inside ? std::abs(left(x, y) - right(partner, y)) : 0;
    confidence(x, y) = inside ? confidence(x, y) / static_cast<float>(1 + distance) : 0.0f;
  }
}

void ADCensus::Scratch::check(int y, int tolerance) {
  const int width = volume.width;
  Agreement* found = agreement.data() + static_cast<std::size_t>(y) * width;
  left_right_check(left.view().row(y), right.view().row(y), width, none, tolerance, found);
  for (int x = 0; x < width; ++x) {
    occluded(x, y) = found[x] == Agreement::occluded;
    if (found[x] == Agreement::agrees) continue;
    left(x, y) = none;
    confidence(x, y) = 0.0f;
  }
}

// The vertex of a parabola, where the sum is no larger than both its neighbours.
void ADCensus::Scratch::refine(int y, ImageView<float> disparity) const {
  for (int x = 0; x < volume.width; ++x) {
    if (left(x, y) == none) {
      disparity(x, y) = std::numeric_limits<float>::quiet_NaN();
      continue;
    }
    disparity(x, y) = left(x, y);
    const int k = left(x, y) - volume.first_disparity;
    if (k == 0 || k == volume.count - 1) continue;
    const std::uint16_t* sums = volume.sums_at(x, y) + k;
    if (sums[0] <= std::min(sums[-1], sums[1])) disparity(x, y) += parabola_offset(sums[-1], sums[0], sums[1]);
  }
}

ADCensus::ADCensus(ADCensusOptions options) : options_(std::move(options)), scratch_(std::make_unique<Scratch>()) {
  options_.check();
}
ADCensus::~ADCensus() = default;
ADCensus::ADCensus(ADCensus&&) noexcept = default;
ADCensus& ADCensus::operator=(ADCensus&&) noexcept = default;

ImageView<const float> ADCensus::confidence() const { return std::as_const(scratch_->confidence).view(); }
ImageView<const std::uint8_t> ADCensus::occluded() const { return std::as_const(scratch_->occluded).view(); }

template <typename T>
void ADCensus::run(ImageView<const T> left, ImageView<const T> right, ImageView<float> disparity) {
  check_pair("ADCensus", left, right, disparity);
  check_searched("ADCensus", left.width(), options_.min_disparity, options_.max_disparity);
  Scratch& scratch = *scratch_;
  const ADCensusVolume& volume = scratch.volume;
  const int height = left.height(), threads = options_.num_threads;
  scratch.volume.compute(options_, left, right);
  scratch.prepare();
  const auto choose = [&](int begin, int end) {
    for (int y = begin; y < end; ++y) {
      scratch.choose_left(y);
      scratch.choose_right(y);
      scratch.weigh(y);
      if (options_.left_right >= 0) scratch.check(y, options_.left_right);
    }
  };
  parallel_for(height, threads, std::ref(choose));
  if (options_.fill == "background") {
    DisparityRepair& repair = scratch.repair;
    for (int i = 0; i < options_.votings; ++i) {
      repair.vote(scratch.left, volume.crosses, volume.first_disparity, volume.count, options_.votes, options_.share,
                  threads);
    }
    repair.interpolate(scratch.left, scratch.occluded, volume.levels[0], threads);
    repair.adjust_edges(scratch.left, volume, threads);
  }
  const auto refine = [&](int begin, int end) {
    for (int y = begin; y < end; ++y) scratch.refine(y, disparity);
  };
  parallel_for(height, threads, std::ref(refine), 8);
  scratch.median(disparity, options_.median, threads);
}

void ADCensus::match(Bytes left, Bytes right, ImageView<float> disparity) { run(left, right, disparity); }
void ADCensus::match(Words left, Words right, ImageView<float> disparity) { run(left, right, disparity); }
void ADCensus::match(Floats left, Floats right, ImageView<float> disparity) { run(left, right, disparity); }

}  // namespace geomvision::stereo

#include "geomvision/stereo/sgm.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

#include "geomvision/check.hpp"
#include "geomvision/parallel.hpp"
#include "geomvision/stereo/postprocess.hpp"
#include "stereo/check_images.hpp"
#include "stereo/sgm_choice.hpp"
#include "stereo/sgm_costs.hpp"
#include "stereo/sgm_guide.hpp"
#include "stereo/sgm_sweep.hpp"

namespace geomvision::stereo {
namespace {

constexpr float nan = std::numeric_limits<float>::quiet_NaN();

void check_choice(const char* option, const std::string& value, std::initializer_list<const char*> allowed) {
  std::string list;
  for (const char* name : allowed) list += std::string(list.empty() ? "'" : ", '") + name + "'";
  const bool known = std::any_of(allowed.begin(), allowed.end(), [&](const char* name) { return value == name; });
  check(known, "SGM: ", option, " is '", value, "'; allowed are ", list);
}

// Whether a map lies where an image does, whose rows are read until the last disparities are written.
template <typename T, typename U>
bool overlap(ImageView<const T> image, ImageView<U> map) {
  const std::less<const void*> before;
  const int width = image.width(), last = image.height() - 1;
  return before(image.row(0), map.row(last) + width) && before(map.row(0), image.row(last) + width);
}

}  // namespace

void SGMOptions::check() const {
  check_range("SGM", "max_disparity", max_disparity, -8191, 8192);
  check_range("SGM", "min_disparity", min_disparity, -8192, 8191);
  geomvision::check(min_disparity < max_disparity, "SGM: min_disparity is ", min_disparity, " and max_disparity ",
                    max_disparity, "; max_disparity must be larger");
  check_choice("census", census, {"5x5", "7x7", "9x7"});
  geomvision::check(paths == 4 || paths == 5 || paths == 8 || paths == 16, "SGM: paths is ", paths,
                    "; allowed are 4, 5, 8 and 16");
  check_range("SGM", "p1", p1, 0, 192);
  check_range("SGM", "p2", p2, 0, 192);
  geomvision::check(p1 <= p2, "SGM: p1 is ", p1, " and p2 ", p2, "; p2 must be at least p1");
  check_choice("subpixel", subpixel, {"none", "parabola", "equiangular"});
  check_range("SGM", "uniqueness", uniqueness, 0, 99);
  check_range("SGM", "left_right", left_right, -1, 8192);
  geomvision::check(median % 2 == 1 && median >= 1 && median <= 15, "SGM: median is ", median,
                    "; allowed is odd and between 1 and 15");
  check_range("SGM", "speckle_size", speckle_size, 0, 1 << 30);
  check_range("SGM", "speckle_range", speckle_range, 0.0f, 8192.0f);
  check_choice("fill", fill, {"none", "background", "row"});
  check_range("SGM", "num_threads", num_threads, 0, 1024);
}

struct SGM::Scratch {
  CensusCosts<std::uint8_t> census_u8;
  CensusCosts<std::uint16_t> census_u16;
  CensusCosts<float> census_f32;
  VolumeCosts volume;
  SGMGuide guide;
  SGMSweep sweep;
  SGMChoice choice;
  MedianFilter median;
  SpeckleFilter speckle;
  BackgroundFill fill;
  Image<float> apart;  // disparities whose place an image takes
  Image<float> kept_confidence;
  Image<std::uint8_t> kept_occluded;

  template <typename T>
  CensusCosts<T>& census() {
    if constexpr (std::is_same_v<T, std::uint8_t>) return census_u8;
    if constexpr (std::is_same_v<T, std::uint16_t>) return census_u16;
    if constexpr (std::is_same_v<T, float>) return census_f32;
  }

  SGMTask task(const SGMOptions& options, int width, int height, int count);
  void aggregate(const SGMOptions& options, SGMCostRows& costs, int first, int count, const Maps& maps);
  void finish(const SGMOptions& options, const Maps& maps);
};

SGMTask SGM::Scratch::task(const SGMOptions& options, int width, int height, int count) {
  return {width, height, count, options.paths, options.p1, options.p2, options.adaptive_p2, options.num_threads};
}

// From costs to the disparities, once the sweep is prepared.
void SGM::Scratch::aggregate(const SGMOptions& options, SGMCostRows& costs, int first, int count, const Maps& maps) {
  choice.prepare(options, sweep, first, count, maps.disparity, maps.confidence, maps.occluded);
  sweep.run(costs, choice);
  finish(options, maps);
}

void SGM::Scratch::finish(const SGMOptions& options, const Maps& maps) {
  const ImageView<float> disparity = maps.disparity;
  const ImageView<std::uint8_t> occluded = maps.occluded;  // holds numbers of agreements, and becomes 1 and 0
  const int width = disparity.width(), height = disparity.height();
  median(disparity, options.median, options.num_threads);
  const auto check_rows = [&](int begin, int end) {
    for (int y = begin; y < end; ++y) {
      std::uint8_t* __restrict row = occluded.row(y);
      float* __restrict px = disparity.row(y), * __restrict confidence = maps.confidence.row(y);
      constexpr auto hidden = static_cast<std::uint8_t>(Agreement::occluded);
      constexpr auto wrong = static_cast<std::uint8_t>(Agreement::mismatched);
      for (int x = 0; x < width; ++x) {
        const bool lost = row[x] == hidden || row[x] == wrong;
        px[x] = lost ? nan : px[x];
        confidence[x] = lost ? 0.0f : confidence[x];
        row[x] = row[x] == hidden ? 1 : 0;
      }
    }
  };
  parallel_for(height, options.num_threads, std::ref(check_rows), 16);
  if (options.speckle_size > 1) {
    speckle(disparity, options.speckle_size, options.speckle_range, options.num_threads);
    const auto confidence_rows = [&](int begin, int end) {
      for (int y = begin; y < end; ++y) {
        float* confidence = maps.confidence.row(y);
        const float* row = disparity.row(y);
        for (int x = 0; x < width; ++x) confidence[x] = std::isnan(row[x]) ? 0.0f : confidence[x];
      }
    };
    parallel_for(height, options.num_threads, std::ref(confidence_rows), 16);
  }
  if (options.fill == "background") fill(disparity, occluded, options.num_threads);
  if (options.fill == "row") fill_rows(disparity, options.num_threads);
}

SGM::SGM(SGMOptions options) : options_(std::move(options)), scratch_(std::make_unique<Scratch>()) { options_.check(); }
SGM::~SGM() = default;
SGM::SGM(SGM&&) noexcept = default;
SGM& SGM::operator=(SGM&&) noexcept = default;

ImageView<const float> SGM::confidence() const { return std::as_const(scratch_->kept_confidence).view(); }
ImageView<const std::uint8_t> SGM::occluded() const { return std::as_const(scratch_->kept_occluded).view(); }

// Confidence and occluded pixels of the call stay here.
SGM::Maps SGM::kept(int width, int height, ImageView<float> disparity) {
  Scratch& scratch = *scratch_;
  const auto fit = [&](auto& image) {
    if (image.width() != width || image.height() != height) image.resize(width, height);
  };
  fit(scratch.kept_confidence);
  fit(scratch.kept_occluded);
  return {disparity, scratch.kept_confidence.view(), scratch.kept_occluded.view()};
}

template <typename T>
void SGM::run(ImageView<const T> left, ImageView<const T> right, const Maps& maps) {
  const int width = left.width(), height = left.height();
  const ImageView<float> disparity = maps.disparity;
  check(!left.empty(), "SGM: the images are empty (", width, "x", height, " pixels)");
  check(right.width() == width && right.height() == height, "SGM: left is ", width, "x", height, ", right is ",
        right.width(), "x", right.height(), " pixels; they must be equal");
  check(disparity.width() == width && disparity.height() == height, "SGM: disparity is ", disparity.width(), "x",
        disparity.height(), ", the images are ", width, "x", height, " pixels; they must be equal");
  check(maps.confidence.width() == width && maps.confidence.height() == height && maps.occluded.width() == width &&
            maps.occluded.height() == height,
        "SGM: confidence is ", maps.confidence.width(), "x", maps.confidence.height(), ", occluded ",
        maps.occluded.width(), "x", maps.occluded.height(), ", the images are ", width, "x", height,
        " pixels; they must be equal");
  check(!overlap(left, maps.confidence) && !overlap(right, maps.confidence) && !overlap(left, maps.occluded) &&
            !overlap(right, maps.occluded),
        "SGM: confidence or occluded lies where an image does; give it memory of its own");
  if constexpr (std::is_same_v<T, float>) {
    check_finite("SGM", left, "left");
    check_finite("SGM", right, "right");
  }
  // disparities that no pixel of this width can have are not searched
  const int first = std::max(options_.min_disparity, 1 - width);
  const int count = std::min(options_.max_disparity, width) - first;
  check(count > 0, "SGM: no pixel of an image ", width, " pixels wide has a match between min_disparity ",
        options_.min_disparity, " and max_disparity ", options_.max_disparity, " - 1; choose a range nearer to 0");
  Scratch& scratch = *scratch_;
  scratch.guide.prepare(left, options_.num_threads);
  scratch.sweep.prepare(scratch.task(options_, width, height, count), scratch.guide);
  CensusCosts<T>& census = scratch.census<T>();
  census.prepare(options_.census, left, right, first, count, scratch.sweep.cost_room());
  if (!overlap(left, disparity) && !overlap(right, disparity)) {
    return scratch.aggregate(options_, census, first, count, maps);
  }
  if (scratch.apart.width() != width || scratch.apart.height() != height) scratch.apart.resize(width, height);
  scratch.aggregate(options_, census, first, count, {scratch.apart.view(), maps.confidence, maps.occluded});
  for (int y = 0; y < height; ++y) std::copy_n(scratch.apart.view().row(y), width, disparity.row(y));
}

template <typename T>
void SGM::match_costs(TensorView<const std::uint8_t, 3> costs, ImageView<const T> left, ImageView<float> disparity) {
  const int width = left.width(), height = left.height(), count = options_.max_disparity - options_.min_disparity;
  check(!left.empty(), "SGM: the images are empty (", width, "x", height, " pixels)");
  check(costs.size(0) == height && costs.size(1) == width && costs.size(2) == count, "SGM: costs are ", costs.shape(),
        "; allowed is ", height, "x", width, "x", count, ": height, width and max_disparity - min_disparity");
  check(disparity.width() == width && disparity.height() == height, "SGM: disparity is ", disparity.width(), "x",
        disparity.height(), ", the images are ", width, "x", height, " pixels; they must be equal");
  if constexpr (std::is_same_v<T, float>) check_finite("SGM", left, "left");
  Scratch& scratch = *scratch_;
  scratch.volume.prepare("SGM", costs, options_.p2, options_.num_threads);
  scratch.guide.prepare(left, options_.num_threads);
  scratch.sweep.prepare(scratch.task(options_, width, height, count), scratch.guide);
  scratch.aggregate(options_, scratch.volume, options_.min_disparity, count, kept(width, height, disparity));
}

void SGM::operator()(TensorView<const std::uint8_t, 3> costs, ImageView<const std::uint8_t> left,
                     ImageView<float> disparity) {
  match_costs(costs, left, disparity);
}

void SGM::operator()(TensorView<const std::uint8_t, 3> costs, ImageView<const std::uint16_t> left,
                     ImageView<float> disparity) {
  match_costs(costs, left, disparity);
}

void SGM::operator()(TensorView<const std::uint8_t, 3> costs, ImageView<const float> left, ImageView<float> disparity) {
  match_costs(costs, left, disparity);
}

void SGM::operator()(Bytes left, Bytes right, ImageView<float> disparity, ImageView<float> confidence,
                     ImageView<std::uint8_t> occluded) {
  run(left, right, {disparity, confidence, occluded});
}

void SGM::operator()(Words left, Words right, ImageView<float> disparity, ImageView<float> confidence,
                     ImageView<std::uint8_t> occluded) {
  run(left, right, {disparity, confidence, occluded});
}

void SGM::operator()(Floats left, Floats right, ImageView<float> disparity, ImageView<float> confidence,
                     ImageView<std::uint8_t> occluded) {
  run(left, right, {disparity, confidence, occluded});
}

void SGM::match(Bytes left, Bytes right, ImageView<float> disparity) {
  run(left, right, kept(left.width(), left.height(), disparity));
}
void SGM::match(Words left, Words right, ImageView<float> disparity) {
  run(left, right, kept(left.width(), left.height(), disparity));
}
void SGM::match(Floats left, Floats right, ImageView<float> disparity) {
  run(left, right, kept(left.width(), left.height(), disparity));
}

}  // namespace geomvision::stereo

#include "geomvision/stereo/sgm.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <limits>
#include <utility>
#include <vector>

#include "geomvision/check.hpp"
#include "geomvision/parallel.hpp"
#include "geomvision/stereo/postprocess.hpp"
#include "kernels/sgm.hpp"
#include "stereo/sgm_volume.hpp"

namespace geomvision::stereo {
namespace {

constexpr float nan = std::numeric_limits<float>::quiet_NaN();
constexpr std::int16_t none = std::numeric_limits<std::int16_t>::min();
constexpr std::uint16_t nothing = std::numeric_limits<std::uint16_t>::max();  // above every sum

void check_choice(const char* option, const std::string& value, std::initializer_list<const char*> allowed) {
  std::string list;
  for (const char* name : allowed) list += std::string(list.empty() ? "'" : ", '") + name + "'";
  const bool known = std::any_of(allowed.begin(), allowed.end(), [&](const char* name) { return value == name; });
  check(known, "SGM: ", option, " is '", value, "'; allowed are ", list);
}

void check_finite(ImageView<const float> image, const char* name) {
  for (int y = 0; y < image.height(); ++y) {
    for (int x = 0; x < image.width(); ++x) {
      check(std::isfinite(image(x, y)), "SGM: ", name, " holds NaN or infinity at (", x, ", ", y, "); fill it first");
    }
  }
}

}  // namespace

void SGMOptions::check() const {
  check_range("SGM", "max_disparity", max_disparity, -8191, 8192);
  check_range("SGM", "min_disparity", min_disparity, -8192, 8191);
  geomvision::check(min_disparity < max_disparity, "SGM: min_disparity is ", min_disparity, " and max_disparity ",
                    max_disparity, "; max_disparity must be larger");
  check_choice("census", census, {"5x5", "7x7", "9x7"});
  geomvision::check(paths == 4 || paths == 8, "SGM: paths is ", paths, "; allowed are 4 and 8");
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
  check_choice("fill", fill, {"none", "background"});
  check_range("SGM", "num_threads", num_threads, 0, 1024);
}

struct SGM::Scratch {
  SGMVolume volume;
  Image<std::int16_t> left, right;  // whole-pixel winners of both views
  Image<std::uint16_t> best;        // smallest sum offered to a right pixel, mirrored and with margins
  Image<std::int16_t> best_index;   // and the index of its disparity
  Image<Agreement> agreement;
  Image<float> confidence;
  Image<std::uint8_t> occluded;
  MedianFilter median;
  SpeckleFilter speckle;
  BackgroundFill fill;

  void prepare();
  void choose_left(const SGMOptions& options, int y, ImageView<float> disparity);
  void choose_right(int y);
  void weigh(int y);
  void finish(const SGMOptions& options, ImageView<float> disparity);
};

void SGM::Scratch::prepare() {
  const int width = volume.width, height = volume.height;
  left.resize(width, height);
  right.resize(width, height, none);
  best.resize(width + volume.count - 1, height, nothing);
  best_index.resize(width + volume.count - 1, height);
  agreement.resize(width, height, Agreement::agrees);
  confidence.resize(width, height);
  occluded.resize(width, height);
}

// The winner takes all, unless one more than a pixel away is as good (or not worse by `uniqueness` percent).
void SGM::Scratch::choose_left(const SGMOptions& options, int y, ImageView<float> disparity) {
  const int count = volume.count;
  const auto smallest = GEOMVISION_KERNEL(smallest_u16);
  const auto offset = options.subpixel == "parabola" ? parabola_offset : equiangular_offset;
  const bool refined = options.subpixel != "none";
  for (int x = 0; x < volume.width; ++x) {
    const std::uint16_t* sums = volume.sums_at(x, y);
    const int least = smallest(sums, count);
    const int winner = static_cast<int>(std::find(sums, sums + count, least) - sums);
    int second = nothing;
    if (winner >= 2) second = smallest(sums, winner - 1);
    if (winner + 2 < count) second = std::min<int>(second, smallest(sums + winner + 2, count - winner - 2));
    const bool alone = second == nothing;
    if (!alone && 100 * least >= (100 - options.uniqueness) * second) {
      left(x, y) = none;
      disparity(x, y) = nan;
      confidence(x, y) = 0.0f;
      continue;
    }
    left(x, y) = static_cast<std::int16_t>(volume.first_disparity + winner);
    disparity(x, y) = left(x, y);
    if (refined && winner > 0 && winner + 1 < count) {
      disparity(x, y) += offset(sums[winner - 1], least, sums[winner + 1]);
    }
    confidence(x, y) = alone ? 0.0f : static_cast<float>(second - least) / static_cast<float>(second);
  }
}

// Winners of the right view from the same sums: the candidates of right pixel x are left pixels x + d.
void SGM::Scratch::choose_right(int y) {
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
void SGM::Scratch::weigh(int y) {
  for (int x = 0; x < volume.width; ++x) {
    if (left(x, y) == none) continue;
    const int partner = x - left(x, y);
    const bool inside = partner >= 0 && partner < volume.width && right(partner, y) != none;
    const int distance = inside ? std::abs(left(x, y) - right(partner, y)) : 0;
    confidence(x, y) = inside ? confidence(x, y) / static_cast<float>(1 + distance) : 0.0f;
  }
}

void SGM::Scratch::finish(const SGMOptions& options, ImageView<float> disparity) {
  median(disparity, options.median, options.num_threads);
  for (int y = 0; y < volume.height; ++y) {
    for (int x = 0; x < volume.width; ++x) {
      const Agreement found = agreement(x, y);
      occluded(x, y) = found == Agreement::occluded;
      if (found == Agreement::occluded || found == Agreement::mismatched) disparity(x, y) = nan;
    }
  }
  speckle(disparity, options.speckle_size, options.speckle_range);
  for (int y = 0; y < volume.height; ++y) {
    for (int x = 0; x < volume.width; ++x) {
      if (std::isnan(disparity(x, y))) confidence(x, y) = 0.0f;
    }
  }
  if (options.fill == "background") fill(disparity, occluded, options.num_threads);
}

SGM::SGM(SGMOptions options) : options_(std::move(options)), scratch_(std::make_unique<Scratch>()) { options_.check(); }
SGM::~SGM() = default;
SGM::SGM(SGM&&) noexcept = default;
SGM& SGM::operator=(SGM&&) noexcept = default;

ImageView<const float> SGM::confidence() const { return std::as_const(scratch_->confidence).view(); }
ImageView<const std::uint8_t> SGM::occluded() const { return std::as_const(scratch_->occluded).view(); }

template <typename T>
void SGM::match(ImageView<const T> left, ImageView<const T> right, ImageView<float> disparity) {
  const int width = left.width(), height = left.height();
  check(!left.empty(), "SGM: the images are empty (", width, "x", height, " pixels)");
  check(right.width() == width && right.height() == height, "SGM: left is ", width, "x", height, ", right is ",
        right.width(), "x", right.height(), " pixels; they must be equal");
  check(disparity.width() == width && disparity.height() == height, "SGM: disparity is ", disparity.width(), "x",
        disparity.height(), ", the images are ", width, "x", height, " pixels; they must be equal");
  if constexpr (std::is_same_v<T, float>) {
    check_finite(left, "left");
    check_finite(right, "right");
  }
  Scratch& scratch = *scratch_;
  scratch.volume.compute(options_, left, right);
  scratch.prepare();
  const auto rows = [&](int begin, int end) {
    for (int y = begin; y < end; ++y) {
      scratch.choose_left(options_, y, disparity);
      scratch.choose_right(y);
      scratch.weigh(y);
      if (options_.left_right < 0) continue;
      left_right_check(scratch.left.view().row(y), scratch.right.view().row(y), width, none, options_.left_right,
                       scratch.agreement.view().row(y));
    }
  };
  parallel_for(height, options_.num_threads, std::ref(rows));
  scratch.finish(options_, disparity);
}

void SGM::operator()(ImageView<const std::uint8_t> left, ImageView<const std::uint8_t> right,
                     ImageView<float> disparity) {
  match(left, right, disparity);
}

void SGM::operator()(ImageView<const std::uint16_t> left, ImageView<const std::uint16_t> right,
                     ImageView<float> disparity) {
  match(left, right, disparity);
}

void SGM::operator()(ImageView<const float> left, ImageView<const float> right, ImageView<float> disparity) {
  match(left, right, disparity);
}

Image<float> SGM::operator()(ImageView<const std::uint8_t> left, ImageView<const std::uint8_t> right) {
  Image<float> disparity(left.width(), left.height());
  match(left, right, disparity.view());
  return disparity;
}

Image<float> SGM::operator()(ImageView<const std::uint16_t> left, ImageView<const std::uint16_t> right) {
  Image<float> disparity(left.width(), left.height());
  match(left, right, disparity.view());
  return disparity;
}

Image<float> SGM::operator()(ImageView<const float> left, ImageView<const float> right) {
  Image<float> disparity(left.width(), left.height());
  match(left, right, disparity.view());
  return disparity;
}

}  // namespace geomvision::stereo

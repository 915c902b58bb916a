#include "geomvision/stereo/block_matching.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

#include "geomvision/check.hpp"
#include "geomvision/parallel.hpp"
#include "geomvision/stereo/postprocess.hpp"
#include "kernels/block_matching.hpp"
#include "stereo/window_costs.hpp"

namespace geomvision::stereo {
namespace {

constexpr float nan = std::numeric_limits<float>::quiet_NaN();
constexpr std::int16_t none = std::numeric_limits<std::int16_t>::min();

// Levels of a 16-bit image that make one of 255.
constexpr int levels_16_bit = 257;

template <typename T>
void smallest_and_largest(ImageView<const T> image, const char* name, T& low, T& high) {
  for (int y = 0; y < image.height(); ++y) {
    const T* row = image.row(y);
    for (int x = 0; x < image.width(); ++x) {
      if constexpr (std::is_same_v<T, float>) {
        check(std::isfinite(row[x]), "BlockMatching: ", name, " holds NaN or infinity at (", x, ", ", y,
              "); fill it first");
      }
      low = std::min(low, row[x]);
      high = std::max(high, row[x]);
    }
  }
}

// Integers as they are; floats with `low` at 0 and `steps` levels per unit, rounded.
template <typename T>
void continue_image(ImageView<const T> from, double low, double steps, int radius, Continued<std::uint16_t>& to) {
  to.radius = radius;
  to.image.resize(from.width() + 2 * radius, from.height());
  for (int y = 0; y < from.height(); ++y) {
    std::uint16_t* row = &to.image(radius, y);
    for (int x = 0; x < from.width(); ++x) {
      if constexpr (std::is_same_v<T, float>) {
        row[x] = static_cast<std::uint16_t>((static_cast<double>(from(x, y)) - low) * steps + 0.5);
      } else {
        row[x] = from(x, y);
      }
    }
    std::fill(row - radius, row, row[0]);
    std::fill(row + from.width(), row + from.width() + radius, row[from.width() - 1]);
  }
}

}  // namespace

void BlockMatchingOptions::check() const {
  const char* owner = "BlockMatching";
  check_range(owner, "max_disparity", max_disparity, -8191, 8192);
  check_range(owner, "min_disparity", min_disparity, -8192, 8191);
  geomvision::check(min_disparity < max_disparity, "BlockMatching: min_disparity is ", min_disparity,
                    " and max_disparity ", max_disparity, "; max_disparity must be larger");
  window_cost(cost);
  geomvision::check(window % 2 == 1 && window >= 1 && window <= 63, "BlockMatching: window is ", window,
                    "; allowed is odd and between 1 and 63");
  check_range(owner, "texture", texture, 0.0f, 255.0f);
  check_range(owner, "uniqueness", uniqueness, 0, 99);
  geomvision::check(subpixel == "none" || subpixel == "parabola" || subpixel == "equiangular",
                    "BlockMatching: subpixel is '", subpixel, "'; allowed are 'none', 'parabola', 'equiangular'");
  check_range(owner, "left_right", left_right, -1, 8192);
  check_range(owner, "speckle_size", speckle_size, 0, 1 << 30);
  check_range(owner, "speckle_range", speckle_range, 0.0f, 8192.0f);
  geomvision::check(fill == "none" || fill == "background", "BlockMatching: fill is '", fill,
                    "'; allowed are 'none', 'background'");
  check_range(owner, "num_threads", num_threads, 0, 1024);
}

// What a band of rows needs to itself.
struct Band {
  WindowCosts costs;
  std::vector<std::int64_t> texture;       // window sums of a row's horizontal gradients
  std::vector<std::int32_t> right_cost;    // smallest cost offered to a right pixel, mirrored
  std::vector<std::int32_t> right_winner;  // and its disparity
  std::vector<std::int16_t> left, right;   // whole-pixel winners of both views
  std::vector<Agreement> agreement;
};

struct BlockMatching::Scratch {
  WindowPair pair;
  WindowSearch search;
  std::int64_t least_texture = 0;
  Image<std::uint16_t> census;
  Continued<std::uint16_t> gradient;
  std::vector<Band> bands;
  Image<float> confidence;
  Image<std::uint8_t> occluded;
  SpeckleFilter speckle;
  BackgroundFill fill;

  template <typename T>
  void prepare(const BlockMatchingOptions& options, ImageView<const T> left, ImageView<const T> right);
  void take_gradient();
  void match_band(const BlockMatchingOptions& options, Band& band, int begin, int end, ImageView<float> disparity);
  void sum_texture(Band& band, int y);
  void choose_row(const BlockMatchingOptions& options, Band& band, int y, ImageView<float> disparity);
  void check_row(const BlockMatchingOptions& options, Band& band, int y, ImageView<float> disparity);
  void finish(const BlockMatchingOptions& options, ImageView<float> disparity);
};

template <typename T>
void BlockMatching::Scratch::prepare(const BlockMatchingOptions& options, ImageView<const T> left,
                                     ImageView<const T> right) {
  const int width = left.width(), radius = options.window / 2;
  T low = left(0, 0), high = low;
  smallest_and_largest(left, "left", low, high);
  smallest_and_largest(right, "right", low, high);
  constexpr bool is_float = std::is_same_v<T, float>;
  const double spread = static_cast<double>(high) - static_cast<double>(low);
  const double steps = spread > 0.0 ? 65535.0 / spread : 0.0;
  continue_image(left, low, steps, radius, pair.left);
  continue_image(right, low, steps, radius, pair.right);
  pair.width = width;
  pair.height = left.height();
  search.cost = window_cost(options.cost);
  search.radius = radius;
  search.first = std::max(options.min_disparity, 1 - width);  // beyond, no pixel has a candidate
  search.count = std::min(options.max_disparity, width) - search.first;
  check(search.count > 0, "BlockMatching: no pixel of an image ", width, " pixels wide has a match between ",
        "min_disparity ", options.min_disparity, " and max_disparity ", options.max_disparity, " - 1");
  const std::int64_t area = static_cast<std::int64_t>(options.window) * options.window;
  search.shift = square_shift(area, is_float ? 65535 : static_cast<std::int64_t>(spread));
  if (search.cost == WindowCost::census) {
    census_words(pair.left, census, pair.left_words, options.num_threads);
    census_words(pair.right, census, pair.right_words, options.num_threads);
  }
  // The gradient is taken over two pixels.
  const double least = 2.0 * static_cast<double>(options.texture) * static_cast<double>(area);
  least_texture = static_cast<std::int64_t>(std::ceil(least * (sizeof(T) == 1 ? 1 : levels_16_bit)));
  if (least_texture > 0) take_gradient();
  confidence.resize(width, pair.height);
  occluded.resize(width, pair.height);
}

void BlockMatching::Scratch::take_gradient() {
  const int width = pair.width, radius = search.radius;
  gradient.radius = radius;
  gradient.image.resize(width + 2 * radius, pair.height);
  for (int y = 0; y < pair.height; ++y) {
    const std::uint16_t* grey = pair.left.row(y) + radius;
    std::uint16_t* row = &gradient.image(radius, y);
    for (int x = 0; x < width; ++x) {
      row[x] = static_cast<std::uint16_t>(std::abs(grey[std::min(x + 1, width - 1)] - grey[std::max(x - 1, 0)]));
    }
    std::fill(row - radius, row, row[0]);
    std::fill(row + width, row + width + radius, row[width - 1]);
  }
}

void BlockMatching::Scratch::sum_texture(Band& band, int y) {
  band.texture.assign(static_cast<std::size_t>(pair.width), 0);
  const int side = 2 * search.radius + 1;
  for (int dy = -search.radius; dy <= search.radius; ++dy) {
    const std::uint16_t* row = gradient.row(y + dy);
    std::int64_t sum = 0;
    for (int i = 0; i < side - 1; ++i) sum += row[i];
    for (int x = 0; x < pair.width; ++x) {
      sum += row[x + side - 1];
      band.texture[static_cast<std::size_t>(x)] += sum;
      sum -= row[x];
    }
  }
}

void BlockMatching::Scratch::match_band(const BlockMatchingOptions& options, Band& band, int begin, int end,
                                        ImageView<float> disparity) {
  const std::size_t width = static_cast<std::size_t>(pair.width);
  band.left.resize(width);
  band.right.resize(width);
  band.agreement.resize(width);
  for (int y = begin; y < end; ++y) {
    if (y == begin) {
      band.costs.start(pair, search, y);
    } else {
      band.costs.next_row();
    }
    if (least_texture > 0) sum_texture(band, y);
    band.right_cost.assign(width, no_cost);
    band.right_winner.assign(width, none);
    choose_row(options, band, y, disparity);
    for (std::size_t x = 0; x < width; ++x) band.right[x] = static_cast<std::int16_t>(band.right_winner[width - 1 - x]);
    check_row(options, band, y, disparity);
  }
}

// The winner takes all, unless one more than a pixel away is as good (or not worse by `uniqueness` percent).
void BlockMatching::Scratch::choose_row(const BlockMatchingOptions& options, Band& band, int y,
                                        ImageView<float> disparity) {
  const auto two_best = GEOMVISION_KERNEL(two_best);
  const auto offer = GEOMVISION_KERNEL(offer_to_right);
  const int width = pair.width;
  for (int x = 0; x < width; ++x) {
    band.left[static_cast<std::size_t>(x)] = none;
    disparity(x, y) = nan;
    confidence(x, y) = 0.0f;
    const std::int32_t* costs = band.costs.next_pixel();
    const int lowest = std::max(search.first, x - (width - 1));  // right pixels x - d lie inside the image
    const int count = std::min(search.first + search.count - 1, x) - lowest + 1;
    if (costs == nullptr || count <= 0) continue;
    costs += lowest - search.first;
    const std::size_t mirrored = static_cast<std::size_t>(width - 1 - (x - lowest));
    offer(costs, count, lowest, band.right_cost.data() + mirrored, band.right_winner.data() + mirrored);
    if (least_texture > 0 && band.texture[static_cast<std::size_t>(x)] < least_texture) continue;
    int best = 0;
    std::int32_t second = no_cost;
    two_best(costs, count, no_cost, &best, &second);
    const std::int32_t least = costs[best];
    const bool alone = second == no_cost;
    const std::int64_t bound = static_cast<std::int64_t>(100 - options.uniqueness) * second;
    if (least == no_cost || (!alone && std::int64_t{100} * least >= bound)) continue;
    band.left[static_cast<std::size_t>(x)] = static_cast<std::int16_t>(lowest + best);
    disparity(x, y) = static_cast<float>(lowest + best);
    const bool inner = best > 0 && best + 1 < count && costs[best - 1] != no_cost && costs[best + 1] != no_cost;
    if (inner && options.subpixel != "none") {
      const auto offset = options.subpixel == "parabola" ? parabola_offset : equiangular_offset;
      disparity(x, y) += offset(costs[best - 1], least, costs[best + 1]);
    }
    if (!alone) confidence(x, y) = static_cast<float>(second - least) / static_cast<float>(second);
  }
}

// A winner that the right view confirms keeps its confidence; one that fails the check is none.
void BlockMatching::Scratch::check_row(const BlockMatchingOptions& options, Band& band, int y,
                                       ImageView<float> disparity) {
  const bool checked = options.left_right >= 0;
  if (checked) {
    left_right_check(band.left.data(), band.right.data(), pair.width, none, options.left_right, band.agreement.data());
  }
  for (int x = 0; x < pair.width; ++x) {
    const std::int16_t winner = band.left[static_cast<std::size_t>(x)];
    if (winner != none) {
      const int other = band.right[static_cast<std::size_t>(x - winner)];
      confidence(x, y) /= static_cast<float>(1 + std::abs(winner - other));
    }
    const Agreement found = checked ? band.agreement[static_cast<std::size_t>(x)] : Agreement::agrees;
    occluded(x, y) = found == Agreement::occluded;
    if (found == Agreement::occluded || found == Agreement::mismatched) disparity(x, y) = nan;
  }
}

void BlockMatching::Scratch::finish(const BlockMatchingOptions& options, ImageView<float> disparity) {
  speckle(disparity, options.speckle_size, options.speckle_range);
  for (int y = 0; y < pair.height; ++y) {
    for (int x = 0; x < pair.width; ++x) {
      if (std::isnan(disparity(x, y))) confidence(x, y) = 0.0f;
    }
  }
  if (options.fill == "background") fill(disparity, occluded, options.num_threads);
}

BlockMatching::BlockMatching(BlockMatchingOptions options)
    : options_(std::move(options)), scratch_(std::make_unique<Scratch>()) {
  options_.check();
}
BlockMatching::~BlockMatching() = default;
BlockMatching::BlockMatching(BlockMatching&&) noexcept = default;
BlockMatching& BlockMatching::operator=(BlockMatching&&) noexcept = default;

ImageView<const float> BlockMatching::confidence() const { return std::as_const(scratch_->confidence).view(); }
ImageView<const std::uint8_t> BlockMatching::occluded() const { return std::as_const(scratch_->occluded).view(); }

template <typename T>
void BlockMatching::match(ImageView<const T> left, ImageView<const T> right, ImageView<float> disparity) {
  const int width = left.width(), height = left.height();
  check(!left.empty(), "BlockMatching: the images are empty (", width, "x", height, " pixels)");
  check(right.width() == width && right.height() == height, "BlockMatching: left is ", width, "x", height,
        ", right is ", right.width(), "x", right.height(), " pixels; they must be equal");
  check(disparity.width() == width && disparity.height() == height, "BlockMatching: disparity is ", disparity.width(),
        "x", disparity.height(), ", the images are ", width, "x", height, " pixels; they must be equal");
  Scratch& scratch = *scratch_;
  scratch.prepare(options_, left, right);
  // Each band sums up its first window from scratch: bands much lower than the window would only repeat work.
  const int bands = std::clamp(height / (2 * options_.window), 1, resolve_threads(options_.num_threads));
  if (scratch.bands.size() < static_cast<std::size_t>(bands)) scratch.bands.resize(static_cast<std::size_t>(bands));
  parallel_for(bands, options_.num_threads, [&](int begin, int end) {
    for (int band = begin; band < end; ++band) {
      const int first = static_cast<int>(static_cast<std::int64_t>(height) * band / bands);
      const int last = static_cast<int>(static_cast<std::int64_t>(height) * (band + 1) / bands);
      scratch.match_band(options_, scratch.bands[static_cast<std::size_t>(band)], first, last, disparity);
    }
  });
  scratch.finish(options_, disparity);
}

void BlockMatching::operator()(ImageView<const std::uint8_t> left, ImageView<const std::uint8_t> right,
                               ImageView<float> disparity) {
  match(left, right, disparity);
}

void BlockMatching::operator()(ImageView<const std::uint16_t> left, ImageView<const std::uint16_t> right,
                               ImageView<float> disparity) {
  match(left, right, disparity);
}

void BlockMatching::operator()(ImageView<const float> left, ImageView<const float> right, ImageView<float> disparity) {
  match(left, right, disparity);
}

Image<float> BlockMatching::operator()(ImageView<const std::uint8_t> left, ImageView<const std::uint8_t> right) {
  Image<float> disparity(left.width(), left.height());
  match(left, right, disparity.view());
  return disparity;
}

Image<float> BlockMatching::operator()(ImageView<const std::uint16_t> left, ImageView<const std::uint16_t> right) {
  Image<float> disparity(left.width(), left.height());
  match(left, right, disparity.view());
  return disparity;
}

Image<float> BlockMatching::operator()(ImageView<const float> left, ImageView<const float> right) {
  Image<float> disparity(left.width(), left.height());
  match(left, right, disparity.view());
  return disparity;
}

}  // namespace geomvision::stereo

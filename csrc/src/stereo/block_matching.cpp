#include "geomvision/stereo/block_matching.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <limits>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "each_run.hpp"
#include "geomvision/check.hpp"
#include "geomvision/parallel.hpp"
#include "geomvision/stereo/postprocess.hpp"
#include "kernels/block_matching.hpp"
#include "kernels/row_finish.hpp"
#include "stereo/byte_windows.hpp"
#include "stereo/check_room.hpp"
#include "stereo/matched_levels.hpp"
#include "stereo/window_costs.hpp"

namespace geomvision::stereo {
namespace {

constexpr float nan = std::numeric_limits<float>::quiet_NaN();
constexpr std::int16_t none = kernels::no_disparity;

constexpr int pieces_of_thread = 12, least_rows = 4;

// Levels of a 16-bit image that make one of 255.
constexpr int levels_16_bit = 257;

}  // namespace

void BlockMatchingOptions::check() const {
  const char* owner = "BlockMatching";
  check_range(owner, "max_disparity", max_disparity, -8191, 8192);
  check_range(owner, "min_disparity", min_disparity, -8192, 8191);
  geomvision::check(min_disparity < max_disparity, "BlockMatching: min_disparity is ", min_disparity,
                    " and max_disparity ", max_disparity, "; max_disparity must be larger");
  window_cost(cost);
  geomvision::check(prefilter == "none" || prefilter == "xsobel", "BlockMatching: prefilter is '", prefilter,
                    "'; allowed are 'none', 'xsobel'");
  geomvision::check(window % 2 == 1 && window >= 1 && window <= 63, "BlockMatching: window is ", window,
                    "; allowed is odd and between 1 and 63");
  check_range(owner, "texture", texture, 0.0f, 255.0f);
  check_range(owner, "uniqueness", uniqueness, 0, 99);
  geomvision::check(subpixel == "none" || subpixel == "parabola" || subpixel == "equiangular",
                    "BlockMatching: subpixel is '", subpixel, "'; allowed are 'none', 'parabola', 'equiangular'");
  check_range(owner, "left_right", left_right, -1, 8192);
  check_range(owner, "speckle_size", speckle_size, 0, 1 << 30);
  check_range(owner, "speckle_range", speckle_range, 0.0f, 8192.0f);
  geomvision::check(fill == "none" || fill == "background" || fill == "row", "BlockMatching: fill is '", fill,
                    "'; allowed are 'none', 'background', 'row'");
  check_range(owner, "num_threads", num_threads, 0, 1024);
}

// What a thread needs to itself.
struct Room {
  WindowCosts costs;
  ByteWindows::Room bytes;
  std::vector<std::int64_t> texture;           // window sums of a row's horizontal gradients
  std::vector<std::int32_t> found[5];          // see kernels::Winners
  std::vector<std::uint16_t> narrow_found[5];  // of `bytes`
  std::vector<std::int16_t> left, right;       // whole-pixel winners of both views
  CheckRoom check;

  template <typename Cost>
  static auto of(std::vector<Cost> (&found)[5]) {
    return std::tie(found[0], found[1], found[2], found[3], found[4]);
  }

  auto buffers() {
    return std::tuple_cat(costs.buffers(), bytes.buffers(), check.buffers(), of(found), of(narrow_found),
                          std::tie(texture, left, right));
  }

  template <typename Cost>
  static kernels::Winners<Cost> row(std::vector<Cost> (&found)[5], int width) {
    for (auto& each : found) each.resize(static_cast<std::size_t>(width + kernels::most_lanes));
    return {found[0].data(), found[1].data(), found[2].data(), found[3].data(), found[4].data()};
  }
};

struct BlockMatching::Scratch {
  WindowPair pair;
  WindowSearch search;
  bool in_bytes = false;  // whether `bytes` does the search
  ByteWindows bytes;
  Image<std::uint8_t> levels[2], filtered[2];
  std::int64_t least_texture = 0;
  Image<std::uint16_t> census;
  Continued<std::uint16_t> gradient;
  std::vector<Room> rooms;  // of each thread
  Runs runs;
  Maps maps;  // of this call
  Image<float> confidence;
  Image<std::uint8_t> occluded;
  SpeckleFilter speckle;
  BackgroundFill fill;

  template <typename T>
  void prepare(const BlockMatchingOptions& options, ImageView<const T> left, ImageView<const T> right);
  void take_range(const BlockMatchingOptions& options);
  void take_gradient();
  void match_rows(const BlockMatchingOptions& options, Room& room, int begin, int end, bool goes_on);
  void sum_texture(Room& room, int y);
  void choose_row(const BlockMatchingOptions& options, Room& room, int y);
  void finish(const BlockMatchingOptions& options);
};

void BlockMatching::Scratch::take_range(const BlockMatchingOptions& options) {
  const int width = pair.width;
  search.cost = window_cost(options.cost);
  search.radius = options.window / 2;
  search.first = std::max(options.min_disparity, 1 - width);  // beyond, no pixel has a candidate
  search.count = std::min(options.max_disparity, width) - search.first;
  check(search.count > 0, "BlockMatching: no pixel of an image ", width, " pixels wide has a match between ",
        "min_disparity ", options.min_disparity, " and max_disparity ", options.max_disparity, " - 1");
}

template <typename T>
void BlockMatching::Scratch::prepare(const BlockMatchingOptions& options, ImageView<const T> left,
                                     ImageView<const T> right) {
  pair.width = left.width();
  pair.height = left.height();
  take_range(options);
  const bool differences = search.cost == WindowCost::sad || search.cost == WindowCost::ssd;
  const bool filters = differences && options.prefilter == "xsobel";
  const double area = static_cast<double>(options.window) * options.window;
  // The gradient is taken over two pixels.
  const double least = 2.0 * static_cast<double>(options.texture) * area * (sizeof(T) == 1 ? 1 : levels_16_bit);
  least_texture = static_cast<std::int64_t>(std::ceil(least));
  in_bytes = search.cost == WindowCost::sad && (filters || sizeof(T) == 1) &&
             ByteWindows::fits(options.window, filters ? xsobel_levels : 255);
  T low = left(0, 0), high = low;
  if (sizeof(T) > 1 || !in_bytes) {
    smallest_and_largest(left, "left", low, high);
    smallest_and_largest(right, "right", low, high);
  }
  const double spread = static_cast<double>(high) - static_cast<double>(low);
  if (least_texture > 0 || (!filters && !in_bytes)) {
    const double steps = spread > 0.0 ? 65535.0 / spread : 0.0;
    continue_image(left, low, steps, search.radius, pair.left);
    continue_image(right, low, steps, search.radius, pair.right);
  }
  if (least_texture > 0) take_gradient();
  constexpr bool is_float = std::is_same_v<T, float>;
  search.shift = square_shift(static_cast<std::int64_t>(area),
                              filters ? xsobel_levels : (is_float ? 65535 : static_cast<std::int64_t>(spread)));
  if (filters || in_bytes) {
    const double steps = spread > 0.0 ? 255.0 / spread : 0.0;
    ImageView<const std::uint8_t> seen[] = {as_bytes(left, low, steps, levels[0]),
                                            as_bytes(right, low, steps, levels[1])};
    if (in_bytes) {
      bytes.take(seen[0], seen[1], search, filters, options.num_threads);
    } else {
      for (int side = 0; side < 2; ++side) {
        xsobel(seen[side], filtered[side], options.num_threads);
        continue_image(std::as_const(filtered[side]).view(), 0.0, 1.0, search.radius,
                       side == 0 ? pair.left : pair.right);
      }
    }
  }
  if (search.cost == WindowCost::census) {
    census_words(pair.left, census, pair.left_words, options.num_threads);
    census_words(pair.right, census, pair.right_words, options.num_threads);
  }
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

void BlockMatching::Scratch::sum_texture(Room& room, int y) {
  room.texture.assign(static_cast<std::size_t>(pair.width), 0);
  const int side = 2 * search.radius + 1;
  for (int dy = -search.radius; dy <= search.radius; ++dy) {
    const std::uint16_t* row = gradient.row(y + dy);
    std::int64_t sum = 0;
    for (int i = 0; i < side - 1; ++i) sum += row[i];
    for (int x = 0; x < pair.width; ++x) {
      sum += row[x + side - 1];
      room.texture[static_cast<std::size_t>(x)] += sum;
      sum -= row[x];
    }
  }
}

// Running sums go on from the row before, where the room holds them.
void BlockMatching::Scratch::match_rows(const BlockMatchingOptions& options, Room& room, int begin, int end,
                                        bool goes_on) {
  const std::size_t width = static_cast<std::size_t>(pair.width);
  for (auto* each : {&room.left, &room.right}) each->resize(width + 1);
  room.left[width] = none;
  room.check.resize(pair.width);
  const std::int16_t* right = room.right.data();
  for (int y = begin; y < end; ++y) {
    const bool starts = y == begin && !goes_on;
    if (in_bytes) {
      if (starts) bytes.start(room.bytes, y);
      right = bytes.search(room.bytes, y, Room::row(room.narrow_found, pair.width));
    } else {
      starts ? room.costs.start(pair, search, y) : room.costs.next_row();
      room.costs.search(Room::row(room.found, pair.width), none, room.right.data());
    }
    choose_row(options, room, y);
    const kernels::RowCheck check = room.check.check(room.left.data(), right, options.left_right);
    GEOMVISION_KERNEL(check_row)(check, maps.disparity.row(y), maps.confidence.row(y), maps.occluded.row(y));
  }
}

// The winner takes all, unless one more than a pixel away is as good (or not worse by `uniqueness` percent).
void BlockMatching::Scratch::choose_row(const BlockMatchingOptions& options, Room& room, int y) {
  kernels::RowRefinement how{pair.width, search.first, in_bytes ? ByteWindows::none : no_cost, options.uniqueness,
                             kernels::RowRefinement::whole};
  if (options.subpixel == "parabola") how.fit = kernels::RowRefinement::parabola;
  if (options.subpixel == "equiangular") how.fit = kernels::RowRefinement::equiangular;
  float *disparity = maps.disparity.row(y), *sure = maps.confidence.row(y);
  if (in_bytes) {
    const auto found = Room::row(room.narrow_found, pair.width);
    GEOMVISION_KERNEL(refine_narrow_row)(how, found, room.left.data(), disparity, sure);
  } else {
    const auto found = Room::row(room.found, pair.width);
    GEOMVISION_KERNEL(refine_row)(how, found, room.left.data(), disparity, sure);
  }
  if (least_texture <= 0) return;
  sum_texture(room, y);
  for (int x = 0; x < pair.width; ++x) {
    const std::size_t i = static_cast<std::size_t>(x);
    if (room.texture[i] >= least_texture) continue;
    room.left[i] = none;
    maps.disparity(x, y) = nan;
    maps.confidence(x, y) = 0.0f;
  }
}

void BlockMatching::Scratch::finish(const BlockMatchingOptions& options) {
  if (options.speckle_size > 1) {
    speckle(maps.disparity, options.speckle_size, options.speckle_range, options.num_threads);
    for (int y = 0; y < pair.height; ++y) {
      for (int x = 0; x < pair.width; ++x) {
        if (std::isnan(maps.disparity(x, y))) maps.confidence(x, y) = 0.0f;
      }
    }
  }
  if (options.fill == "background") fill(maps.disparity, maps.occluded, options.num_threads);
  if (options.fill == "row") fill_rows(maps.disparity, options.num_threads);
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
void BlockMatching::run(ImageView<const T> left, ImageView<const T> right, ImageView<float> disparity) {
  shape_as(left, scratch_->confidence);
  shape_as(left, scratch_->occluded);
  run(left, right, Maps{disparity, scratch_->confidence.view(), scratch_->occluded.view()});
}

template <typename T>
void BlockMatching::run(ImageView<const T> left, ImageView<const T> right, const Maps& maps) {
  const int width = left.width(), height = left.height();
  const auto check_size = [&](const char* name, const auto& image) {
    check(image.width() == width && image.height() == height, "BlockMatching: left is ", width, "x", height, ", ", name,
          " is ", image.width(), "x", image.height(), " pixels; they must be equal");
  };
  check(!left.empty(), "BlockMatching: the images are empty (", width, "x", height, " pixels)");
  check_size("right", right);
  check_size("disparity", maps.disparity);
  check_size("confidence", maps.confidence);
  check_size("occluded", maps.occluded);
  Scratch& scratch = *scratch_;
  scratch.maps = maps;
  scratch.prepare(options_, left, right);
  // A thread that goes elsewhere sums up its first windows from scratch: no more than in so many places are worth it.
  const int threads = std::clamp(height / (2 * options_.window), 1, resolve_threads(options_.num_threads));
  const int pieces = threads == 1 ? 1 : std::clamp(height / least_rows, 1, pieces_of_thread * threads);
  const auto match = [&](int piece, Room& room, bool goes_on) {
    const int first = static_cast<int>(static_cast<std::int64_t>(height) * piece / pieces);
    const int last = static_cast<int>(static_cast<std::int64_t>(height) * (piece + 1) / pieces);
    scratch.match_rows(options_, room, first, last, goes_on);
  };
  each_run(pieces, threads, scratch.runs, scratch.rooms, match);
  scratch.finish(options_);
}

void BlockMatching::match(Bytes left, Bytes right, ImageView<float> disparity) { run(left, right, disparity); }
void BlockMatching::match(Words left, Words right, ImageView<float> disparity) { run(left, right, disparity); }
void BlockMatching::match(Floats left, Floats right, ImageView<float> disparity) { run(left, right, disparity); }

void BlockMatching::operator()(Bytes left, Bytes right, ImageView<float> disparity, ImageView<float> confidence,
                               ImageView<std::uint8_t> occluded) {
  run(left, right, Maps{disparity, confidence, occluded});
}

void BlockMatching::operator()(Words left, Words right, ImageView<float> disparity, ImageView<float> confidence,
                               ImageView<std::uint8_t> occluded) {
  run(left, right, Maps{disparity, confidence, occluded});
}

void BlockMatching::operator()(Floats left, Floats right, ImageView<float> disparity, ImageView<float> confidence,
                               ImageView<std::uint8_t> occluded) {
  run(left, right, Maps{disparity, confidence, occluded});
}

}  // namespace geomvision::stereo

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "geomvision/cuda/block_matching.hpp"
#include "geomvision/cuda/census.hpp"
#include "stereo/postprocess.cuh"
#include "stereo/window_costs.hpp"
#include "stereo/window_search.cuh"

namespace geomvision::cuda {
namespace {

using windows::Found;
using windows::no_cost;
using windows::OwnPlane;
using windows::Plane;
using windows::Range;
using windows::Search;

constexpr int block = 256;
constexpr float nan = std::numeric_limits<float>::quiet_NaN();
constexpr std::int32_t no_winner = std::numeric_limits<std::int32_t>::min();  // the disparity of no winner
constexpr int xsobel_levels = 62, census_bits = 62, levels_16_bit = 257;

enum class Fit { none, parabola, equiangular };

/// What becomes of the winners.
struct Finish {
  int uniqueness, tolerance;
  Fit fit;
  std::int64_t least_texture;
  const std::int32_t* gradients;  // see windows::sum_gradients; null where no texture is wanted
  const Range* range;             // of floats; else null
};

struct Winner {
  std::int32_t place, least, second, before, after;
};

// The winner of all chunks: the first of the best of each, with what the chunks beside it know.
__device__ Winner winner_of(const Found& found, std::int64_t pixel, std::int64_t pixels) {
  int best = 0;
  std::int64_t at = pixel;
  for (int i = 1; i < found.chunks; ++i) {
    if (found.least[pixel + i * pixels] >= found.least[at]) continue;
    best = i;
    at = pixel + i * pixels;
  }
  Winner winner{best * found.chunk + found.place[at], found.least[at], found.second[at], found.before[at],
                found.after[at]};
  const bool is_first = found.place[at] == 0, is_last = found.place[at] == found.chunk - 1;
  for (int i = 0; i < found.chunks; ++i) {
    const std::int64_t other = pixel + i * pixels;
    std::int32_t rival = i == best ? no_cost : found.least[other];
    if (i == best - 1 && is_first) {
      winner.before = found.last[other];
      rival = found.without_last[other];
    } else if (i == best + 1 && is_last) {
      winner.after = found.first[other];
      rival = found.without_first[other];
    }
    winner.second = min(winner.second, rival);
  }
  return winner;
}

__device__ float offset(Fit fit, std::int32_t before, std::int32_t at, std::int32_t after) {
  if (fit == Fit::none) return 0.0f;
  const std::int32_t bend = fit == Fit::parabola ? before - 2 * at + after : max(before, after) - at;
  return bend == 0 ? 0.0f : static_cast<float>(before - after) / static_cast<float>(2 * bend);
}

// A block has a row: what wins, as kernels::refine_row has it, who points where, and who agrees, as check_row.
__global__ void __launch_bounds__(block) finish_row(Search search, Found found, Finish how, Cells<float, 2> disparity,
                                                    Cells<float, 2> confidence, Cells<std::uint8_t, 2> occluded) {
  const int y = static_cast<int>(blockIdx.x), width = search.width, thread = static_cast<int>(threadIdx.x);
  const std::int64_t row = static_cast<std::int64_t>(y) * width;
  const std::int64_t pixels = static_cast<std::int64_t>(search.height) * width;
  const bool known = how.range == nullptr || windows::Ordered<float>::is_finite(*how.range);
  float *px = disparity.at(y), *sure = confidence.at(y);
  std::uint8_t* seen = occluded.at(y);
  std::int32_t* winners = found.place + row;  // of the first chunk, which has been read
  const auto of_right = [&](int x) {
    const unsigned long long key = found.right[row + x];
    return key == windows::no_key || !known ? no_winner : search.first + static_cast<std::int32_t>(key & 0xffffffffu);
  };
  for (int x = thread; x < width; x += block) {
    const Winner winner = winner_of(found, row + x, pixels);
    const bool alone = winner.second == no_cost;
    bool wins = known && winner.least != no_cost;
    wins = wins && (alone || std::int64_t{100} * winner.least < std::int64_t{100 - how.uniqueness} * winner.second);
    if (how.gradients != nullptr && wins) {
      std::int64_t texture = 0;
      for (int dy = -search.radius; dy <= search.radius; ++dy) {
        const int near = min(max(y + dy, 0), search.height - 1);
        texture += how.gradients[static_cast<std::int64_t>(near) * width + x];
      }
      wins = texture >= how.least_texture;
    }
    const bool inner = wins && winner.before != no_cost && winner.after != no_cost;
    const std::int32_t whole = search.first + winner.place;
    const float beside = inner ? offset(how.fit, winner.before, winner.least, winner.after) : 0.0f;
    const float margin = static_cast<float>(winner.second - winner.least) / static_cast<float>(max(winner.second, 1));
    winners[x] = wins ? whole : no_winner;
    px[x] = wins ? static_cast<float>(whole) + beside : nan;
    sure[x] = wins && !alone ? margin : 0.0f;
    seen[x] = 0;
  }
  __syncthreads();
  for (int x = thread; x < width; x += block) {
    const std::int32_t right = of_right(x);
    if (right != no_winner) seen[x + right] = 1;
  }
  __syncthreads();
  for (int x = thread; x < width; x += block) {
    const std::int32_t left = winners[x];
    bool lost = left == no_winner;
    if (!lost) {
      const std::int32_t right = of_right(x - left), apart = left < right ? right - left : left - right;
      const bool paired = winners[x - left + right] == right;
      lost = paired && how.tolerance >= 0 && apart > how.tolerance;
      px[x] = lost ? nan : px[x];
      sure[x] = lost ? 0.0f : sure[x] / static_cast<float>(1 + apart);
    }
    seen[x] = lost && how.tolerance >= 0 && seen[x] == 0 ? 1 : 0;
  }
}

// A pair in the forms that costs compare.
template <typename T>
class Pair {
 public:
  static constexpr bool is_float = std::is_same_v<T, float>;
  using Grey = std::conditional_t<sizeof(T) == 1, std::uint8_t, std::uint16_t>;

  Pair(Plane<T> left, Plane<T> right, Stream stream) : images_{left, right}, range_(1, stream), stream_(stream) {}

  const Range* range() {
    if (!found_) windows::find_range<T>(images_[0], images_[1], range_.data(), stream_);
    found_ = true;
    return range_.data();
  }

  /// Integers as they are, floats in 16 bits.
  Plane<Grey> grey(int side) {
    if constexpr (is_float) {
      if (!grey_[side]) windows::quantise<T, Grey>(images_[side], range(), 65535.0, take(grey_[side]), stream_);
      return grey_[side]->view();
    } else {
      return images_[side];
    }
  }

  /// Clipped gradients of 8 bits.
  Plane<std::uint8_t> filtered(int side) {
    windows::xsobel(bytes(side), take(filtered_[side]), stream_);
    return filtered_[side]->view();
  }

  Plane<std::int64_t> words(int side) {
    const Plane<Grey> from = grey(side);
    census_transform<Grey>(from, "9x7", take(words_[side]), stream_);
    return words_[side]->view();
  }

  /// What correlations need, without the area.
  windows::Correlation windows_sums(int radius, bool means) {
    for (int side = 0; side < 2; ++side) {
      const Plane<Grey> from = grey(side);
      windows::sum_windows<Grey>(from, radius, means, take(sums_[side]), take(scales_[side]), stream_);
    }
    return {sums_[0]->view(), sums_[1]->view(), scales_[0]->view(), scales_[1]->view(), 1};
  }

 private:
  template <typename U>
  DeviceView<U, 2> take(std::optional<OwnPlane<U>>& plane) {
    return plane.emplace(images_[0].size(0), images_[0].size(1), stream_).view();
  }

  Plane<std::uint8_t> bytes(int side) {
    if constexpr (sizeof(T) == 1) {
      return images_[side];
    } else {
      windows::quantise<T, std::uint8_t>(images_[side], range(), 255.0, take(bytes_[side]), stream_);
      return bytes_[side]->view();
    }
  }

  const Plane<T> images_[2];
  const StreamMemory<Range> range_;
  const Stream stream_;
  bool found_ = false;
  std::optional<OwnPlane<Grey>> grey_[2];
  std::optional<OwnPlane<std::uint8_t>> bytes_[2], filtered_[2];
  std::optional<OwnPlane<std::int64_t>> words_[2], sums_[2];
  std::optional<OwnPlane<double>> scales_[2];
};

// The costs of a pair and the winners of its views. Memory of the search is made by memory(narrow, bytes of a sum).
template <typename T, typename Memory>
const Found& search_pair(Pair<T>& pair, const Search& search, stereo::WindowCost cost, bool filters,
                         const Memory& memory, Stream stream) {
  using stereo::WindowCost;
  const std::int64_t side = 2 * search.radius + 1, area = side * side;
  const auto narrow = [area](std::int64_t most) { return area * most < 65535; };
  const auto difference = [&](auto left, auto right, bool fits) -> const Found& {
    if (cost == WindowCost::sad) {
      const Found& found = memory(fits, 4);
      windows::search_absolute(search, left, right, fits, found, stream);
      return found;
    }
    const bool measured = !filters && !Pair<T>::is_float;
    const windows::Shift shift{area, filters ? xsobel_levels : 65535, measured ? pair.range() : nullptr};
    const Found& found = memory(false, 8);
    windows::search_squared(search, left, right, shift, found, stream);
    return found;
  };
  if (cost == WindowCost::census) {
    const Found& found = memory(narrow(census_bits), 4);
    windows::search_hamming(search, pair.words(0), pair.words(1), narrow(census_bits), found, stream);
    return found;
  }
  if (filters) return difference(pair.filtered(0), pair.filtered(1), narrow(xsobel_levels));
  const auto left = pair.grey(0), right = pair.grey(1);
  if (cost == WindowCost::sad || cost == WindowCost::ssd) {
    return difference(left, right, sizeof(T) == 1 && narrow(255));
  }
  const bool means = cost == WindowCost::zncc;
  windows::Correlation correlation = pair.windows_sums(search.radius, means);
  correlation.area = means ? area : 1;
  const Found& found = memory(false, 8);
  windows::search_correlation(search, left, right, correlation, found, stream);
  return found;
}

}  // namespace

BlockMatching::BlockMatching(stereo::BlockMatchingOptions options) : options_(std::move(options)) { options_.check(); }

template <typename T>
void BlockMatching::run(DeviceView<const T, 2> left, DeviceView<const T, 2> right, Maps maps, Stream stream) const {
  check(!left.empty(), "BlockMatching: the images are empty (", left.shape(), ")");
  const auto check_size = [&](const char* name, const auto& image) {
    check(image.sizes() == left.sizes(), "BlockMatching: left is ", left.shape(), ", ", name, " is ", image.shape(),
          "; they must be equal");
  };
  check_size("right", right);
  check_size("disparity", maps.disparity);
  std::optional<OwnPlane<float>> confidence;
  std::optional<OwnPlane<std::uint8_t>> occluded;
  const std::ptrdiff_t height = left.size(0), width = left.size(1);
  if (maps.confidence.data() == nullptr) maps.confidence = confidence.emplace(height, width, stream).view();
  if (maps.occluded.data() == nullptr) maps.occluded = occluded.emplace(height, width, stream).view();
  check_size("confidence", maps.confidence);
  check_size("occluded", maps.occluded);

  Search search{static_cast<int>(width), static_cast<int>(height), options_.window / 2, 0, 0};
  search.first = std::max(options_.min_disparity, 1 - search.width);  // beyond, no pixel has a candidate
  search.count = std::min(options_.max_disparity, search.width) - search.first;
  check(search.count > 0, "BlockMatching: no pixel of an image ", width, " pixels wide has a match between ",
        "min_disparity ", options_.min_disparity, " and max_disparity ", options_.max_disparity, " - 1");

  using stereo::WindowCost;
  const WindowCost cost = stereo::window_cost(options_.cost);
  const bool filters = (cost == WindowCost::sad || cost == WindowCost::ssd) && options_.prefilter == "xsobel";
  Pair<T> pair(left, right, stream);
  std::optional<windows::FoundMemory> memory;
  const auto make = [&](bool narrow, int bytes) -> const Found& {
    return memory.emplace(search, narrow, bytes, stream).found();
  };
  const Found& found = search_pair(pair, search, cost, filters, make, stream);

  const double area = static_cast<double>(options_.window) * options_.window;
  // The gradient is taken over two pixels.
  const double least = 2.0 * static_cast<double>(options_.texture) * area * (sizeof(T) == 1 ? 1 : levels_16_bit);
  Finish how{options_.uniqueness,
             options_.left_right,
             Fit::none,
             static_cast<std::int64_t>(std::ceil(least)),
             nullptr,
             nullptr};
  if (options_.subpixel == "parabola") how.fit = Fit::parabola;
  if (options_.subpixel == "equiangular") how.fit = Fit::equiangular;
  if (std::is_same_v<T, float>) how.range = pair.range();
  std::optional<OwnPlane<std::int32_t>> gradients;
  if (how.least_texture > 0) {
    const auto sums = gradients.emplace(height, width, stream).view();
    windows::sum_gradients<typename Pair<T>::Grey>(pair.grey(0), search.radius, sums, stream);
    how.gradients = sums.data();
  }
  std::optional<OwnPlane<float>> gaps;  // the map before they are filled
  const bool fills = options_.fill != "none";
  const DeviceView<float, 2> px = fills ? gaps.emplace(height, width, stream).view() : maps.disparity;
  launch(finish_row, blocks(height, 1), block, 0, stream, search, found, how, Cells<float, 2>(px),
         Cells<float, 2>(maps.confidence), Cells<std::uint8_t, 2>(maps.occluded));
  remove_speckles(px, maps.confidence, options_.speckle_size, options_.speckle_range, stream);
  if (fills) fill_as(options_.fill, px, maps.occluded, maps.disparity, stream);
}

#define GEOMVISION_MATCH(T)                                                                       \
  void BlockMatching::operator()(DeviceView<const T, 2> left, DeviceView<const T, 2> right,       \
                                 DeviceView<float, 2> disparity, DeviceView<float, 2> confidence, \
                                 DeviceView<std::uint8_t, 2> occluded, Stream stream) const {     \
    run<T>(left, right, {disparity, confidence, occluded}, stream);                               \
  }
GEOMVISION_MATCH(std::uint8_t)
GEOMVISION_MATCH(std::uint16_t)
GEOMVISION_MATCH(float)
#undef GEOMVISION_MATCH

}  // namespace geomvision::cuda

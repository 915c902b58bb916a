#include "stereo/window_costs.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "geomvision/check.hpp"
#include "geomvision/parallel.hpp"
#include "kernels/block_matching.hpp"
#include "kernels/census.hpp"

namespace geomvision::stereo {
namespace {

constexpr int census_radius_x = 4, census_radius_y = 3;
constexpr int cost_bits = 28;

// A continued row read from right to left, continued further on both ends: mirrored[columns - 1 - i + k] is what
// column i meets at the k-th disparity.
template <typename T>
const T* mirror(const Continued<T>& plane, int y, int width, const WindowSearch& search, std::vector<T>& mirrored) {
  const T* row = plane.row(y) + plane.radius;
  const int last = width - 1 + search.radius - search.first;
  for (std::size_t i = 0; i < mirrored.size(); ++i) {
    mirrored[i] = row[std::clamp(last - static_cast<int>(i), 0, width - 1)];
  }
  return mirrored.data();
}

template <typename Kernel, typename T, typename Sum>
void slide_rows(Kernel* slide, const Continued<T>& left, const Continued<T>& right, int width, int entering,
                bool leaves, const WindowSearch& search, std::vector<T>* mirrored, Sum* sums) {
  const int leaving = entering - 2 * search.radius - 1;
  const T* in = mirror(right, entering, width, search, mirrored[0]);
  const T* out = leaves ? mirror(right, leaving, width, search, mirrored[1]) : nullptr;
  slide(left.row(entering), in, leaves ? left.row(leaving) : nullptr, out, width + 2 * search.radius, search.count,
        sums);
}

}  // namespace

WindowCost window_cost(const std::string& name) {
  const std::pair<const char*, WindowCost> costs[] = {{"sad", WindowCost::sad},
                                                      {"ssd", WindowCost::ssd},
                                                      {"ncc", WindowCost::ncc},
                                                      {"zncc", WindowCost::zncc},
                                                      {"census", WindowCost::census}};
  for (const auto& [known, cost] : costs) {
    if (name == known) return cost;
  }
  check(false, "BlockMatching: cost is '", name, "'; allowed are sad, ssd, ncc, zncc, census");
  return WindowCost::zncc;
}

void census_words(const Continued<std::uint16_t>& grey, Image<std::uint16_t>& scratch, Continued<std::uint64_t>& words,
                  int num_threads) {
  const int width = grey.image.width() - 2 * grey.radius, height = grey.image.height();
  const int wide = width + 2 * census_radius_x;
  scratch.resize(wide, height);
  for (int y = 0; y < height; ++y) {
    const std::uint16_t* row = grey.row(y) + grey.radius;
    for (int x = 0; x < wide; ++x) scratch(x, y) = row[std::clamp(x - census_radius_x, 0, width - 1)];
  }
  words.radius = grey.radius;
  words.image.resize(grey.image.width(), height);
  parallel_for(height, num_threads, [&](int begin, int end) {
    for (int y = begin; y < end; ++y) {
      const std::uint16_t* rows[2 * census_radius_y + 1];
      for (int dy = -census_radius_y; dy <= census_radius_y; ++dy) {
        rows[census_radius_y + dy] = &scratch(census_radius_x, std::clamp(y + dy, 0, height - 1));
      }
      std::uint64_t* out = &words.image(words.radius, y);
      GEOMVISION_KERNEL(census_row_u16)(rows, census_radius_x, census_radius_y, width, out);
      std::fill(out - words.radius, out, out[0]);
      std::fill(out + width, out + width + words.radius, out[width - 1]);
    }
  });
}

int square_shift(std::int64_t area, std::int64_t spread) {
  int shift = 0;
  while (((area * spread * spread) >> shift) >= (std::int64_t{1} << cost_bits)) ++shift;
  return shift;
}

void WindowCosts::start(const WindowPair& pair, const WindowSearch& search, int y) {
  pair_ = &pair;
  search_ = search;
  columns_ = pair.width + 2 * search.radius;
  const std::size_t count = static_cast<std::size_t>(search.count), all = count * static_cast<std::size_t>(columns_);
  const std::size_t mirrored = static_cast<std::size_t>(columns_) + count - 1;
  cost_.resize(count);
  if (is_narrow()) {
    narrow_sums_.assign(all, 0);
    narrow_window_.resize(count);
    narrow_zeros_.assign(count, 0);
  } else {
    wide_sums_.assign(all, 0);
    wide_window_.resize(count);
    wide_zeros_.assign(count, 0);
  }
  for (auto& row : mirrored_) row.resize(mirrored);
  for (auto& row : mirrored_words_) row.resize(search.cost == WindowCost::census ? mirrored : 0);
  y_ = y;
  for (int dy = -search.radius; dy <= search.radius; ++dy) add_row(y + dy, false);
  begin_row();
}

void WindowCosts::next_row() {
  ++y_;
  add_row(y_ + search_.radius, true);
  begin_row();
}

void WindowCosts::add_row(int entering, bool leaves) {
  const WindowPair& p = *pair_;
  const auto slide = [&](auto* kernel, auto* sums) {
    slide_rows(kernel, p.left, p.right, p.width, entering, leaves, search_, mirrored_, sums);
  };
  switch (search_.cost) {
    case WindowCost::sad:
      return slide(GEOMVISION_KERNEL(slide_absolute), narrow_sums_.data());
    case WindowCost::ssd:
      return slide(GEOMVISION_KERNEL(slide_squared), wide_sums_.data());
    case WindowCost::ncc:
    case WindowCost::zncc:
      return slide(GEOMVISION_KERNEL(slide_product), wide_sums_.data());
    case WindowCost::census:
      return slide_rows(GEOMVISION_KERNEL(slide_hamming), p.left_words, p.right_words, p.width, entering, leaves,
                        search_, mirrored_words_, narrow_sums_.data());
  }
}

void WindowCosts::begin_row() {
  x_ = 0;
  std::fill(narrow_window_.begin(), narrow_window_.end(), 0);
  std::fill(wide_window_.begin(), wide_window_.end(), 0);
  for (int column = 0; column < 2 * search_.radius; ++column) enter(column);
  if (!correlates()) return;
  sum_windows(pair_->left, left_sums_, left_scales_);
  sum_windows(pair_->right, centre_sums_, centre_scales_);
  right_sums_.assign(static_cast<std::size_t>(columns_ + search_.count - 1), 0);
  right_scales_.assign(right_sums_.size(), 0.0);
  const int last = pair_->width - 1 + search_.radius - search_.first;  // mirrored like the rows
  for (int x = std::max(0, last - static_cast<int>(right_sums_.size()) + 1); x <= std::min(pair_->width - 1, last);
       ++x) {
    right_sums_[static_cast<std::size_t>(last - x)] = centre_sums_[static_cast<std::size_t>(x)];
    right_scales_[static_cast<std::size_t>(last - x)] = centre_scales_[static_cast<std::size_t>(x)];
  }
}

void WindowCosts::enter(int column) {
  const int window = 2 * search_.radius + 1;
  const std::ptrdiff_t entering = static_cast<std::ptrdiff_t>(column) * search_.count;
  const std::ptrdiff_t leaving = static_cast<std::ptrdiff_t>(column - window) * search_.count;
  if (is_narrow()) {
    const std::int32_t* sums = narrow_sums_.data();
    const std::int32_t* gone = column < window ? narrow_zeros_.data() : sums + leaving;
    GEOMVISION_KERNEL(move_window_i32)(sums + entering, gone, search_.count, narrow_window_.data());
  } else {
    const std::int64_t* sums = wide_sums_.data();
    const std::int64_t* gone = column < window ? wide_zeros_.data() : sums + leaving;
    GEOMVISION_KERNEL(move_window_i64)(sums + entering, gone, search_.count, wide_window_.data());
  }
}

const std::int32_t* WindowCosts::next_pixel() {
  enter(x_ + 2 * search_.radius);
  const std::size_t x = static_cast<std::size_t>(x_++);
  if (is_narrow()) return narrow_window_.data();
  if (!correlates()) {
    GEOMVISION_KERNEL(shifted_costs)(wide_window_.data(), search_.count, search_.shift, cost_.data());
    return cost_.data();
  }
  if (left_scales_[x] == 0.0) return nullptr;
  const std::int64_t side = 2 * search_.radius + 1;
  const std::size_t right = static_cast<std::size_t>(columns_ - 1 - search_.radius) - x;
  GEOMVISION_KERNEL(correlation_costs)
  (wide_window_.data(), right_sums_.data() + right, right_scales_.data() + right, search_.count,
   search_.cost == WindowCost::zncc ? side * side : 1, left_sums_[x], left_scales_[x], no_cost, cost_.data());
  return cost_.data();
}

void WindowCosts::search(const kernels::RowWinners& found, std::int16_t nothing, std::int16_t* right) {
  const auto two_best = GEOMVISION_KERNEL(two_best);
  const auto offer = GEOMVISION_KERNEL(offer_to_right);
  const int width = pair_->width;
  right_cost_.assign(static_cast<std::size_t>(width), no_cost);
  right_winner_.assign(static_cast<std::size_t>(width), nothing);
  for (int x = 0; x < width; ++x) {
    const std::int32_t* costs = next_pixel();
    const int lowest = std::max(search_.first, x - (width - 1));  // right pixels x - d lie inside the image
    const int count = std::min(search_.first + search_.count - 1, x) - lowest + 1;
    found.winner[x] = 0;
    found.least[x] = found.second[x] = found.before[x] = found.after[x] = no_cost;
    if (costs == nullptr || count <= 0) continue;
    costs += lowest - search_.first;
    const std::size_t mirrored = static_cast<std::size_t>(width - 1 - (x - lowest));
    offer(costs, count, lowest, right_cost_.data() + mirrored, right_winner_.data() + mirrored);
    int best = 0;
    two_best(costs, count, no_cost, &best, &found.second[x]);
    found.winner[x] = lowest - search_.first + best;
    found.least[x] = costs[best];
    if (best > 0) found.before[x] = costs[best - 1];
    if (best + 1 < count) found.after[x] = costs[best + 1];
  }
  for (int x = 0; x < width; ++x) {
    right[x] = static_cast<std::int16_t>(right_winner_[static_cast<std::size_t>(width - 1 - x)]);
  }
}

// Sums of the windows around each pixel of row y_ (0 for NCC, which takes no mean), and 1 / sqrt of their variance
// times area squared (NCC: of the sum of squares); 0 where that is zero.
void WindowCosts::sum_windows(const Continued<std::uint16_t>& plane, std::vector<std::int64_t>& sums,
                              std::vector<double>& scales) {
  const int radius = search_.radius, side = 2 * radius + 1;
  column_sums_.assign(static_cast<std::size_t>(columns_), 0);
  column_squares_.assign(static_cast<std::size_t>(columns_), 0);
  for (int dy = -radius; dy <= radius; ++dy) {
    const std::uint16_t* row = plane.row(y_ + dy);
    for (std::size_t i = 0; i < column_sums_.size(); ++i) {
      column_sums_[i] += row[i];
      column_squares_[i] += static_cast<std::int64_t>(row[i]) * row[i];
    }
  }
  sums.resize(static_cast<std::size_t>(pair_->width));
  scales.resize(sums.size());
  const std::int64_t area = static_cast<std::int64_t>(side) * side;
  const bool means = search_.cost == WindowCost::zncc;
  std::int64_t sum = 0, squares = 0;
  for (int column = 0; column < columns_; ++column) {
    const std::size_t i = static_cast<std::size_t>(column);
    sum += column_sums_[i];
    squares += column_squares_[i];
    if (column < side - 1) continue;
    const std::size_t x = i - static_cast<std::size_t>(side - 1);
    const std::int64_t spread = means ? area * squares - sum * sum : squares;
    sums[x] = means ? sum : 0;
    scales[x] = spread > 0 ? 1.0 / std::sqrt(static_cast<double>(spread)) : 0.0;
    sum -= column_sums_[x];
    squares -= column_squares_[x];
  }
}

}  // namespace geomvision::stereo

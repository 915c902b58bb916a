#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <tuple>
#include <vector>

#include "geomvision/image.hpp"
#include "kernels/window_search.hpp"

namespace geomvision::stereo {

/// The cost of a candidate that is none, above every other.
constexpr std::int32_t no_cost = std::numeric_limits<std::int32_t>::max();

enum class WindowCost { sad, ssd, ncc, zncc, census };

/// The cost of that name; throws std::invalid_argument for another.
WindowCost window_cost(const std::string& name);

/// What is matched, and over which windows and disparities.
struct WindowSearch {
  WindowCost cost = WindowCost::census;
  int radius = 0;
  int first = 0;  ///< smallest disparity
  int count = 0;  ///< number of disparities
  int shift = 0;  ///< bits dropped from sums of squares, so that costs fit 28 bits
};

/// An image of integers, its border columns repeated `radius` times on either side.
template <typename T>
struct Continued {
  Image<T> image;
  int radius = 0;

  /// Row y (clamped to the image), from column -radius on.
  const T* row(int y) const {
    const int last = image.height() - 1;
    return image.data() + static_cast<std::ptrdiff_t>(y < 0 ? 0 : (y > last ? last : y)) * image.width();
  }
};

/// The pair in the form the costs need: grey levels, or census words.
struct WindowPair {
  int width = 0, height = 0;
  Continued<std::uint16_t> left, right;
  Continued<std::uint64_t> left_words, right_words;
};

/// Census words (9x7) of a grey image; neighbours beyond the border are border pixels.
void census_words(const Continued<std::uint16_t>& grey, Image<std::uint16_t>& scratch, Continued<std::uint64_t>& words,
                  int num_threads);

/// Bits to drop from sums of `area` squared differences of at most `spread` levels, so that they fit 28 bits.
int square_shift(std::int64_t area, std::int64_t spread);

/// The costs of all candidates, pixel by pixel along the rows of one band, by running sums. Keeps its memory.
class WindowCosts {
 public:
  auto buffers() {
    return std::tie(narrow_sums_, narrow_window_, narrow_zeros_, cost_, wide_sums_, wide_window_, wide_zeros_,
                    mirrored_[0], mirrored_[1], mirrored_words_[0], mirrored_words_[1], left_sums_, right_sums_,
                    centre_sums_, column_sums_, column_squares_, right_cost_, right_winner_, left_scales_,
                    right_scales_, centre_scales_);
  }

  /// Sum up the window rows of row y.
  void start(const WindowPair& pair, const WindowSearch& search, int y);

  /// On to the next row.
  void next_row();

  /// The winners of the row, as `ByteWindows::search` gives them.
  void search(const kernels::RowWinners& found, std::int16_t nothing, std::int16_t* right);

  /// Costs of the next pixel of the row, one per disparity. Candidates whose window has no variance (NCC: no light)
  /// are `no_cost`. Null when that is so of the left window itself. Candidates outside the right image are the
  /// caller's to leave out.
  const std::int32_t* next_pixel();

 private:
  bool correlates() const { return search_.cost == WindowCost::ncc || search_.cost == WindowCost::zncc; }
  bool is_narrow() const { return search_.cost == WindowCost::sad || search_.cost == WindowCost::census; }
  void add_row(int entering, bool leaves);
  void begin_row();
  void enter(int column);
  void sum_windows(const Continued<std::uint16_t>& plane, std::vector<std::int64_t>& sums, std::vector<double>& scales);

  const WindowPair* pair_ = nullptr;
  WindowSearch search_;
  int y_ = 0, x_ = 0, columns_ = 0;
  std::vector<std::int32_t> narrow_sums_, narrow_window_, narrow_zeros_, cost_;
  std::vector<std::int64_t> wide_sums_, wide_window_, wide_zeros_;
  std::vector<std::uint16_t> mirrored_[2];
  std::vector<std::uint64_t> mirrored_words_[2];
  std::vector<std::int64_t> left_sums_, right_sums_, centre_sums_, column_sums_, column_squares_;
  std::vector<std::int32_t> right_cost_;    // smallest cost offered to a right pixel, mirrored
  std::vector<std::int32_t> right_winner_;  // and its disparity
  std::vector<double> left_scales_, right_scales_, centre_scales_;
};

}  // namespace geomvision::stereo

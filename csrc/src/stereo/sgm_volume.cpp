#include "stereo/sgm_volume.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <type_traits>
#include <utility>

#include "geomvision/check.hpp"
#include "geomvision/parallel.hpp"
#include "kernels/census.hpp"
#include "kernels/sgm.hpp"

namespace geomvision::stereo {
namespace {

constexpr int lines_per_strip = 32;  // so that their path costs stay in the first cache
constexpr int mean_change = 8;       // units of the guide that the mean difference of neighbours is worth
constexpr int guard = 32;            // bytes around a line's path costs; the nearest ones are read

struct Window {
  int radius_x, radius_y;
};

Window census_window(const std::string& census) {
  if (census == "5x5") return {2, 2};
  return census == "7x7" ? Window{3, 3} : Window{4, 3};
}

template <typename Wide, typename T>
void pad(ImageView<const T> image, int radius, int num_threads, Image<Wide>& padded) {
  const int width = image.width(), height = image.height();
  if (padded.width() != width + 2 * radius || padded.height() != height) padded.resize(width + 2 * radius, height);
  const auto rows = [&](int begin, int end) {
    for (int y = begin; y < end; ++y) {
      Wide* row = padded.view().row(y);
      std::fill_n(row, radius, static_cast<Wide>(image(0, y)));
      std::copy_n(image.row(y), width, row + radius);
      std::fill_n(row + radius + width, radius, static_cast<Wide>(image(width - 1, y)));
    }
  };
  parallel_for(height, num_threads, std::ref(rows), 16);
}

template <typename Wide>
void census(const Image<Wide>& padded, Window window, int num_threads, std::vector<std::uint64_t>& words) {
  const int height = padded.height(), width = padded.width() - 2 * window.radius_x;
  words.resize(static_cast<std::size_t>(width) * height);
  const auto body = [&](int begin, int end) {
    const Wide* rows[7];
    for (int y = begin; y < end; ++y) {
      for (int dy = -window.radius_y; dy <= window.radius_y; ++dy) {
        rows[dy + window.radius_y] = padded.view().row(std::clamp(y + dy, 0, height - 1)) + window.radius_x;
      }
      std::uint64_t* out = words.data() + static_cast<std::size_t>(y) * width;
      if constexpr (std::is_same_v<Wide, float>) {
        GEOMVISION_KERNEL(census_row_f32)(rows, window.radius_x, window.radius_y, width, out);
      } else {
        GEOMVISION_KERNEL(census_row_u16)(rows, window.radius_x, window.radius_y, width, out);
      }
    }
  };
  parallel_for(height, num_threads, std::ref(body), 8);
}

}  // namespace

template <typename T>
void SGMVolume::compute(const SGMOptions& options, ImageView<const T> left, ImageView<const T> right) {
  width = left.width();
  height = left.height();
  choose_range(options);
  take_census(options, left, left_words_);
  take_census(options, right, right_words_);
  make_guide(left, options.num_threads);
  match(options);
  for (int change = 0; change < 256; ++change) {
    const int lowered = options.adaptive_p2 ? options.p2 * mean_change / std::max(mean_change, change) : options.p2;
    p2_of_change_[change] = static_cast<std::uint8_t>(std::max(options.p1, lowered));
  }
  for (int dy = -1; dy <= 1; ++dy) {
    for (int dx = -1; dx <= 1; ++dx) {
      if ((dx == 0 && dy == 0) || (options.paths == 4 && dx != 0 && dy != 0)) continue;
      add_direction(options, dx, dy);
    }
  }
}

// Disparities that no pixel of this width can have are not searched.
void SGMVolume::choose_range(const SGMOptions& options) {
  first_disparity = std::max(options.min_disparity, 1 - width);
  count = std::min(options.max_disparity, width) - first_disparity;
  check(count > 0, "SGM: no pixel of an image ", width, " pixels wide has a match between min_disparity ",
        options.min_disparity, " and max_disparity ", options.max_disparity, " - 1; choose a range nearer to 0");
}

template <typename T>
void SGMVolume::take_census(const SGMOptions& options, ImageView<const T> image, std::vector<std::uint64_t>& words) {
  const Window window = census_window(options.census);
  if constexpr (std::is_same_v<T, float>) {
    pad(image, window.radius_x, options.num_threads, padded_f32_);
    census(padded_f32_, window, options.num_threads, words);
  } else {
    pad(image, window.radius_x, options.num_threads, padded_u16_);
    census(padded_u16_, window, options.num_threads, words);
  }
}

// The left image, so scaled that its mean absolute difference between neighbours is `mean_change`: what counts as a
// strong change does not depend on the image's type, gain and offset.
template <typename T>
void SGMVolume::make_guide(ImageView<const T> left, int num_threads) {
  row_contrast_.assign(static_cast<std::size_t>(height) * 2, 0.0);
  const auto measure = [&](int begin, int end) {
    for (int y = begin; y < end; ++y) {
      double sum = 0.0, least = static_cast<double>(left(0, y));
      for (int x = 0; x < width; ++x) {
        const auto here = static_cast<double>(left(x, y));
        if (x > 0) sum += std::fabs(here - static_cast<double>(left(x - 1, y)));
        if (y > 0) sum += std::fabs(here - static_cast<double>(left(x, y - 1)));
        least = std::min(least, here);
      }
      row_contrast_[y] = sum;
      row_contrast_[height + y] = least;
    }
  };
  parallel_for(height, num_threads, std::ref(measure), 16);
  double sum = 0.0, least = row_contrast_[height];
  for (int y = 0; y < height; ++y) {
    sum += row_contrast_[y];
    least = std::min(least, row_contrast_[height + y]);
  }
  const double neighbours = static_cast<double>(width - 1) * height + static_cast<double>(height - 1) * width;
  const double units = sum > 0.0 ? mean_change * neighbours / sum : 0.0;
  if (guide_.width() != width || guide_.height() != height) guide_.resize(width, height);
  const auto scale = [&](int begin, int end) {
    for (int y = begin; y < end; ++y) {
      for (int x = 0; x < width; ++x) {
        guide_(x, y) = static_cast<std::uint16_t>(std::min((static_cast<double>(left(x, y)) - least) * units, 65535.0));
      }
    }
  };
  parallel_for(height, num_threads, std::ref(scale), 16);
}

// Hamming distances of census words. The right words are turned round, so that x - d runs upwards with d. A candidate
// outside the right image costs a third of the bits: more than a good match, less than a wrong one, which costs half.
// It never costs more than the mean of those inside: where nothing has texture, the border must not decide.
void SGMVolume::match(const SGMOptions& options) {
  const Window window = census_window(options.census);
  const int bits = (2 * window.radius_x + 1) * (2 * window.radius_y + 1) - 1;
  const int third = bits / 3;
  const auto distances = GEOMVISION_KERNEL(hamming_run);
  cost.resize(index(0, height));
  sums.resize(index(0, height));
  const auto body = [&](int begin, int end) {
    for (int y = begin; y < end; ++y) {
      const std::uint64_t* left = left_words_.data() + static_cast<std::size_t>(y) * width;
      std::uint64_t* right = right_words_.data() + static_cast<std::size_t>(y) * width;
      std::reverse(right, right + width);
      for (int x = 0; x < width; ++x) {
        std::uint8_t* costs = cost.data() + index(x, y);
        const int inside = std::clamp(x - first_disparity - width + 1, 0, count);
        const int beyond = std::clamp(x - first_disparity + 1, 0, count);
        int neutral = third;
        if (inside < beyond) {
          const std::uint64_t* first = right + (width - 1 - x + first_disparity + inside);
          neutral = std::min(third, distances(left[x], first, beyond - inside, costs + inside) / (beyond - inside));
        }
        std::fill(costs, costs + inside, static_cast<std::uint8_t>(neutral));
        std::fill(costs + beyond, costs + count, static_cast<std::uint8_t>(neutral));
      }
      std::fill_n(sums.data() + index(0, y), static_cast<std::size_t>(width) * count, std::uint16_t{0});
    }
  };
  parallel_for(height, options.num_threads, std::ref(body));
}

// Lines of one direction do not touch each other: strips of them run on different threads. A line of a slanted or
// vertical direction is named by the column where it would cross the first row of the sweep.
void SGMVolume::add_direction(const SGMOptions& options, int dx, int dy) {
  const int lines = dy == 0 ? height : width + (dx == 0 ? 0 : height - 1);
  const int strip = dy == 0 ? 1 : lines_per_strip;
  line_costs_.resize(static_cast<std::size_t>(lines) * 2 * (count + 2 * guard));
  line_minimum_.resize(static_cast<std::size_t>(lines));
  const auto strips = [&](int begin, int end) {
    for (int s = begin; s < end; ++s) add_lines(options, dx, dy, s * strip, std::min(lines, (s + 1) * strip));
  };
  parallel_for((lines + strip - 1) / strip, options.num_threads, std::ref(strips));
}

void SGMVolume::add_lines(const SGMOptions& options, int dx, int dy, int begin, int end) {
  const auto step = GEOMVISION_KERNEL(path_step);
  const std::size_t pitch = static_cast<std::size_t>(count) + 2 * guard;
  const int steps = dy == 0 ? width : height;
  for (int t = 0; t < steps; ++t) {
    for (int line = begin; line < end; ++line) {
      const int along = dx > 0 ? t : width - 1 - t;
      const int offset = dx > 0 ? line - (height - 1) : line;
      const int x = dy == 0 ? along : offset + dx * t;
      const int y = dy == 0 ? line : (dy > 0 ? t : height - 1 - t);
      if (x < 0 || x >= width) continue;
      std::uint8_t* current = line_costs_.data() + (2 * line + (t & 1)) * pitch + guard;
      std::uint8_t* previous = line_costs_.data() + (2 * line + (~t & 1)) * pitch + guard;
      const int from_x = x - dx, from_y = y - dy;
      int p2 = options.p2;
      if (from_x < 0 || from_x >= width || from_y < 0 || from_y >= height) {
        // the path starts here: nothing lies before it, nothing is added to the cost
        std::fill_n(previous, count, std::uint8_t{0});
        std::fill_n(previous - guard, guard, std::uint8_t{255});
        std::fill_n(previous + count, guard, std::uint8_t{255});
        std::fill_n(current - guard, guard, std::uint8_t{255});
        std::fill_n(current + count, guard, std::uint8_t{255});
        line_minimum_[line] = 0;
      } else {
        p2 = p2_of_change_[std::min(255, std::abs(guide_(x, y) - guide_(from_x, from_y)))];
      }
      line_minimum_[line] =
          step(cost.data() + index(x, y), previous, line_minimum_[line], count, static_cast<std::uint8_t>(options.p1),
               static_cast<std::uint8_t>(p2), current, sums.data() + index(x, y));
    }
  }
}

template void SGMVolume::compute(const SGMOptions&, ImageView<const std::uint8_t>, ImageView<const std::uint8_t>);
template void SGMVolume::compute(const SGMOptions&, ImageView<const std::uint16_t>, ImageView<const std::uint16_t>);
template void SGMVolume::compute(const SGMOptions&, ImageView<const float>, ImageView<const float>);

}  // namespace geomvision::stereo

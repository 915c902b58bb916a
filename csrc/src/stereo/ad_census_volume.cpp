#include "stereo/ad_census_volume.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>

#include "geomvision/ops/cross_aggregation.hpp"
#include "geomvision/parallel.hpp"
#include "kernels/ad_census.hpp"
#include "kernels/census.hpp"
#include "stereo/levels.hpp"

namespace geomvision::stereo {
namespace {

constexpr int unit = 1024;  // what 1 is in costs and penalties
constexpr int neutral_most = 2 * unit / 3;
constexpr int radius_x = 4, radius_y = 3, bits = 62;
constexpr int lines_per_strip = 16;  // so that their scans stay in the first cache
constexpr int block = 32;            // disparities summed at a time, so that a line's sums stay in the second cache
constexpr int guard = 32;            // values around a line's scan; the nearest ones are read
constexpr std::uint16_t outside = 60000;

// value / divisor in the units of costs.
std::uint16_t in_units(double value, double divisor = 1.0) {
  return static_cast<std::uint16_t>(std::floor(unit * value / divisor + 0.5));
}

// 1 - exp(-c / lambda) (eq. 3).
std::uint16_t robust(int difference, double lambda) { return in_units(1.0 - std::exp(-difference / lambda)); }

template <typename T>
void fit(Image<T>& image, int width, int height) {
  if (image.width() != width || image.height() != height) image.resize(width, height);
}

}  // namespace

template <typename T>
void ADCensusVolume::compute(const ADCensusOptions& options, ImageView<const T> left, ImageView<const T> right) {
  width = left.width();
  height = left.height();
  first_disparity = std::max(options.min_disparity, 1 - width);
  count = std::min(options.max_disparity, width) - first_disparity;
  take_levels(left, right);
  for (int view = 0; view < 2; ++view) take_census(view, options.num_threads);
  match(options);
  make_crosses(options);
  for (int i = 0; i < options.aggregations; ++i) aggregate(i % 2 == 0, options.num_threads);
  sums.assign(cost.size(), 0);
  for (const auto& [dx, dy] : {std::pair(1, 0), std::pair(-1, 0), std::pair(0, 1), std::pair(0, -1)}) {
    find_changes(options, dx, dy);
    scan(options, dx, dy);
  }
}

// Census words are of 64ths of levels, everything else of whole ones.
template <typename T>
void ADCensusVolume::take_levels(ImageView<const T> left, ImageView<const T> right) {
  const LevelScale level(left, right);
  for (int view = 0; view < 2; ++view) {
    fit(levels[view], width, height);
    fit(padded_[view], width + 2 * radius_x, height);
    for (int y = 0; y < height; ++y) {
      const T* from = (view == 0 ? left : right).row(y);
      std::uint16_t* fine = padded_[view].view().row(y);
      for (int x = 0; x < width; ++x) {
        fine[radius_x + x] = static_cast<std::uint16_t>(level(from[x]));
        levels[view](x, y) = static_cast<std::uint8_t>((fine[radius_x + x] + level_parts / 2) / level_parts);
      }
      std::fill_n(fine, radius_x, fine[radius_x]);
      std::fill_n(fine + radius_x + width, radius_x, fine[radius_x + width - 1]);
    }
  }
}

void ADCensusVolume::take_census(int view, int num_threads) {
  words_[view].resize(static_cast<std::size_t>(width) * height);
  const auto body = [&](int begin, int end) {
    const std::uint16_t* rows[2 * radius_y + 1];
    for (int y = begin; y < end; ++y) {
      for (int dy = -radius_y; dy <= radius_y; ++dy) {
        rows[dy + radius_y] = padded_[view].view().row(std::clamp(y + dy, 0, height - 1)) + radius_x;
      }
      GEOMVISION_KERNEL(census_row_u16)
      (rows, radius_x, radius_y, width, words_[view].data() + static_cast<std::size_t>(y) * width);
    }
  };
  parallel_for(height, num_threads, std::ref(body), 8);
}

// Robust sum of both differences. A candidate outside the right image costs the mean of those inside, but at most a
// third of the largest cost.
void ADCensusVolume::match(const ADCensusOptions& options) {
  std::uint16_t of_bits[bits + 1], of_levels[256];
  for (int c = 0; c <= bits; ++c) of_bits[c] = robust(c, options.lambda_census);
  for (int c = 0; c < 256; ++c) of_levels[c] = robust(c, options.lambda_ad);
  cost.resize(index(0, height));
  const auto distances = GEOMVISION_KERNEL(hamming_run);
  const auto body = [&](int begin, int end) {
    std::uint8_t hamming[block];
    for (int y = begin; y < end; ++y) {
      const std::uint64_t* left = words_[0].data() + static_cast<std::size_t>(y) * width;
      std::uint64_t* right = words_[1].data() + static_cast<std::size_t>(y) * width;
      std::reverse(right, right + width);  // so that x - d runs upwards with d
      const std::uint8_t *left_levels = levels[0].view().row(y), *right_levels = levels[1].view().row(y);
      for (int x = 0; x < width; ++x) {
        std::uint16_t* costs = cost.data() + index(x, y);
        const int inside = std::clamp(x - first_disparity - width + 1, 0, count);
        const int beyond = std::clamp(x - first_disparity + 1, 0, count);
        std::int64_t total = 0;
        for (int from = inside; from < beyond; from += block) {
          const int size = std::min(block, beyond - from);
          distances(left[x], right + (width - 1 - x + first_disparity + from), size, hamming);
          for (int i = 0; i < size; ++i) {
            const int apart = std::abs(left_levels[x] - right_levels[x - first_disparity - from - i]);
            costs[from + i] = static_cast<std::uint16_t>(of_bits[hamming[i]] + of_levels[apart]);
            total += costs[from + i];
          }
        }
        const std::int64_t mean = inside < beyond ? total / (beyond - inside) : neutral_most;
        const auto neutral = static_cast<std::uint16_t>(std::min<std::int64_t>(neutral_most, mean));
        std::fill(costs, costs + inside, neutral);
        std::fill(costs + beyond, costs + count, neutral);
      }
    }
  };
  parallel_for(height, options.num_threads, std::ref(body));
}

void ADCensusVolume::make_crosses(const ADCensusOptions& options) {
  static_assert(sizeof(Cross) == 4, "left, right, up and down, as ops::cross_arms writes them");
  fit(crosses, width, height);
  const ops::CrossArms arms{options.arm, options.arm_near, static_cast<double>(options.tau),
                            static_cast<double>(std::min(options.tau, options.tau_far))};
  ops::cross_arms<std::uint8_t>({levels[0].data(), {height, width, 1}}, arms,
                                {reinterpret_cast<std::uint8_t*>(crosses.data()), {height, width, 4}},
                                options.num_threads);
  for (const bool rows_first : {true, false}) count_pixels(rows_first, options.num_threads);
}

// How many pixels lie in each cross: of those along the one direction, the arms along the other.
void ADCensusVolume::count_pixels(bool rows_first, int num_threads) {
  Image<int>& pixels = pixels_[rows_first ? 0 : 1];
  fit(pixels, width, height);
  const auto count_at = [&](int x, int y) {
    const Cross& own = crosses(x, y);
    int total = 0;
    if (rows_first) {
      for (int v = y - own.up; v <= y + own.down; ++v) total += 1 + crosses(x, v).left + crosses(x, v).right;
    } else {
      for (int u = x - own.left; u <= x + own.right; ++u) total += 1 + crosses(u, y).up + crosses(u, y).down;
    }
    return total;
  };
  const auto body = [&](int begin, int end) {
    for (int y = begin; y < end; ++y) {
      for (int x = 0; x < width; ++x) pixels(x, y) = count_at(x, y);
    }
  };
  parallel_for(height, num_threads, std::ref(body), 8);
}

// Running sums along a row or column, a block of disparities at a time; `finish` takes the sums at both ends of the
// arms.
template <typename T, typename Add, typename Finish>
void ADCensusVolume::sum_line(const T* values, bool along_row, int line, std::uint32_t* running, Add add,
                              Finish finish) const {
  const int length = along_row ? width : height;
  for (int from = 0; from < count; from += block) {
    const int size = std::min(block, count - from);
    std::fill_n(running, block, 0U);
    for (int t = 0; t < length; ++t) {
      const std::size_t at = (along_row ? index(t, line) : index(line, t)) + from;
      add(running + static_cast<std::size_t>(t) * block, values + at, size, running + (t + std::size_t{1}) * block);
    }
    for (int t = 0; t < length; ++t) {
      const int x = along_row ? t : line, y = along_row ? line : t;
      const Cross& arms = crosses(x, y);
      const int begin = t - (along_row ? arms.left : arms.up), end = t + 1 + (along_row ? arms.right : arms.down);
      finish(running + static_cast<std::size_t>(begin) * block, running + static_cast<std::size_t>(end) * block, size,
             x, y, index(x, y) + from);
    }
  }
}

// Averages over crosses: sums along the arms of one direction, then of these along the arms of the other.
void ADCensusVolume::aggregate(bool rows_first, int num_threads) {
  partial_.resize(cost.size());
  const std::size_t room = (static_cast<std::size_t>(std::max(width, height)) + 1) * block;
  const auto lines_of = [&](bool rows) { return rows ? height : width; };
  constexpr int slots = 64;  // pieces of the image, each with its own running sums
  running_.resize(room * slots);
  const auto in_slots = [&](int lines, const auto& body) {
    const auto slot = [&](int begin, int end) {
      for (int s = begin; s < end; ++s) {
        std::uint32_t* running = running_.data() + room * s;
        for (int line = lines * s / slots; line < lines * (s + 1) / slots; ++line) body(line, running);
      }
    };
    parallel_for(slots, num_threads, std::ref(slot));
  };
  const auto subtract = GEOMVISION_KERNEL(subtract_sums);
  in_slots(lines_of(rows_first), [&](int line, std::uint32_t* running) {
    sum_line(cost.data(), rows_first, line, running, GEOMVISION_KERNEL(add_costs),
             [&](const std::uint32_t* begin, const std::uint32_t* end, int size, int, int, std::size_t at) {
               subtract(begin, end, size, partial_.data() + at);
             });
  });
  const auto average = GEOMVISION_KERNEL(average_sums);
  const Image<int>& pixels = pixels_[rows_first ? 0 : 1];
  in_slots(lines_of(!rows_first), [&](int line, std::uint32_t* running) {
    sum_line(partial_.data(), !rows_first, line, running, GEOMVISION_KERNEL(add_sums),
             [&](const std::uint32_t* begin, const std::uint32_t* end, int size, int x, int y, std::size_t at) {
               average(begin, end, size, 1.0f / static_cast<float>(pixels(x, y)), cost.data() + at);
             });
  });
}

// Where levels change along a direction. Right rows are turned round and as long as candidates reach: entry j is pixel
// width - 1 - first_disparity - j, and nothing changes outside the image.
void ADCensusVolume::find_changes(const ADCensusOptions& options, int dx, int dy) {
  fit(changed_left_, width, height);
  fit(changed_right_, width + count - 1, height);
  const auto changes = [&](const Image<std::uint8_t>& level, int x, int y) {
    const int u = x - dx, v = y - dy;
    if (x < 0 || x >= width || u < 0 || u >= width || v < 0 || v >= height) return false;
    return std::abs(level(x, y) - level(u, v)) >= options.tau_scan;
  };
  const auto body = [&](int begin, int end) {
    for (int y = begin; y < end; ++y) {
      for (int x = 0; x < width; ++x) changed_left_(x, y) = changes(levels[0], x, y);
      for (int j = 0; j < changed_right_.width(); ++j) {
        changed_right_(j, y) = changes(levels[1], width - 1 - first_disparity - j, y) ? 0xffff : 0;
      }
    }
  };
  parallel_for(height, options.num_threads, std::ref(body), 8);
}

void ADCensusVolume::scan(const ADCensusOptions& options, int dx, int dy) {
  const int lines = dy == 0 ? height : width, strip = dy == 0 ? 1 : lines_per_strip;
  line_costs_.resize(static_cast<std::size_t>(lines) * 2 * (count + 2 * guard));
  line_minimum_.resize(static_cast<std::size_t>(lines));
  const auto strips = [&](int begin, int end) {
    for (int s = begin; s < end; ++s) scan_lines(options, dx, dy, s * strip, std::min(lines, (s + 1) * strip));
  };
  parallel_for((lines + strip - 1) / strip, options.num_threads, std::ref(strips));
}

void ADCensusVolume::scan_lines(const ADCensusOptions& options, int dx, int dy, int begin, int end) {
  const auto step = GEOMVISION_KERNEL(scan_step);
  const std::uint16_t small[] = {in_units(options.pi1), in_units(options.pi1, 4), in_units(options.pi1, 10)};
  const std::uint16_t large[] = {in_units(options.pi2), in_units(options.pi2, 4), in_units(options.pi2, 10)};
  const std::size_t pitch = static_cast<std::size_t>(count) + 2 * guard;
  const int steps = dy == 0 ? width : height;
  for (int t = 0; t < steps; ++t) {
    for (int line = begin; line < end; ++line) {
      const int x = dy == 0 ? (dx > 0 ? t : width - 1 - t) : line, y = dy == 0 ? line : (dy > 0 ? t : height - 1 - t);
      std::uint16_t* current = line_costs_.data() + (2 * line + (t & 1)) * pitch + guard;
      std::uint16_t* previous = line_costs_.data() + (2 * line + (~t & 1)) * pitch + guard;
      if (t == 0) {  // the scan starts here: nothing lies before it, nothing is added to the cost
        std::fill_n(previous, count, std::uint16_t{0});
        for (std::uint16_t* costs : {previous, current}) costs[-1] = costs[count] = outside;
        line_minimum_[line] = 0;
      }
      const int changed = changed_left_(x, y);
      line_minimum_[line] = step(cost.data() + index(x, y), previous, line_minimum_[line], count,
                                 changed_right_.view().row(y) + (width - 1 - x), small + changed, large + changed,
                                 current, sums.data() + index(x, y));
    }
  }
}

template void ADCensusVolume::compute(const ADCensusOptions&, ImageView<const std::uint8_t>,
                                      ImageView<const std::uint8_t>);
template void ADCensusVolume::compute(const ADCensusOptions&, ImageView<const std::uint16_t>,
                                      ImageView<const std::uint16_t>);
template void ADCensusVolume::compute(const ADCensusOptions&, ImageView<const float>, ImageView<const float>);

}  // namespace geomvision::stereo

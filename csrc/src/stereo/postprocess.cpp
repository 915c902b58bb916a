#include "geomvision/stereo/postprocess.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <limits>

#include "geomvision/check.hpp"
#include "geomvision/parallel.hpp"
#include "kernels/postprocess.hpp"

namespace geomvision::stereo {
namespace {

constexpr float nan = std::numeric_limits<float>::quiet_NaN();
constexpr int block = 32;  // rows of a median filter that one thread takes

void copy(ImageView<const float> from, Image<float>& to) {
  if (to.width() != from.width() || to.height() != from.height()) to.resize(from.width(), from.height());
  for (int y = 0; y < from.height(); ++y) std::copy_n(from.row(y), from.width(), to.view().row(y));
}

float median_at_border(const float* above, const float* here, const float* below, int x, int width) {
  if (std::isnan(here[x])) return nan;
  float window[9];
  int count = 0;
  for (int u = std::max(0, x - 1); u <= std::min(width - 1, x + 1); ++u) {
    for (const float* row : {above, here, below}) {
      if (!std::isnan(row[u])) window[count++] = row[u];
    }
  }
  std::nth_element(window, window + (count - 1) / 2, window + count);
  return window[(count - 1) / 2];
}

float lower_median(float* values, int count) {
  float* middle = values + (count - 1) / 2;
  std::nth_element(values, middle, values + count);
  return *middle;
}

// The gaps of a row that has estimates.
void fill_row(float* row, int width) {
  float before[row_votes], nearest[row_votes];  // the former are written round and round
  for (int x = 0, known = 0; x < width;) {
    if (!std::isnan(row[x])) {
      before[known++ % row_votes] = row[x++];
      continue;
    }
    int end = x;
    while (end < width && std::isnan(row[end])) ++end;
    float level = std::numeric_limits<float>::infinity();
    if (known > 0)
      level =
          lower_median(nearest, static_cast<int>(std::copy_n(before, std::min(known, row_votes), nearest) - nearest));
    int after = 0;
    for (int u = end; u < width && after < row_votes; ++u) {
      if (!std::isnan(row[u])) nearest[after++] = row[u];
    }
    if (after > 0) level = std::min(level, lower_median(nearest, after));
    if (known + after > 0) std::fill(row + x, row + end, level);
    x = end;
  }
}

}  // namespace

float parabola_offset(int before, int at, int after) {
  const int curvature = before - 2 * at + after;
  return curvature == 0 ? 0.0f : static_cast<float>(before - after) / static_cast<float>(2 * curvature);
}

float equiangular_offset(int before, int at, int after) {
  const int rise = std::max(before, after) - at;
  return rise == 0 ? 0.0f : static_cast<float>(before - after) / static_cast<float>(2 * rise);
}

void left_right_check(const std::int16_t* left, const std::int16_t* right, int width, std::int16_t none, int tolerance,
                      Agreement* agreement) {
  const auto inside = [&](int x) { return x >= 0 && x < width; };
  std::fill_n(agreement, width, Agreement::occluded);
  for (int x = 0; x < width; ++x) {
    if (right[x] != none && inside(x + right[x])) agreement[x + right[x]] = Agreement::mismatched;
  }
  for (int x = 0; x < width; ++x) {
    if (left[x] == none) {
      if (agreement[x] == Agreement::mismatched) agreement[x] = Agreement::unknown;
      continue;
    }
    const int match = x - left[x];
    if (!inside(match)) continue;
    const int rival = match + right[match];
    const bool taken = right[match] != none && inside(rival) && left[rival] == right[match];
    if (!taken || std::abs(left[x] - right[match]) <= tolerance) agreement[x] = Agreement::agrees;
  }
}

void MedianFilter::operator()(ImageView<float> disparity, int size, int num_threads) {
  check(size >= 1 && size <= 15 && size % 2 == 1, "MedianFilter: size is ", size, "; allowed is odd, 1 to 15");
  if (size == 1 || disparity.empty()) return;
  if (size == 3) return smallest(disparity, num_threads);
  copy(disparity, source_);
  const int radius = size / 2, width = disparity.width(), height = disparity.height();
  const auto rows = [&](int begin, int end) {
    float window[15 * 15];
    for (int y = begin; y < end; ++y) {
      for (int x = 0; x < width; ++x) {
        if (std::isnan(source_(x, y))) continue;
        int count = 0;
        for (int v = std::max(0, y - radius); v <= std::min(height - 1, y + radius); ++v) {
          for (int u = std::max(0, x - radius); u <= std::min(width - 1, x + radius); ++u) {
            if (!std::isnan(source_(u, v))) window[count++] = source_(u, v);
          }
        }
        std::nth_element(window, window + (count - 1) / 2, window + count);
        disparity(x, y) = window[(count - 1) / 2];
      }
    }
  };
  parallel_for(height, num_threads, std::ref(rows));
}

// 3 x 3 in place, in blocks of rows. Of a block are kept: the row above it, the row below it, and the two rows before
// the next one as they were.
void MedianFilter::smallest(ImageView<float> disparity, int num_threads) {
  const int width = disparity.width(), height = disparity.height(), blocks = (height + block - 1) / block;
  if (source_.width() != width || source_.height() != 4 * blocks) source_.resize(width, 4 * blocks);
  const auto keep = [&](int y, int kept) {
    float* to = source_.view().row(kept);
    if (y < 0 || y >= height) {
      std::fill_n(to, width, nan);
    } else {
      std::copy_n(disparity.row(y), width, to);
    }
  };
  const auto edges = [&](int begin, int end) {
    for (int b = begin; b < end; ++b) {
      keep(b * block - 1, 4 * b);
      keep((b + 1) * block, 4 * b + 3);
    }
  };
  const auto bodies = [&](int begin, int end) {
    for (int b = begin; b < end; ++b) {
      const float* above = source_.view().row(4 * b);
      const int last = std::min(height, (b + 1) * block) - 1;
      for (int y = b * block; y <= last; ++y) {
        const int slot = 4 * b + 1 + y % 2;
        keep(y, slot);
        const float* here = source_.view().row(slot);
        const float* below = y < last ? disparity.row(y + 1) : source_.view().row(4 * b + 3);
        GEOMVISION_KERNEL(median_3x3)(above, here, below, width, disparity.row(y));
        for (const int x : {0, width - 1}) disparity(x, y) = median_at_border(above, here, below, x, width);
        above = here;
      }
    }
  };
  parallel_for(blocks, num_threads, std::ref(edges), 4);
  parallel_for(blocks, num_threads, std::ref(bodies));
}

void BackgroundFill::operator()(ImageView<float> disparity, ImageView<const std::uint8_t> occluded, int num_threads) {
  check(occluded.width() == disparity.width() && occluded.height() == disparity.height(),
        "BackgroundFill: occluded is ", occluded.width(), "x", occluded.height(), ", disparity is ", disparity.width(),
        "x", disparity.height(), "; they must be equal");
  if (disparity.empty()) return;
  copy(disparity, source_);
  const int width = disparity.width(), height = disparity.height();
  const auto rows = [&](int begin, int end) {
    for (int y = begin; y < end; ++y) {
      for (int x = 0; x < width; ++x) {
        if (!std::isnan(source_(x, y))) continue;
        float met[8];
        int count = 0;
        for (int direction = 0; direction < 9; ++direction) {
          const int dx = direction % 3 - 1, dy = direction / 3 - 1;
          if (dx == 0 && dy == 0) continue;
          int u = x + dx, v = y + dy;
          while (u >= 0 && v >= 0 && u < width && v < height && std::isnan(source_(u, v))) u += dx, v += dy;
          if (u >= 0 && v >= 0 && u < width && v < height) met[count++] = source_(u, v);
        }
        if (count == 0) continue;
        float* wanted = met + (occluded(x, y) ? std::min(1, count - 1) : (count - 1) / 2);
        std::nth_element(met, wanted, met + count);
        disparity(x, y) = *wanted;
      }
    }
  };
  parallel_for(height, num_threads, std::ref(rows));
}

void fill_rows(ImageView<float> disparity, int num_threads) {
  const int width = disparity.width(), height = disparity.height();
  if (disparity.empty()) return;
  const auto rows = [&](int begin, int end) {
    for (int y = begin; y < end; ++y) fill_row(disparity.row(y), width);
  };
  parallel_for(height, num_threads, std::ref(rows), 16);
  const auto blank = [&](int y) { return std::isnan(disparity(0, y)); };
  for (int y = 0, end; y < height; y = end + 1) {
    for (end = y; end < height && blank(end);) ++end;
    if (end - y == height) return;
    for (int v = y; v < end; ++v) {
      const bool upper = y > 0 && (end == height || v - y < end - v);
      std::copy_n(disparity.row(upper ? y - 1 : end), width, disparity.row(v));
    }
  }
}

}  // namespace geomvision::stereo

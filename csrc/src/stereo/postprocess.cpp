#include "geomvision/stereo/postprocess.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <limits>

#include "geomvision/check.hpp"
#include "geomvision/parallel.hpp"

namespace geomvision::stereo {
namespace {

constexpr float nan = std::numeric_limits<float>::quiet_NaN();

void copy(ImageView<const float> from, Image<float>& to) {
  if (to.width() != from.width() || to.height() != from.height()) to.resize(from.width(), from.height());
  for (int y = 0; y < from.height(); ++y) std::copy_n(from.row(y), from.width(), to.view().row(y));
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

void SpeckleFilter::operator()(ImageView<float> disparity, int size, float range) {
  check(size >= 0, "SpeckleFilter: size is ", size, "; allowed is 0 or more pixels");
  check(range >= 0, "SpeckleFilter: range is ", range, "; allowed is 0 or more pixels");
  if (size <= 1 || disparity.empty()) return;
  const int width = disparity.width(), height = disparity.height();
  check(static_cast<std::int64_t>(width) * height <= std::numeric_limits<int>::max(), "SpeckleFilter: the map is ",
        width, "x", height, " pixels; at most ", std::numeric_limits<int>::max(), " in all can be taken");
  visited_.assign(static_cast<std::size_t>(width) * height, 0);
  region_.resize(visited_.size());
  for (int start = 0; start < width * height; ++start) {
    if (visited_[start] || std::isnan(disparity(start % width, start / width))) continue;
    int found = 0;
    region_[found++] = start;
    visited_[start] = 1;
    for (int next = 0; next < found; ++next) {
      const int x = region_[next] % width, y = region_[next] / width;
      const float here = disparity(x, y);
      const auto visit = [&](int u, int v) {
        if (u < 0 || v < 0 || u >= width || v >= height || visited_[v * width + u]) return;
        if (!(std::fabs(disparity(u, v) - here) <= range)) return;
        visited_[v * width + u] = 1;
        region_[found++] = v * width + u;
      };
      visit(x - 1, y);
      visit(x + 1, y);
      visit(x, y - 1);
      visit(x, y + 1);
    }
    if (found >= size) continue;
    for (int i = 0; i < found; ++i) disparity(region_[i] % width, region_[i] / width) = nan;
  }
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

}  // namespace geomvision::stereo

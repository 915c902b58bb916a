#include "stereo/disparity_repair.hpp"

#include <algorithm>
#include <cstdlib>
#include <functional>

#include "geomvision/parallel.hpp"

namespace geomvision::stereo {
namespace {

constexpr int directions[][2] = {{-1, 0},  {1, 0},  {0, -1}, {0, 1}, {-1, -1}, {1, -1}, {-1, 1}, {1, 1},
                                 {-2, -1}, {2, -1}, {-2, 1}, {2, 1}, {-1, -2}, {1, -2}, {-1, 2}, {1, 2}};

}  // namespace

void DisparityRepair::remember(const Image<std::int16_t>& disparity) {
  if (source_.width() != disparity.width() || source_.height() != disparity.height()) {
    source_.resize(disparity.width(), disparity.height());
  }
  std::copy_n(disparity.data(), static_cast<std::size_t>(disparity.width()) * disparity.height(), source_.data());
}

void DisparityRepair::vote(Image<std::int16_t>& disparity, const Image<Cross>& crosses, int first, int count, int votes,
                           int share, int num_threads) {
  remember(disparity);
  const int width = disparity.width(), height = disparity.height();
  constexpr int slots = 64;  // pieces of the image, each with its own histogram
  histograms_.assign(static_cast<std::size_t>(slots) * count, 0);
  const auto vote_at = [&](int x, int y, int* histogram) {
    const Cross& own = crosses(x, y);
    const auto each = [&](auto&& visit) {
      for (int v = y - own.up; v <= y + own.down; ++v) {
        const Cross& arms = crosses(x, v);
        for (int u = x - arms.left; u <= x + arms.right; ++u) {
          if (source_(u, v) != none) visit(source_(u, v) - first);
        }
      }
    };
    int total = 0, winner = 0;
    each([&](int d) {
      ++total;
      const int mine = ++histogram[d];
      if (mine > histogram[winner] || (mine == histogram[winner] && d < winner)) winner = d;
    });
    if (total > votes && 100LL * histogram[winner] > static_cast<long long>(share) * total) {
      disparity(x, y) = static_cast<std::int16_t>(first + winner);
    }
    each([&](int d) { histogram[d] = 0; });
  };
  const auto body = [&](int begin, int end) {
    for (int s = begin; s < end; ++s) {
      for (int y = s; y < height; y += slots) {
        for (int x = 0; x < width; ++x) {
          if (source_(x, y) == none) vote_at(x, y, histograms_.data() + static_cast<std::size_t>(s) * count);
        }
      }
    }
  };
  parallel_for(slots, num_threads, std::ref(body));
}

void DisparityRepair::interpolate(Image<std::int16_t>& disparity, const Image<std::uint8_t>& occluded,
                                  const Image<std::uint8_t>& levels, int num_threads) {
  remember(disparity);
  const int width = disparity.width(), height = disparity.height();
  const auto interpolate_at = [&](int x, int y) {
    int least = 1 << 30;
    for (const auto& [dx, dy] : directions) {
      int u = x + dx, v = y + dy;
      while (u >= 0 && u < width && v >= 0 && v < height && source_(u, v) == none) u += dx, v += dy;
      if (u < 0 || u >= width || v < 0 || v >= height) continue;
      const int rank = occluded(x, y) ? source_(u, v) : std::abs(levels(u, v) - levels(x, y));
      if (rank >= least) continue;
      least = rank;
      disparity(x, y) = source_(u, v);
    }
  };
  const auto body = [&](int begin, int end) {
    for (int y = begin; y < end; ++y) {
      for (int x = 0; x < width; ++x) {
        if (source_(x, y) == none) interpolate_at(x, y);
      }
    }
  };
  parallel_for(height, num_threads, std::ref(body));
}

void DisparityRepair::adjust_edges(Image<std::int16_t>& disparity, const ADCensusVolume& volume, int num_threads) {
  remember(disparity);
  const int width = disparity.width();
  const auto body = [&](int begin, int end) {
    for (int y = begin; y < end; ++y) {
      for (int x = 0; x < width; ++x) {
        const int own = source_(x, y);
        if (own == none) continue;
        const std::uint16_t* sums = volume.sums_at(x, y);
        int least = sums[own - volume.first_disparity];
        for (const int u : {x - 1, x + 1}) {
          if (u < 0 || u >= width || source_(u, y) == none || std::abs(source_(u, y) - own) <= 1) continue;
          const int rival = sums[source_(u, y) - volume.first_disparity];
          if (rival >= least) continue;
          least = rival;
          disparity(x, y) = source_(u, y);
        }
      }
    }
  };
  parallel_for(disparity.height(), num_threads, std::ref(body));
}

}  // namespace geomvision::stereo

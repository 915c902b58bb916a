#include "geomvision/flow/block_search.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <vector>

#include "geomvision/check.hpp"
#include "geomvision/parallel.hpp"
#include "kernels/block_search.hpp"

namespace geomvision::flow {
namespace {

constexpr int rows_at_once = 32;  // a band's sums are begun anew for each displacement
constexpr int padding = 8;        // kernels write whole vectors
constexpr std::uint16_t most = 1023;
constexpr float none = std::numeric_limits<float>::infinity();

void add_terms(const std::uint16_t* a, const std::uint16_t* b, int count, bool squared, int sign, std::int32_t* sums) {
  GEOMVISION_KERNEL(block_terms_u16)(a, b, count, squared, sign, sums);
}

void add_terms(const std::int64_t* a, const std::int64_t* b, int count, bool, int sign, std::int32_t* sums) {
  GEOMVISION_KERNEL(block_terms_i64)(a, b, count, sign, sums);
}

struct Scratch {
  std::vector<std::int32_t> sums;  // of each column, `radius` columns of nothing on either side
  std::vector<float> columns, costs;
};

// What is done with the costs of a displacement along one row, from column `first` on.
using Keep = std::function<void(int y, int first, int count, int dx, int dy, const float* costs)>;

template <typename T>
class Search {
 public:
  Search(TensorView<const T, 2> frame0, TensorView<const T, 2> frame1, const BlockSearchOptions& options)
      : frame0_(frame0), frame1_(frame1), options_(options), radius_(options.window / 2) {}

  // Every displacement over rows begin ... end - 1.
  void each(int begin, int end, Scratch& scratch, const Keep& keep) const {
    for (int dy = -options_.radius; dy <= options_.radius; ++dy) {
      for (int dx = -options_.radius; dx <= options_.radius; ++dx) over(begin, end, dx, dy, scratch, keep);
    }
  }

 private:
  void over(int begin, int end, int dx, int dy, Scratch& scratch, const Keep& keep) const {
    const int height = static_cast<int>(frame0_.size(0)), width = static_cast<int>(frame0_.size(1));
    const int left = std::max(0, -dx), count = std::min(width, width - dx) - left;
    const int top = std::max(0, -dy), bottom = std::min(height, height - dy);  // rows that have a partner
    begin = std::max(begin, top);
    end = std::min(end, bottom);
    if (count <= 0 || begin >= end) return;
    std::fill(scratch.sums.begin(), scratch.sums.end(), 0);
    for (int i = 0; i < count; ++i) {
      const int inside = std::min(count - 1, i + radius_) - std::max(0, i - radius_) + 1;
      scratch.columns[static_cast<std::size_t>(i)] = static_cast<float>(inside);
    }
    const auto add = [&](int y, int sign) {
      add_terms(frame0_.at(y, left), frame1_.at(y + dy, left + dx), count, options_.squared, sign,
                scratch.sums.data() + radius_);
    };
    for (int y = std::max(top, begin - radius_); y < std::min(bottom, begin + radius_); ++y) add(y, 1);
    for (int y = begin; y < end; ++y) {
      if (y + radius_ < bottom) add(y + radius_, 1);
      if (y > begin && y - radius_ - 1 >= top) add(y - radius_ - 1, -1);
      const int rows = std::min(bottom - 1, y + radius_) - std::max(top, y - radius_) + 1;
      GEOMVISION_KERNEL(block_costs)
      (scratch.sums.data(), count, options_.window, scratch.columns.data(), static_cast<float>(rows),
       scratch.costs.data());
      keep(y, left, count, dx, dy, scratch.costs.data());
    }
  }

  TensorView<const T, 2> frame0_, frame1_;
  BlockSearchOptions options_;
  int radius_;
};

void require_levels(const TensorView<const std::int64_t, 2>&) {}

void require_levels(const TensorView<const std::uint16_t, 2>& frame) {
  for (int y = 0; y < frame.size(0); ++y) {
    const std::uint16_t* row = frame.at(y);
    const std::uint16_t highest = *std::max_element(row, row + frame.size(1));
    check(highest <= most, "block_search: a level is ", highest, "; allowed is at most ", most);
  }
}

}  // namespace

template <typename T>
void block_search(TensorView<const T, 2> frame0, TensorView<const T, 2> frame1, const BlockSearchOptions& options,
                  const BlockSearchResult& result) {
  const char* owner = "block_search";
  check_range(owner, "radius", options.radius, 0, 127);
  check_range(owner, "window", options.window, 1, 31);
  check(options.window % 2 == 1, owner, ": window is ", options.window, "; it must be odd");
  const auto matches = [&](const auto& planes, std::ptrdiff_t count) {
    check(planes.size(0) == count && planes.size(1) == frame0.size(0) && planes.size(2) == frame0.size(1), owner,
          ": a result is ", planes.shape(), "; ", count, "x", frame0.shape(), " is needed");
  };
  check(frame0.sizes() == frame1.sizes(), owner, ": frame0 is ", frame0.shape(), ", frame1 ", frame1.shape(),
        "; they must be equal");
  check(frame0.size(0) <= 1 << 30 && frame0.size(1) <= 1 << 30, owner, ": frames are ", frame0.shape(),
        "; allowed is 1073741824 along a side");
  matches(result.displacement, 2);
  matches(result.costs, 6);
  if (frame0.empty()) return;
  require_levels(frame0);
  require_levels(frame1);
  const int height = static_cast<int>(frame0.size(0)), width = static_cast<int>(frame0.size(1));
  const Search<T> search(frame0, frame1, options);
  const auto bands = [&](int first, int last) {
    const auto padded = static_cast<std::size_t>(width + padding);
    Scratch scratch{std::vector<std::int32_t>(padded + static_cast<std::size_t>(options.window)),
                    std::vector<float>(padded, 1.0f), std::vector<float>(padded)};
    const auto& best = result.displacement;
    const auto& costs = result.costs;
    const Keep least = [&](int y, int x, int count, int dx, int dy, const float* found) {
      GEOMVISION_KERNEL(keep_least_blocks)(found, count, dx, dy, costs.at(0, y, x), best.at(0, y, x), best.at(1, y, x));
    };
    const Keep around = [&](int y, int x, int count, int dx, int dy, const float* found) {
      const kernels::BlockSurroundings kept{costs.at(1, y, x), costs.at(2, y, x), costs.at(3, y, x), costs.at(4, y, x),
                                            costs.at(5, y, x)};
      GEOMVISION_KERNEL(keep_blocks_around)(found, count, dx, dy, best.at(0, y, x), best.at(1, y, x), kept);
    };
    for (int band = first; band < last; ++band) {
      const int begin = band * rows_at_once, end = std::min(height, begin + rows_at_once);
      for (int y = begin; y < end; ++y) {
        for (int plane = 0; plane < 6; ++plane) std::fill_n(costs.at(plane, y), width, none);
        for (int plane = 0; plane < 2; ++plane) std::fill_n(best.at(plane, y), width, 0);
      }
      search.each(begin, end, scratch, least);
      search.each(begin, end, scratch, around);
    }
  };
  parallel_for((height + rows_at_once - 1) / rows_at_once, options.num_threads, std::ref(bands));
}

template void block_search(TensorView<const std::uint16_t, 2>, TensorView<const std::uint16_t, 2>,
                           const BlockSearchOptions&, const BlockSearchResult&);
template void block_search(TensorView<const std::int64_t, 2>, TensorView<const std::int64_t, 2>,
                           const BlockSearchOptions&, const BlockSearchResult&);

}  // namespace geomvision::flow

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>

#include "geomvision/check.hpp"
#include "geomvision/parallel.hpp"
#include "geomvision/stereo/postprocess.hpp"
#include "kernels/postprocess.hpp"

namespace geomvision::stereo {
namespace {

constexpr int block = 32;  // rows that are joined by one thread, before the seams between blocks

// The region of a run, itself a run. Shortens the way for the next one who asks.
int region_of(std::vector<int>& parents, int run) {
  while (parents[static_cast<std::size_t>(run)] >= 0) {
    int& parent = parents[static_cast<std::size_t>(run)];
    const int next = parents[static_cast<std::size_t>(parent)];
    if (next >= 0) parent = next;
    run = parent;
  }
  return run;
}

void join(std::vector<int>& parents, int one, int other) {
  one = region_of(parents, one);
  other = region_of(parents, other);
  if (one == other) return;
  int& size = parents[static_cast<std::size_t>(one)];
  int& other_size = parents[static_cast<std::size_t>(other)];
  if (size <= other_size) {  // minus the sizes: the first one is the larger
    size += other_size;
    other_size = one;
  } else {
    other_size += size;
    size = other;
  }
}

}  // namespace

// Runs of a row, as the kernel finds them.
struct SpeckleFilter::Row {
  std::uint8_t *joined, *linked, *estimated;
};

SpeckleFilter::Row SpeckleFilter::row(int slot) {
  std::uint8_t* first = links_.data() + static_cast<std::size_t>(slot) * 3 * static_cast<std::size_t>(width_);
  return {first, first + width_, first + 2 * static_cast<std::size_t>(width_)};
}

// Runs of rows begin ... end - 1 become regions, those of `begin` alone. At a seam the runs of two rows are there
// already, and are only joined.
void SpeckleFilter::join_rows(ImageView<const float> disparity, float range, int slot, int begin, int end, bool seam) {
  const Row links = row(slot);
  int* starts[2] = {starts_.data() + static_cast<std::size_t>(slot) * 2 * static_cast<std::size_t>(width_), nullptr};
  starts[1] = starts[0] + width_;
  for (int y = begin; y < end; ++y) {
    const float* above = y > begin ? disparity.row(y - 1) : nullptr;
    GEOMVISION_KERNEL(region_links)
    (above, disparity.row(y), width_, range, links.joined, links.linked, links.estimated);
    int *here = starts[y % 2], *before = starts[1 - y % 2];
    for (int x = 0, start = 0; x < width_; ++x) {
      start = links.joined[x] ? start : y * width_ + x;
      here[x] = start;
    }
    if (!seam) {
      for (int x = 0; x < width_; ++x) {
        if (!links.joined[x]) parents_[static_cast<std::size_t>(y * width_ + x)] = 0;
        --parents_[static_cast<std::size_t>(here[x])];
      }
    }
    if (above == nullptr) continue;
    int last_here = -1, last_before = -1;
    for (int x = 0; x < width_; ++x) {
      if (!links.linked[x] || (here[x] == last_here && before[x] == last_before)) continue;
      last_here = here[x];
      last_before = before[x];
      join(parents_, last_before, last_here);
    }
  }
}

void SpeckleFilter::operator()(ImageView<float> disparity, int size, float range, int num_threads) {
  check(size >= 0, "SpeckleFilter: size is ", size, "; allowed is 0 or more pixels");
  check(range >= 0, "SpeckleFilter: range is ", range, "; allowed is 0 or more pixels");
  if (size <= 1 || disparity.empty()) return;
  const int height = disparity.height();
  width_ = disparity.width();
  const auto pixels = static_cast<std::int64_t>(width_) * height;
  check(pixels <= std::numeric_limits<int>::max(), "SpeckleFilter: the map is ", width_, "x", height,
        " pixels; at most ", std::numeric_limits<int>::max(), " in all can be taken");
  const int blocks = (height + block - 1) / block;
  parents_.resize(static_cast<std::size_t>(pixels));
  starts_.resize(static_cast<std::size_t>(blocks) * 2 * static_cast<std::size_t>(width_));
  links_.resize(static_cast<std::size_t>(blocks) * 3 * static_cast<std::size_t>(width_));
  const auto join_blocks = [&](int begin, int end) {
    for (int b = begin; b < end; ++b) {
      join_rows(disparity, range, b, b * block, std::min(height, (b + 1) * block), false);
    }
  };
  parallel_for(blocks, num_threads, std::ref(join_blocks));
  for (int b = 1; b < blocks; ++b) join_rows(disparity, range, 0, b * block - 1, b * block + 1, true);
  const auto remove = [&](int begin, int end) {
    for (int b = begin; b < end; ++b) {
      for (int y = b * block; y < std::min(height, (b + 1) * block); ++y)
        remove_small(disparity.row(y), y, size, range, b);
    }
  };
  parallel_for(blocks, num_threads, std::ref(remove));
}

void SpeckleFilter::remove_small(float* disparity, int y, int size, float range, int slot) {
  const Row links = row(slot);
  GEOMVISION_KERNEL(region_links)
  (nullptr, disparity, width_, range, links.joined, links.linked, links.estimated);
  bool small = false;
  for (int x = 0; x < width_; ++x) {
    if (!links.joined[x] && links.estimated[x]) {
      int run = y * width_ + x;
      while (parents_[static_cast<std::size_t>(run)] >= 0) run = parents_[static_cast<std::size_t>(run)];
      small = -parents_[static_cast<std::size_t>(run)] < size;
    }
    if (small) disparity[x] = std::numeric_limits<float>::quiet_NaN();
  }
}

}  // namespace geomvision::stereo

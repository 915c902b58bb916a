#pragma once

#include <cstdint>
#include <limits>

#include "cuda/launch.cuh"
#include "stereo/window_planes.cuh"

// The search for the windows that are most alike, on a GPU: costs by running sums (McDonnell, CGIP 1981), and what they
// say.
namespace geomvision::cuda::windows {

/// The cost of a candidate that is none, above every other.
constexpr std::int32_t no_cost = std::numeric_limits<std::int32_t>::max();

/// The windows and disparities of a search.
struct Search {
  int width, height, radius;
  int first, count;  ///< smallest disparity, number of them
};

/// What the costs of each pixel say, by chunks of candidates: maps of the image's size, one for each chunk. Places
/// count from the chunk's first candidate.
struct Found {
  int chunk, chunks;                                      ///< candidates of a chunk, and how many there are
  std::int32_t *place, *least, *second, *before, *after;  ///< see kernels::Winners
  std::int32_t *first, *last;                             ///< costs at the chunk's ends; null where there is one chunk
  std::int32_t *without_first, *without_last;             ///< the least of all costs but that; null alike
  unsigned long long* right;                              ///< one map of the right pixels' least keys
};

/// A key is a cost and its place among all candidates: the smallest is the first of the smallest costs.
constexpr unsigned long long no_key = ~0ull;

/// The memory of a search. Costs that are `narrow`, below 65535, are summed two at once; others in `sum_bytes`.
class FoundMemory {
 public:
  FoundMemory(const Search& search, bool narrow, int sum_bytes, Stream stream);
  const Found& found() const { return found_; }

 private:
  FoundMemory(const Search& search, int chunk, Stream stream);

  StreamMemory<std::int32_t> maps_;
  StreamMemory<unsigned long long> keys_;
  Found found_;
};

/// How many bits sums of squares lose, so that they fit 28: see stereo::square_shift.
struct Shift {
  std::int64_t area;
  std::int64_t spread;  ///< of levels
  const Range* range;   ///< instead of it, unless null
};

/// What correlations need besides sums of products: see sum_windows.
struct Correlation {
  DeviceView<const std::int64_t, 2> left_sums, right_sums;
  DeviceView<const double, 2> left_scales, right_scales;
  std::int64_t area;  ///< of the window; 1 without means
};

/// Sums of absolute differences, in 4 bytes.
template <typename T>
void search_absolute(const Search& search, Plane<T> left, Plane<T> right, bool narrow, const Found& found,
                     Stream stream);

/// Sums of the bits in which words differ, in 4 bytes.
void search_hamming(const Search& search, Plane<std::int64_t> left, Plane<std::int64_t> right, bool narrow,
                    const Found& found, Stream stream);

/// Sums of squared differences, in 8 bytes.
template <typename T>
void search_squared(const Search& search, Plane<T> left, Plane<T> right, const Shift& shift, const Found& found,
                    Stream stream);

/// 1 - correlation in parts of 2^-27, by sums in 8 bytes.
template <typename T>
void search_correlation(const Search& search, Plane<T> left, Plane<T> right, const Correlation& correlation,
                        const Found& found, Stream stream);

}  // namespace geomvision::cuda::windows

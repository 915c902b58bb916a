#include <algorithm>

#include "stereo/window_search.cuh"
#include "stereo/window_sweep.cuh"

namespace geomvision::cuda::windows {
namespace {

constexpr int largest_chunk = 256, most_rows = 64, wanted_blocks = 2000;
constexpr std::size_t shared_room = std::size_t{44} << 10;  // of 48: Strip has some of its own

// Two bytes, each in half a word: differences and sums of halves do not touch one another.
struct NarrowAbsolute {
  using Left = unsigned;
  using Right = unsigned;
  using Sum = unsigned;
  static constexpr int together = 2;
  Cells<const std::uint8_t, 2> left_plane, right_plane;

  __device__ void begin() {}
  __device__ static Left left(std::uint8_t pixel) { return pixel * 0x10001u; }
  __device__ static Right right(std::uint8_t first, std::uint8_t second) { return first | second * 0x10000u; }
  __device__ static Sum term(Left left, Right right) { return __vabsdiffu4(left, right); }
};

struct NarrowHamming {
  using Left = unsigned long long;
  struct alignas(16) Right {
    unsigned long long first, second;
  };
  using Sum = unsigned;
  static constexpr int together = 2;
  Cells<const std::int64_t, 2> left_plane, right_plane;

  __device__ void begin() {}
  __device__ static Left left(std::int64_t word) { return static_cast<Left>(word); }
  __device__ static Right right(std::int64_t first, std::int64_t second) { return {left(first), left(second)}; }
  __device__ static Sum term(Left left, const Right& right) {
    return static_cast<unsigned>(__popcll(left ^ right.first)) | static_cast<unsigned>(__popcll(left ^ right.second))
                                                                     << 16;
  }
};

template <typename T, typename Value, typename Total>
struct Wide {
  using Left = Value;
  using Right = Value;
  using Sum = Total;
  static constexpr int together = 1;
  Cells<const T, 2> left_plane, right_plane;

  __device__ void begin() {}
  __device__ static Left left(T pixel) { return static_cast<Value>(pixel); }
  __device__ static Right right(T pixel, T) { return static_cast<Value>(pixel); }
  __device__ static std::int32_t cost(Total sum, int, int, int) { return static_cast<std::int32_t>(sum); }
};

template <typename T>
struct WideAbsolute : Wide<T, std::int32_t, std::int32_t> {
  __device__ static std::int32_t term(std::int32_t left, std::int32_t right) { return abs(left - right); }
};

struct WideHamming : Wide<std::int64_t, unsigned long long, std::int32_t> {
  __device__ static std::int32_t term(unsigned long long left, unsigned long long right) {
    return __popcll(left ^ right);
  }
};

template <typename T>
struct Squared : Wide<T, std::int32_t, std::int64_t> {
  Shift shift;
  int bits = 0;

  __device__ void begin() {
    const std::int64_t spread = shift.range == nullptr ? shift.spread : shift.range->largest - shift.range->least;
    while (((shift.area * spread * spread) >> bits) >= (std::int64_t{1} << 28)) ++bits;
  }
  __device__ static std::int64_t term(std::int32_t left, std::int32_t right) {
    const std::int64_t difference = left - right;
    return difference * difference;
  }
  __device__ std::int32_t cost(std::int64_t sum, int, int, int) const { return static_cast<std::int32_t>(sum >> bits); }
};

template <typename T>
struct Products : Wide<T, unsigned, std::int64_t> {
  Cells<const std::int64_t, 2> left_sums, right_sums;
  Cells<const double, 2> left_scales, right_scales;
  std::int64_t area = 1;

  __device__ static std::int64_t term(unsigned left, unsigned right) { return static_cast<std::int64_t>(left * right); }
  __device__ std::int32_t cost(std::int64_t sum, int y, int x, int to) const {
    const double left_scale = *left_scales.at(y, x), right_scale = *right_scales.at(y, to);
    if (left_scale == 0.0 || right_scale == 0.0) return no_cost;
    const auto covariance = static_cast<double>(area * sum - *left_sums.at(y, x) * *right_sums.at(y, to));
    const double r = __dmul_rn(__dmul_rn(covariance, left_scale), right_scale);
    return static_cast<std::int32_t>(__dadd_rn(__dmul_rn(__dadd_rn(1.0, -r), 134217728.0), 0.5));
  }
};

// Candidates of a chunk, whole warps of threads: as many as there are and shared memory has room for.
int chunk_of(const Search& search, bool narrow, int sum_bytes) {
  const int step = narrow ? 64 : 32, columns = strip + 2 * search.radius;
  const auto bytes = static_cast<std::size_t>(narrow ? 2 * columns + 2 * strip + 16
                                                     : columns * sum_bytes + 4 * strip + 16);  // of a candidate
  const std::size_t rows = static_cast<std::size_t>(columns) * 48;
  const auto most = static_cast<int>((shared_room - rows) / bytes);
  return std::clamp(std::min({(search.count + step - 1) / step, largest_chunk / step, most / step}), 1, 1024) * step;
}

template <typename Costs>
void run(const Costs& costs, const Search& search, const Found& found, Stream stream) {
  const int threads = found.chunk / Costs::together, columns = strip + 2 * search.radius;
  const auto room = [](int count, std::size_t bytes) { return static_cast<std::size_t>(count) * bytes; };
  const std::size_t shared_bytes = room(columns * threads, sizeof(typename Costs::Sum)) +
                                   room(strip * pitch_of(threads), 4) +
                                   room(2 * (columns + threads - 1), sizeof(typename Costs::Right)) +
                                   room(2 * columns, sizeof(typename Costs::Left));
  const std::ptrdiff_t strips = (search.width + strip - 1) / strip, all = strips * found.chunks;
  const auto rows = static_cast<int>(std::clamp<std::ptrdiff_t>(search.height * all / wanted_blocks,
                                                                std::min(most_rows, 2 * search.radius + 1), most_rows));
  const std::ptrdiff_t pieces = (search.height + rows - 1) / rows;
  launch(sweep<Costs>, blocks(all * pieces, 1), static_cast<unsigned>(threads), shared_bytes, stream, costs, search,
         rows, found);
}

template <typename Costs, typename T>
Costs with_planes(Plane<T> left, Plane<T> right) {
  Costs costs{};
  costs.left_plane = Cells<const T, 2>(left);
  costs.right_plane = Cells<const T, 2>(right);
  return costs;
}

}  // namespace

FoundMemory::FoundMemory(const Search& search, bool narrow, int sum_bytes, Stream stream)
    : FoundMemory(search, chunk_of(search, narrow, sum_bytes), stream) {}

FoundMemory::FoundMemory(const Search& search, int chunk, Stream stream)
    : maps_(static_cast<std::size_t>(search.count > chunk ? 9 : 5) * static_cast<std::size_t>(search.width) *
                static_cast<std::size_t>(search.height) * static_cast<std::size_t>((search.count + chunk - 1) / chunk),
            stream),
      keys_(static_cast<std::size_t>(search.width) * static_cast<std::size_t>(search.height), stream),
      found_{} {
  found_.chunk = chunk;
  found_.chunks = (search.count + chunk - 1) / chunk;
  const std::ptrdiff_t pixels = static_cast<std::ptrdiff_t>(search.width) * search.height, map = pixels * found_.chunks;
  std::int32_t* next = maps_.data();
  const auto take = [&](std::int32_t*& each) {
    each = next;
    next += map;
  };
  for (auto* each : {&found_.place, &found_.least, &found_.second, &found_.before, &found_.after}) take(*each);
  if (found_.chunks > 1) {
    for (auto* each : {&found_.first, &found_.last, &found_.without_first, &found_.without_last}) take(*each);
  }
  found_.right = keys_.data();
  const std::size_t bytes = static_cast<std::size_t>(pixels) * sizeof(no_key);
  check_call(cudaMemsetAsync(found_.right, 0xff, bytes, stream), "memory cannot be set");
}

template <typename T>
void search_absolute(const Search& search, Plane<T> left, Plane<T> right, bool narrow, const Found& found,
                     Stream stream) {
  if constexpr (sizeof(T) == 1) {
    if (narrow) return run(with_planes<NarrowAbsolute>(left, right), search, found, stream);
  }
  run(with_planes<WideAbsolute<T>>(left, right), search, found, stream);
}

void search_hamming(const Search& search, Plane<std::int64_t> left, Plane<std::int64_t> right, bool narrow,
                    const Found& found, Stream stream) {
  if (narrow) return run(with_planes<NarrowHamming>(left, right), search, found, stream);
  run(with_planes<WideHamming>(left, right), search, found, stream);
}

template <typename T>
void search_squared(const Search& search, Plane<T> left, Plane<T> right, const Shift& shift, const Found& found,
                    Stream stream) {
  auto costs = with_planes<Squared<T>>(left, right);
  costs.shift = shift;
  run(costs, search, found, stream);
}

template <typename T>
void search_correlation(const Search& search, Plane<T> left, Plane<T> right, const Correlation& correlation,
                        const Found& found, Stream stream) {
  auto costs = with_planes<Products<T>>(left, right);
  costs.left_sums = Cells<const std::int64_t, 2>(correlation.left_sums);
  costs.right_sums = Cells<const std::int64_t, 2>(correlation.right_sums);
  costs.left_scales = Cells<const double, 2>(correlation.left_scales);
  costs.right_scales = Cells<const double, 2>(correlation.right_scales);
  costs.area = correlation.area;
  run(costs, search, found, stream);
}

#define GEOMVISION_SEARCH(T)                                                                              \
  template void search_absolute<T>(const Search&, Plane<T>, Plane<T>, bool, const Found&, Stream);        \
  template void search_squared<T>(const Search&, Plane<T>, Plane<T>, const Shift&, const Found&, Stream); \
  template void search_correlation<T>(const Search&, Plane<T>, Plane<T>, const Correlation&, const Found&, Stream)
GEOMVISION_SEARCH(std::uint8_t);
GEOMVISION_SEARCH(std::uint16_t);
#undef GEOMVISION_SEARCH

}  // namespace geomvision::cuda::windows

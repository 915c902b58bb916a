#include <algorithm>

#include "cuda/launch.cuh"
#include "geomvision/cuda/census.hpp"
#include "ops/hamming.cuh"

namespace geomvision::cuda {
namespace {

constexpr int tile_columns = 32, tile_rows = 8;

// A block has a tile of the image in shared memory, with what lies around it.
template <typename T, int radius_x, int radius_y, int step>
__global__ void __launch_bounds__(tile_columns* tile_rows)
    transform(Cells<const T, 2> image, Cells<std::int64_t, 2> words, int tiles) {
  constexpr int columns = tile_columns + 2 * radius_x, rows = tile_rows + 2 * radius_y;
  __shared__ T pixels[rows * columns];
  const int height = image.sizes[0], width = image.sizes[1];
  const int top = static_cast<int>(blockIdx.x) / tiles * tile_rows;
  const int left = static_cast<int>(blockIdx.x) % tiles * tile_columns;
  for (int i = static_cast<int>(threadIdx.x); i < rows * columns; i += tile_columns * tile_rows) {
    const int y = min(max(top + i / columns - radius_y, 0), height - 1);
    const int x = min(max(left + i % columns - radius_x, 0), width - 1);
    pixels[i] = *image.at(y, x);
  }
  __syncthreads();
  const int row = static_cast<int>(threadIdx.x) / tile_columns, column = static_cast<int>(threadIdx.x) % tile_columns;
  if (top + row >= height || left + column >= width) return;
  const T* centre = pixels + (row + radius_y) * columns + column + radius_x;
  std::uint64_t word = 0;
  int bit = 0;
  for (int dy = -radius_y; dy <= radius_y; dy += step) {
    for (int dx = -radius_x; dx <= radius_x; dx += step) {
      if (dx == 0 && dy == 0) continue;
      word |= static_cast<std::uint64_t>(centre[dy * columns + dx] < *centre ? 1 : 0) << bit++;
    }
  }
  *words.at(top + row, left + column) = static_cast<std::int64_t>(word);
}

constexpr int run = 64;  // pixels of a row that a block takes
constexpr int threads = 256;
constexpr int most_quads = 1024;  // whose words shared memory holds

// Without it, lanes that are four words apart would ask the same banks.
__device__ int apart(int index) { return index + (index >> 4); }

// A thread has four candidates next to one another, and goes from pixel to pixel: one word is new each time.
__global__ void __launch_bounds__(threads)
    differ(Cells<const std::int64_t, 2> left, Cells<const std::int64_t, 2> right, int first, int count, int pitch,
           int first_quad, int quads, bool whole_words, std::uint8_t* costs, int runs) {
  auto* words = shared<std::uint64_t>();
  const int y = static_cast<int>(blockIdx.x) / runs, x0 = static_cast<int>(blockIdx.x) % runs * run;
  const int width = left.sizes[1], right_width = right.sizes[1], pixels = min(run, width - x0);
  const int base = x0 - first - 4 * (first_quad + quads) + 1;  // column of the first word
  const int held = pixels + 4 * quads - 1, thread = static_cast<int>(threadIdx.x);
  std::uint64_t* seen = words + apart(run + 4 * quads);
  for (int i = thread; i < held; i += threads) {
    const std::ptrdiff_t column = base + i;
    const bool inside = column >= 0 && column < right_width;
    words[apart(i)] = inside ? static_cast<std::uint64_t>(*right.at(y, column)) : 0;
  }
  for (int i = thread; i < pixels; i += threads) seen[i] = static_cast<std::uint64_t>(*left.at(y, x0 + i));
  __syncthreads();
  const int parts = max(1, threads / quads), length = (pixels + parts - 1) / parts;
  const int begin = min(thread / quads * length, pixels), end = min(begin + length, pixels);
  for (int quad = thread % quads; quad < quads; quad += threads) {
    const int offset = 4 * (quads - quad) - 1;  // where the first pixel's word of the quad's first candidate is
    std::uint64_t at[4] = {};
    for (int j = 1; j < 4; ++j) at[j - 1] = words[apart(max(begin + offset - j, 0))];
    for (int x = begin; x < end; ++x) {
      for (int j = 3; j > 0; --j) at[j] = at[j - 1];
      at[0] = words[apart(x + offset)];
      unsigned four = 0;
      for (int j = 0; j < 4; ++j) {
        const int candidate = 4 * (first_quad + quad) + j, column = x0 + x - first - candidate;
        const bool inside = candidate < count && column >= 0 && column < right_width;
        const auto bits = static_cast<unsigned>(__popcll(seen[x] ^ at[j]));
        four |= (inside ? bits : 255u) << 8 * j;
      }
      const int place = 4 * (first_quad + quad);
      std::uint8_t* to = costs + (static_cast<std::ptrdiff_t>(y) * width + x0 + x) * pitch + place;
      if (whole_words) {
        *reinterpret_cast<unsigned*>(to) = four;
      } else {
        for (int j = 0; j < 4 && place + j < pitch; ++j) to[j] = static_cast<std::uint8_t>(four >> 8 * j);
      }
    }
  }
}

}  // namespace

void distances(const Cells<const std::int64_t, 2>& left, const Cells<const std::int64_t, 2>& right, int first,
               int count, int pitch, std::uint8_t* costs, Stream stream) {
  const int quads = (pitch + 3) / 4, runs = (left.sizes[1] + run - 1) / run;
  const bool whole_words = pitch % 4 == 0 && reinterpret_cast<std::uintptr_t>(costs) % 4 == 0;
  for (int begin = 0; begin < quads; begin += most_quads) {
    const int some = std::min(most_quads, quads - begin), all = run + 4 * some;
    const auto bytes = static_cast<std::size_t>(all + (all >> 4) + run) * sizeof(std::uint64_t);
    launch(differ, blocks(static_cast<std::ptrdiff_t>(runs) * left.sizes[0], 1), threads, bytes, stream, left, right,
           first, count, pitch, begin, some, whole_words, costs, runs);
  }
}

template <typename T>
void census_transform(DeviceView<const T, 2> image, const std::string& window, DeviceView<std::int64_t, 2> words,
                      Stream stream) {
  check(words.sizes() == image.sizes(), "census_transform: words are ", words.shape(), ", the image is ", image.shape(),
        "; they must be equal");
  const int tiles = static_cast<int>((image.size(1) + tile_columns - 1) / tile_columns);
  const dim3 grid = blocks((image.size(0) + tile_rows - 1) / tile_rows * tiles, 1);
  const auto with = [&](auto kernel) {
    launch(kernel, grid, tile_columns * tile_rows, 0, stream, Cells<const T, 2>(image), Cells<std::int64_t, 2>(words),
           tiles);
  };
  if (window == "5x5") return with(transform<T, 2, 2, 1>);
  if (window == "7x7") return with(transform<T, 3, 3, 1>);
  if (window == "9x7") return with(transform<T, 4, 3, 1>);
  check(window == "sparse", "census_transform: window is '", window, "'; allowed are '5x5', '7x7', '9x7', 'sparse'");
  with(transform<T, 4, 3, 2>);
}

void hamming_distances(DeviceView<const std::int64_t, 2> left, DeviceView<const std::int64_t, 2> right, int first,
                       DeviceView<std::uint8_t, 3> volume, Stream stream) {
  check(left.sizes() == right.sizes(), "hamming_distances: left is ", left.shape(), ", right is ", right.shape(),
        "; they must be equal");
  check(volume.size(0) == left.size(0) && volume.size(1) == left.size(1), "hamming_distances: volume is ",
        volume.shape(), ", the images are ", left.shape(), "; it must be height x width x disparities");
  constexpr int farthest = 1 << 20;
  check(volume.size(2) <= farthest && first >= -farthest && first <= farthest,
        "hamming_distances: the first disparity is ", first, " of ", volume.size(2), "; allowed are ", farthest,
        " px either way, and as many");
  require_packed("hamming_distances", "volume", volume);
  if (volume.empty()) return;
  const int count = static_cast<int>(volume.size(2));
  distances(Cells<const std::int64_t, 2>(left), Cells<const std::int64_t, 2>(right), first, count, count, volume.data(),
            stream);
}

#define GEOMVISION_CENSUS(T) \
  template void census_transform<T>(DeviceView<const T, 2>, const std::string&, DeviceView<std::int64_t, 2>, Stream)
GEOMVISION_CENSUS(std::uint8_t);
GEOMVISION_CENSUS(std::uint16_t);
GEOMVISION_CENSUS(float);
GEOMVISION_CENSUS(double);
#undef GEOMVISION_CENSUS

}  // namespace geomvision::cuda

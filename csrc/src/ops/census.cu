#include "geomvision/cuda/census.hpp"
#include "ops/candidates.cuh"
#include "ops/image_types.hpp"

namespace geomvision::cuda {
namespace {

constexpr int columns = 32, rows = 8, block = columns * rows;

// A block has a tile of pixels, whose neighbourhoods lie in shared memory.
template <typename T, int radius_x, int radius_y, int step>
__global__ void __launch_bounds__(block) transform(Cells<const T, 2> image, Cells<std::int64_t, 2> words) {
  constexpr int wide = columns + 2 * radius_x, high = rows + 2 * radius_y;
  __shared__ T tile[high][wide];
  const int height = image.sizes[0], width = image.sizes[1], across = (width + columns - 1) / columns;
  const int tile_y = static_cast<int>(blockIdx.x) / across, tile_x = static_cast<int>(blockIdx.x) - tile_y * across;
  const int first_x = tile_x * columns, first_y = tile_y * rows;
  for (int i = static_cast<int>(threadIdx.x); i < wide * high; i += block) {
    const int y = min(max(first_y + i / wide - radius_y, 0), height - 1);
    const int x = min(max(first_x + i % wide - radius_x, 0), width - 1);
    tile[i / wide][i % wide] = *image.at(y, x);
  }
  __syncthreads();
  const int dx = static_cast<int>(threadIdx.x) % columns, dy = static_cast<int>(threadIdx.x) / columns;
  if (first_x + dx >= width || first_y + dy >= height) return;
  const T here = tile[dy + radius_y][dx + radius_x];
  std::int64_t word = 0;
  int bit = 0;
  for (int v = 0; v <= 2 * radius_y; v += step) {
    for (int u = 0; u <= 2 * radius_x; u += step) {
      if (u == radius_x && v == radius_y) continue;
      word |= static_cast<std::int64_t>(tile[dy + v][dx + u] < here) << bit++;
    }
  }
  *words.at(first_y + dy, first_x + dx) = word;
}

struct Hamming {
  using Pixel = std::int64_t;
  using Cost = std::uint8_t;
  __device__ static std::int64_t seen(const std::int64_t* row, int x, int) { return row[x]; }
  __device__ static Cost cost(std::int64_t here, const std::int64_t* row, int x, int) {
    return static_cast<Cost>(__popcll(static_cast<unsigned long long>(here ^ row[x])));
  }
};

}  // namespace

template <typename T>
void census_transform(DeviceView<const T, 2> image, const std::string& window, DeviceView<std::int64_t, 2> words,
                      Stream stream) {
  check(words.sizes() == image.sizes(), "census_transform: words are ", words.shape(), ", the image is ", image.shape(),
        "; they must agree");
  const std::ptrdiff_t down = (image.size(0) + rows - 1) / rows, across = (image.size(1) + columns - 1) / columns;
  const auto with = [&](auto kernel) {
    launch(kernel, blocks(down * across, 1), block, 0, stream, Cells<const T, 2>(image), Cells<std::int64_t, 2>(words));
  };
  if (window == "5x5") return with(transform<T, 2, 2, 1>);
  if (window == "7x7") return with(transform<T, 3, 3, 1>);
  if (window == "9x7") return with(transform<T, 4, 3, 1>);
  if (window == "sparse") return with(transform<T, 4, 3, 2>);
  check(false, "census_transform: window is '", window, "'; allowed are '5x5', '7x7', '9x7', 'sparse'");
}

void hamming_distances(DeviceView<const std::int64_t, 2> left, DeviceView<const std::int64_t, 2> right, int first,
                       DeviceView<std::uint8_t, 3> volume, Stream stream) {
  candidates::fill<Hamming>("hamming_distances", left, right, first, volume, stream);
}

#define GEOMVISION_INSTANTIATE(T) \
  template void census_transform(DeviceView<const T, 2>, const std::string&, DeviceView<std::int64_t, 2>, Stream)
GEOMVISION_FOR_IMAGE_TYPES(GEOMVISION_INSTANTIATE);
#undef GEOMVISION_INSTANTIATE

}  // namespace geomvision::cuda

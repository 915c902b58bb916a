#include <limits>

#include "flow/dense_steps.cuh"
#include "flow/occlusion.hpp"

namespace geomvision::cuda {
namespace {

using geomvision::flow::Vec2f;

constexpr int block = 256;
constexpr int columns = 32, rows = 8;  // threads of a block that filters
constexpr int tile_rows = 16;          // of its tile
constexpr int widest = 3;              // radius of a median

__global__ void __launch_bounds__(block) grow(const float* coarse, Size size, float* fine, Size fine_size) {
  const PixelOf at(fine_size);
  if (at.y >= fine_size.height) return;
  const float* plane = coarse + blockIdx.y * size.pixels();
  const float* top = plane + static_cast<std::ptrdiff_t>(at.y / 2) * size.width;
  const float* bottom = plane + static_cast<std::ptrdiff_t>(min((at.y + 1) / 2, size.height - 1)) * size.width;
  const int left = min(at.x / 2, size.width - 1), right = min((at.x + 1) / 2, size.width - 1);
  const float here = top[left] + bottom[left], next = top[right] + bottom[right];
  fine[blockIdx.y * fine_size.pixels() + static_cast<std::ptrdiff_t>(at.y) * fine_size.width + at.x] =
      0.5f * (here + next);
}

// Weights of four neighbours at t between the second (t = 0) and the third (t = 1): cubic convolution, a = -1/2.
__device__ void cubic_weights(float t, float* w) {
  w[0] = ((1.0f - 0.5f * t) * t - 0.5f) * t;
  w[1] = (1.5f * t - 2.5f) * t * t + 1.0f;
  w[2] = ((2.0f - 1.5f * t) * t + 0.5f) * t;
  w[3] = (0.5f * t - 0.5f) * t * t;
}

__device__ float within(float value, float limit) {
  const float above = value > 0.0f ? value : 0.0f;
  return above < limit ? above : limit;
}

__global__ void __launch_bounds__(block) warp(const float* frame, const float* flow, Size size, float* warped) {
  const PixelOf at(size);
  if (at.y >= size.height) return;
  const std::ptrdiff_t own = static_cast<std::ptrdiff_t>(at.y) * size.width + at.x;
  const float px = within(static_cast<float>(at.x) + flow[own], static_cast<float>(size.width - 1));
  const float py = within(static_cast<float>(at.y) + flow[size.pixels() + own], static_cast<float>(size.height - 1));
  const int ix = static_cast<int>(px), iy = static_cast<int>(py);
  float across[4], down[4], column[4];
  cubic_weights(px - static_cast<float>(ix), across);
  cubic_weights(py - static_cast<float>(iy), down);
  const float* line[4];
  for (int k = 0; k < 4; ++k) {
    line[k] = frame + static_cast<std::ptrdiff_t>(min(max(iy + k - 1, 0), size.height - 1)) * size.width;
  }
  for (int j = 0; j < 4; ++j) {
    const int x = min(max(ix + j - 1, 0), size.width - 1);
    column[j] = (line[0][x] * down[0] + line[1][x] * down[1]) + (line[2][x] * down[2] + line[3][x] * down[3]);
  }
  warped[own] = (across[0] * column[0] + across[1] * column[1]) + (across[2] * column[2] + across[3] * column[3]);
}

__device__ void order(float& a, float& b) {
  const float low = a < b ? a : b;
  b = a > b ? a : b;
  a = low;
}

// The median of 2 radius + 1 values by minima and maxima, as kernels/flow_median.cpp finds it. -0 becomes 0.
template <int radius>
__device__ float median(float* v) {
  const auto smaller = [](float a, float b) { return a < b ? a : b; };
  const auto larger = [](float a, float b) { return a > b ? a : b; };
  float low = v[0], high = v[0];
  if constexpr (radius == 1) {
    low = smaller(v[1], v[2]);
    high = larger(v[1], v[2]);
  } else if constexpr (radius == 2) {
    order(v[1], v[2]);
    order(v[3], v[4]);
    low = larger(v[1], v[3]);
    high = smaller(v[2], v[4]);
    order(low, high);
  } else if constexpr (radius == 3) {  // of two sorted triples the third is above any three of six, the fourth below
    for (float* three = v + 1; three < v + 7; three += 3) {
      order(three[0], three[1]);
      order(three[1], three[2]);
      order(three[0], three[1]);
    }
    const float third = smaller(larger(v[1], v[5]), larger(v[2], v[4]));
    const float fourth = larger(smaller(v[2], v[6]), smaller(v[3], v[5]));
    low = smaller(third, smaller(v[3], v[6]));
    high = larger(fourth, larger(v[1], v[4]));
  }
  return larger(low, smaller(high, v[0])) + 0.0f;
}

// A tile with its rim in shared memory: medians along its rows, then those along columns of medians.
template <int radius>
__global__ void __launch_bounds__(columns* rows)
    find_medians(const float* flow, Size size, float* filtered, int tiles) {
  __shared__ float given[tile_rows + 2 * widest][columns + 2 * widest], along[tile_rows + 2 * widest][columns];
  const auto lane = static_cast<int>(threadIdx.x), row = static_cast<int>(threadIdx.y);
  const int left = static_cast<int>(blockIdx.x % static_cast<unsigned>(tiles)) * columns;
  const int top = static_cast<int>(blockIdx.x / static_cast<unsigned>(tiles)) * tile_rows;
  const std::ptrdiff_t plane = blockIdx.y * size.pixels();
  for (int j = row; j < tile_rows + 2 * radius; j += rows) {
    const int y = min(max(top + j - radius, 0), size.height - 1);
    for (int i = lane; i < columns + 2 * radius; i += columns) {
      const int x = min(max(left + i - radius, 0), size.width - 1);
      given[j][i] = flow[plane + static_cast<std::ptrdiff_t>(y) * size.width + x];
    }
  }
  __syncthreads();
  float v[2 * radius + 1];
  for (int j = row; j < tile_rows + 2 * radius; j += rows) {
    for (int k = 0; k <= 2 * radius; ++k) v[k] = given[j][lane + k];
    along[j][lane] = median<radius>(v);
  }
  __syncthreads();
  for (int j = row; j < tile_rows; j += rows) {
    if (left + lane >= size.width || top + j >= size.height) continue;
    for (int k = 0; k <= 2 * radius; ++k) v[k] = along[j + k][lane];
    filtered[plane + static_cast<std::ptrdiff_t>(top + j) * size.width + left + lane] = median<radius>(v);
  }
}

// A flow field of two planes.
struct Planes {
  const float* data;
  Size size;
  std::ptrdiff_t plane;

  constexpr Vec2f operator()(int x, int y) const {
    const float* at = data + static_cast<std::ptrdiff_t>(y) * size.width + x;
    return {at[0], at[plane]};
  }
};

__global__ void __launch_bounds__(block)
    store(Planes flow, Cells<const float, 2> confidence, float limit, Cells<Vec2f, 2> field) {
  const PixelOf at(flow.size);
  if (at.y >= flow.size.height) return;
  constexpr float none = std::numeric_limits<float>::quiet_NaN();
  const bool unsure = confidence.data != nullptr && *confidence.at(at.y, at.x) < limit;
  *field.at(at.y, at.x) = unsure ? Vec2f{none, none} : flow(at.x, at.y);
}

__global__ void __launch_bounds__(block) occlude(Planes forward, Planes backward, Cells<std::uint8_t, 2> occluded) {
  const Size size = forward.size;
  const PixelOf at(size);
  if (at.y >= size.height) return;
  const bool hidden = geomvision::flow::is_occluded(forward(at.x, at.y), backward, at.x, at.y, size.width, size.height);
  *occluded.at(at.y, at.x) = hidden ? 1 : 0;
}

}  // namespace

void enlarge(const float* coarse, Size size, float* fine, Size fine_size, Stream stream) {
  launch(grow, dim3(blocks(fine_size.pixels(), block), 2), block, 0, stream, coarse, size, fine, fine_size);
}

void warp_frame(const float* frame, const float* flow, Size size, float* warped, Stream stream) {
  launch(warp, blocks(size.pixels(), block), block, 0, stream, frame, flow, size, warped);
}

void filter_flow(const float* flow, Size size, int radius, float* filtered, Stream stream) {
  const auto tiles = static_cast<int>(blocks(size.width, columns));
  const std::ptrdiff_t all = std::ptrdiff_t{tiles} * static_cast<std::ptrdiff_t>(blocks(size.height, tile_rows));
  const auto kernel = radius == 0   ? find_medians<0>
                      : radius == 1 ? find_medians<1>
                      : radius == 2 ? find_medians<2>
                                    : find_medians<3>;
  launch(kernel, dim3(blocks(all, 1), 2), dim3(columns, rows), 0, stream, flow, size, filtered, tiles);
}

void store_flow(const float* flow, Size size, const Cells<const float, 2>& confidence, float limit,
                const Cells<Vec2f, 2>& field, Stream stream) {
  launch(store, blocks(size.pixels(), block), block, 0, stream, Planes{flow, size, size.pixels()}, confidence, limit,
         field);
}

void find_occluded(const float* forward, const float* backward, Size size, const Cells<std::uint8_t, 2>& occluded,
                   Stream stream) {
  launch(occlude, blocks(size.pixels(), block), block, 0, stream, Planes{forward, size, size.pixels()},
         Planes{backward, size, size.pixels()}, occluded);
}

}  // namespace geomvision::cuda

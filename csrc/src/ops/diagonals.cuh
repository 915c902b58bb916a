#pragma once

#include <cstdint>

#include "cuda/launch.cuh"

// What right pixels make of a volume of the left image: right pixel c has candidate k at left pixel c + first + k, so
// its candidates lie along a diagonal. Squares of pixels and candidates go through shared memory, so that both what is
// read and what is made lie side by side, and what a pixel adds up has one order.
namespace geomvision::cuda::diagonals {

constexpr int tile = 32, block = 256, warps = block / tile;

/// The right pixels of a block.
struct Tile {
  int y, width, first, count, begin, end;  // begin: the first of its pixels, end: behind the last of their candidates

  __device__ Tile(int columns, int first_disparity, int candidates) : width(columns), first(first_disparity) {
    const int tiles = (columns + tile - 1) / tile;
    y = static_cast<int>(blockIdx.x) / tiles;
    begin = (static_cast<int>(blockIdx.x) - y * tiles) * tile;
    count = candidates;
    end = min(candidates, columns - begin - first_disparity);
  }
  __device__ int column() const { return begin + static_cast<int>(threadIdx.x) % tile; }
  __device__ bool has_pixel() const { return threadIdx.x < tile && column() < width; }
  // The first candidates of the first square that may hold any.
  __device__ int start() const { return max(0, -(begin + tile - 1 + first)) / tile * tile; }
};

inline dim3 grid(std::ptrdiff_t rows, std::ptrdiff_t width) { return blocks(rows * ((width + tile - 1) / tile), 1); }

/// Of each right pixel: `start` with take(all, of(x, k), k) for each of its candidates, parts put together by join(a,
/// b). The first warp has the results.
template <typename All, typename Of, typename Take, typename Join>
__device__ All fold(const Tile& here, All start, const Of& of, const Take& take, const Join& join) {
  using One = decltype(of(0, 0));
  __shared__ One square[2 * tile][tile + 1];
  __shared__ bool there[2 * tile][tile + 1];
  __shared__ All parts[warps][tile];
  const int lane = static_cast<int>(threadIdx.x) % tile, warp = static_cast<int>(threadIdx.x) / tile;
  All all = start;
  for (int base = here.start(); base < here.end; base += tile) {
    for (int row = warp; row < 2 * tile - 1; row += warps) {
      const int x = here.begin + here.first + base + row, k = base + lane, c = x - here.first - k;
      const bool inside = x >= 0 && x < here.width && k < here.count && c >= 0 && c < here.width;
      there[row][lane] = inside;
      if (inside) square[row][lane] = of(x, k);
    }
    __syncthreads();
    for (int i = warp; i < tile; i += warps) {
      if (there[lane + i][i]) all = take(all, square[lane + i][i], base + i);
    }
    __syncthreads();
  }
  parts[warp][lane] = all;
  __syncthreads();
  for (int other = 1; other < warps && warp == 0; ++other) all = join(all, parts[other][lane]);
  return all;
}

}  // namespace geomvision::cuda::diagonals

#pragma once

#include "ops/correlation_windows.cuh"

// Features with their channels last and the levels above them, pooled by 2 x 2, or along rows by 2; and the derivative.

namespace geomvision::cuda::windows {

constexpr int pack_side = 32, pack_threads = 256, pack_rows = pack_threads / pack_side;

// What is packed: `images` of positions are planes, or along rows the rows of planes.
template <bool rows>
struct Packing {
  Levels levels;
  int channels, step, height;  // rows of a plane

  // Positions of level 0 of an image, and where its channel 0 begins.
  __host__ __device__ int positions() const { return levels.heights[0] * levels.widths[0]; }
  template <typename T>
  __device__ std::ptrdiff_t origin(const Cells<T, 4>& features, int image) const {
    return rows ? image / height * features.strides[0] + image % height * features.strides[2]
                : image * features.strides[0];
  }
  template <typename T>
  __device__ std::ptrdiff_t pixel(const Cells<T, 4>& features, int position) const {
    return rows ? position : position / levels.widths[0] * features.strides[2] + position % levels.widths[0];
  }

  // A block has 32 positions and 32 channels.
  __host__ __device__ int across() const { return (positions() + pack_side - 1) / pack_side; }
  __host__ __device__ int down() const { return (step + pack_side - 1) / pack_side; }
  __device__ void place(int& image, int& position, int& channel) const {
    position = static_cast<int>(blockIdx.x % static_cast<unsigned>(across())) * pack_side;
    channel =
        static_cast<int>(blockIdx.x / static_cast<unsigned>(across()) % static_cast<unsigned>(down())) * pack_side;
    image = static_cast<int>(blockIdx.x / static_cast<unsigned>(across()) / static_cast<unsigned>(down()));
  }
};

template <typename T, bool rows>
__global__ void __launch_bounds__(pack_threads)
    pack_first(Packing<rows> packing, Cells<const T, 4> features, T* packed) {
  __shared__ T tile[pack_side][pack_side + 1];
  int image = 0, position = 0, channel = 0;
  packing.place(image, position, channel);
  const int lane = static_cast<int>(threadIdx.x) % pack_side, first = static_cast<int>(threadIdx.x) / pack_side;
  const T* from = features.data + packing.origin(features, image);
  for (int k = first; k < pack_side; k += pack_rows) {
    const int c = channel + k, at = position + lane;
    const bool there = c < packing.channels && at < packing.positions();
    tile[k][lane] = there ? from[c * features.strides[1] + packing.pixel(features, at)] : T(0);
  }
  __syncthreads();
  T* to = packed + image * packing.levels.positions * packing.step;
  for (int k = first; k < pack_side; k += pack_rows) {
    const int c = channel + lane, at = position + k;
    if (c < packing.step && at < packing.positions())
      to[static_cast<std::ptrdiff_t>(at) * packing.step + c] = tile[lane][k];
  }
}

// A thread has a channel of a position of `level`, which is the mean of 4 or 2 of the level below.
template <typename T, bool rows>
__global__ void __launch_bounds__(pack_threads)
    pack_next(Packing<rows> packing, int level, std::ptrdiff_t images, T* packed) {
  const Levels& levels = packing.levels;
  std::int64_t index = static_cast<std::int64_t>(blockIdx.x) * pack_threads + threadIdx.x;
  const int c = static_cast<int>(index % packing.step);
  index /= packing.step;
  const int x = static_cast<int>(index % levels.widths[level]);
  index /= levels.widths[level];
  const int y = static_cast<int>(index % levels.heights[level]);
  const std::ptrdiff_t image = index / levels.heights[level], step = packing.step, below = levels.widths[level - 1];
  if (image >= images) return;
  T* planes = packed + image * levels.positions * step + c;
  const T* from = planes + (levels.firsts[level - 1] + (rows ? 0 : 2 * y * below) + 2 * x) * step;
  const T top = from[0] + from[step];
  const std::ptrdiff_t to = (levels.firsts[level] + static_cast<std::ptrdiff_t>(y) * levels.widths[level] + x) * step;
  planes[to] = rows ? T(0.5) * top : T(0.25) * (top + (from[below * step] + from[(below + 1) * step]));
}

template <typename T, bool rows>
__global__ void __launch_bounds__(pack_threads)
    unpack(Packing<rows> packing, const T* d_packed, Cells<T, 4> d_features) {
  __shared__ T tile[pack_side][pack_side + 1];
  const Levels& levels = packing.levels;
  int image = 0, position = 0, channel = 0;
  packing.place(image, position, channel);
  const int lane = static_cast<int>(threadIdx.x) % pack_side, first = static_cast<int>(threadIdx.x) / pack_side;
  const T* from = d_packed + image * levels.positions * packing.step;
  for (int k = first; k < pack_side; k += pack_rows) {
    const int c = channel + lane, at = position + k;
    const int y = at / levels.widths[0], x = at % levels.widths[0];
    T sum = 0, share = 1;
    for (int level = 0; level < levels.count && c < packing.step && at < packing.positions(); ++level) {
      const int level_y = rows ? y : y >> level, level_x = x >> level;
      if (level_y < levels.heights[level] && level_x < levels.widths[level]) {
        const std::ptrdiff_t there =
            levels.firsts[level] + static_cast<std::ptrdiff_t>(level_y) * levels.widths[level] + level_x;
        sum += share * from[there * packing.step + c];
      }
      share *= rows ? T(0.5) : T(0.25);
    }
    tile[k][lane] = sum;
  }
  __syncthreads();
  T* to = d_features.data + packing.origin(d_features, image);
  for (int k = first; k < pack_side; k += pack_rows) {
    const int c = channel + k, at = position + lane;
    if (c < packing.channels && at < packing.positions()) {
      to[c * d_features.strides[1] + packing.pixel(d_features, at)] = tile[lane][k];
    }
  }
}

/// Levels of features (batch, channels, height, width), which are there.
template <bool rows>
Packing<rows> packing_of(const Levels& levels, std::ptrdiff_t channels, std::ptrdiff_t height) {
  return {levels, static_cast<int>(channels), static_cast<int>(padded(channels)), static_cast<int>(height)};
}

template <bool rows>
std::ptrdiff_t images_of(std::ptrdiff_t batch, std::ptrdiff_t height) {
  return rows ? batch * height : batch;
}

template <typename T, bool rows>
void start_packing(const Packing<rows>& packing, const DeviceView<const T, 4>& features, T* packed, Stream stream) {
  const std::ptrdiff_t images = images_of<rows>(features.size(0), features.size(2));
  launch(pack_first<T, rows>, blocks(images * packing.across() * packing.down(), 1), pack_threads, 0, stream, packing,
         Cells<const T, 4>(features), packed);
  for (int level = 1; level < packing.levels.count; ++level) {
    const std::ptrdiff_t elements =
        images * packing.levels.heights[level] * packing.levels.widths[level] * packing.step;
    launch(pack_next<T, rows>, blocks(elements, pack_threads), pack_threads, 0, stream, packing, level, images, packed);
  }
}

template <typename T, bool rows>
void start_unpacking(const Packing<rows>& packing, const T* d_packed, const DeviceView<T, 4>& d_features,
                     Stream stream) {
  const std::ptrdiff_t images = images_of<rows>(d_features.size(0), d_features.size(2));
  launch(unpack<T, rows>, blocks(images * packing.across() * packing.down(), 1), pack_threads, 0, stream, packing,
         d_packed, Cells<T, 4>(d_features));
}

}  // namespace geomvision::cuda::windows

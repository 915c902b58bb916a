#include "geomvision/cuda/volume_lookup.hpp"
#include "ops/correlation_windows.cuh"

// A block has 32 pixels beside one another. A warp reads a pixel's window row by row into shared memory, so that what
// is read lies together, and pixel by pixel what is written; where windows are too large, they are read as they are
// needed.

namespace geomvision::cuda {
namespace {

using windows::Corners;
using windows::Window;

constexpr int tile = 32, block = 256, warps = block / 32;

template <typename T, bool rows>
struct Windows {
  Cells<const T, 4> coordinates;
  int height, width;  // of the volume's second image
  int radius, level;
  bool staged;  // what a tile meets lies in shared memory

  __device__ int positions_x() const { return 2 * radius + 2; }
  __device__ int positions_y() const { return rows ? 1 : 2 * radius + 2; }
  __device__ int samples() const { return rows ? 2 * radius + 1 : (2 * radius + 1) * (2 * radius + 1); }
  __device__ int pitch() const { return positions_x() * positions_y() | 1; }

  __device__ std::int64_t pixel(int of_tile) const { return static_cast<std::int64_t>(blockIdx.x) * tile + of_tile; }
  __device__ bool place(std::int64_t pixel, int& b, int& y, int& x) const {
    x = static_cast<int>(pixel % coordinates.sizes[3]);
    y = static_cast<int>(pixel / coordinates.sizes[3] % coordinates.sizes[2]);
    b = static_cast<int>(pixel / coordinates.sizes[3] / coordinates.sizes[2]);
    return b < coordinates.sizes[0];
  }
  __device__ Window<T> window(int b, int y, int x) const {
    Window<T> found{};
    found.seen = windows::split(*coordinates.at(b, 0, y, x), level, radius, found.x, found.fx);
    if (!rows) found.seen = windows::split(*coordinates.at(b, 1, y, x), level, radius, found.y, found.fy) && found.seen;
    return found;
  }
  // Where position (i, j) of a window lies in the second image; negative where it is outside.
  __device__ std::ptrdiff_t offset(const Window<T>& window, int i, int j) const {
    const int x = window.x + i, y = window.y + j;
    const bool inside = window.seen && x >= 0 && x < width && y >= 0 && y < height;
    return inside ? static_cast<std::ptrdiff_t>(y) * width + x : -1;
  }
  __device__ std::ptrdiff_t size() const { return static_cast<std::ptrdiff_t>(height) * width; }
};

template <typename T, bool rows, bool of_coordinates>
__global__ void __launch_bounds__(block)
    look_up(Windows<T, rows> all, const T* volume, Cells<const T, 4> d_out, Cells<T, 4> out) {
  T* products = shared<T>();
  __shared__ T sums[2 * block];
  const int thread = static_cast<int>(threadIdx.x), lane = thread % 32, warp = thread / 32;
  int b = 0, y = 0, x = 0;
  for (int p = warp; p < tile && all.staged; p += warps) {
    if (!all.place(all.pixel(p), b, y, x)) break;
    const Window<T> window = all.window(b, y, x);
    const T* image = volume + all.pixel(p) * all.size();
    for (int k = lane; k < all.positions_x() * all.positions_y(); k += 32) {
      const std::ptrdiff_t at = all.offset(window, k % all.positions_x(), k / all.positions_x());
      products[p * all.pitch() + k] = at >= 0 ? image[at] : T(0);
    }
  }
  __syncthreads();
  const int own = thread % tile;
  const bool has_own = all.place(all.pixel(own), b, y, x);
  const Window<T> window = has_own ? all.window(b, y, x) : Window<T>{};
  const T* image = volume + all.pixel(own) * all.size();
  const auto product = [&](int i, int j) {
    if (all.staged) return products[own * all.pitch() + j * all.positions_x() + i];
    const std::ptrdiff_t at = all.offset(window, i, j);
    return at >= 0 ? image[at] : T(0);
  };
  const int side = 2 * all.radius + 1;
  T d_x = 0, d_y = 0;
  for (int s = warp; s < all.samples() && has_own; s += warps) {
    const int i = rows ? s : s / side, j = rows ? 0 : s % side, below = rows ? 0 : j + 1;
    const Corners<T, rows> corners{product(i, j), product(i + 1, j), product(i, below), product(i + 1, below)};
    if (of_coordinates) {
      const T share = *d_out.at(b, s, y, x);
      d_x += share * corners.slope_x(window.fy);
      d_y += share * corners.slope_y(window.fx);
    } else {
      *out.at(b, s, y, x) = corners.sample(window.fx, window.fy);
    }
  }
  if (!of_coordinates) return;
  sums[2 * thread] = d_x;
  sums[2 * thread + 1] = d_y;
  __syncthreads();
  if (warp > 0 || !has_own) return;
  for (int k = 1; k < warps; ++k) {
    d_x += sums[2 * (thread + k * tile)];
    d_y += sums[2 * (thread + k * tile) + 1];
  }
  const T scale = T(1) / static_cast<T>(1 << all.level);
  *out.at(b, 0, y, x) = scale * d_x;
  if (!rows) *out.at(b, 1, y, x) = scale * d_y;
}

// d_volume is zeros: what a window meets is written.
template <typename T, bool rows>
__global__ void __launch_bounds__(block) derive(Windows<T, rows> all, Cells<const T, 4> d_out, T* d_volume) {
  constexpr int pitch = tile + 1;
  T* gradients = shared<T>();
  const int thread = static_cast<int>(threadIdx.x), lane = thread % 32, warp = thread / 32;
  const int side = 2 * all.radius + 1;
  int b = 0, y = 0, x = 0;
  if (all.staged && all.place(all.pixel(lane), b, y, x)) {
    for (int s = warp; s < all.samples(); s += warps) gradients[s * pitch + lane] = *d_out.at(b, s, y, x);
  }
  __syncthreads();
  for (int p = warp; p < tile; p += warps) {
    if (!all.place(all.pixel(p), b, y, x)) break;
    const Window<T> window = all.window(b, y, x);
    const auto sample = [&](int i, int j) {
      if (i < 0 || i >= side || j < 0 || j >= (rows ? 1 : side)) return T(0);
      const int s = rows ? i : i * side + j;
      return all.staged ? gradients[s * pitch + p] : *d_out.at(b, s, y, x);
    };
    for (int k = lane; k < all.positions_x() * all.positions_y(); k += 32) {
      const int i = k % all.positions_x(), j = k / all.positions_x();
      const std::ptrdiff_t at = all.offset(window, i, j);
      if (at < 0) continue;
      d_volume[all.pixel(p) * all.size() + at] = windows::spread<T, rows>(window.fx, window.fy, i, j, sample);
    }
  }
}

template <typename T, typename U>
void check_sizes(int radius, const DeviceView<U, 5>& volume, const DeviceView<const T, 4>& coordinates,
                 const DeviceView<const T, 4>& out) {
  const bool rows = coordinates.size(1) == 1;
  check(rows ? volume.size(3) == 1 : coordinates.size(1) == 2, "VolumeLookup: coordinates are ", coordinates.shape(),
        " for a volume of ", volume.shape(), "; they must have 2 channels, or 1 where the volume is one row high");
  const std::ptrdiff_t side = 2 * radius + 1, planes = rows ? side : side * side;
  bool equal = out.size(1) == planes;
  for (int axis : {0, 2, 3}) {
    const std::ptrdiff_t size = volume.size(axis == 0 ? 0 : axis - 1);
    equal = equal && coordinates.size(axis) == size && out.size(axis) == size;
  }
  check(equal, "VolumeLookup: volume is ", volume.shape(), ", coordinates are ", coordinates.shape(),
        ", the output is ", out.shape(), "; batch, height and width must be equal, and the output's channels ", planes);
  require_packed("VolumeLookup", "the volume", volume);
}

// body(windows, blocks, bytes of shared memory) for windows with y, or along rows.
template <typename T, typename U, typename Body>
void with_windows(int radius, int level, const DeviceView<U, 5>& volume, const DeviceView<const T, 4>& coordinates,
                  const Body& body) {
  const auto start = [&](auto all) {
    all.coordinates = Cells<const T, 4>(coordinates);
    all.height = Cells<U, 5>(volume).sizes[3];
    all.width = Cells<U, 5>(volume).sizes[4];
    all.radius = radius;
    all.level = level;
    const std::ptrdiff_t n = 2 * radius + 3, bytes = sizeof(T) * (tile + 1) * n * (coordinates.size(1) == 1 ? 1 : n);
    constexpr std::ptrdiff_t most = std::ptrdiff_t{40} << 10;
    all.staged = bytes <= most;
    body(all, blocks(coordinates.size(0) * coordinates.size(2) * coordinates.size(3), tile),
         all.staged ? static_cast<std::size_t>(bytes) : 0);
  };
  if (coordinates.size(1) == 1) {
    start(Windows<T, true>{});
  } else {
    start(Windows<T, false>{});
  }
}

// A thread has an element of `half`, or of the volume's derivative.
template <typename T, bool rows>
__global__ void __launch_bounds__(block) halve(Cells<const T, 5> volume, Cells<T, 5> half, std::int64_t count) {
  std::int64_t index = static_cast<std::int64_t>(blockIdx.x) * block + threadIdx.x;
  if (index >= count) return;
  std::ptrdiff_t from = 0, to = 0;
  for (int axis = 4; axis >= 0; --axis) {
    const std::int64_t at = index % half.sizes[axis];
    index /= half.sizes[axis];
    to += at * half.strides[axis];
    from += at * volume.strides[axis] * (axis == 4 || (axis == 3 && !rows) ? 2 : 1);
  }
  const T* top = volume.data + from;
  const T* bottom = top + volume.strides[3];
  half.data[to] = rows ? (top[0] + top[1]) * T(0.5) : ((top[0] + bottom[0]) + (top[1] + bottom[1])) * T(0.25);
}

template <typename T, bool rows>
__global__ void __launch_bounds__(block)
    halve_backward(Cells<const T, 5> d_half, Cells<T, 5> d_volume, std::int64_t count) {
  std::int64_t index = static_cast<std::int64_t>(blockIdx.x) * block + threadIdx.x;
  if (index >= count) return;
  std::ptrdiff_t from = 0, to = 0;
  bool there = true;
  for (int axis = 4; axis >= 0; --axis) {
    const std::int64_t at = index % d_volume.sizes[axis], pooled = axis == 4 || (axis == 3 && !rows) ? at / 2 : at;
    index /= d_volume.sizes[axis];
    to += at * d_volume.strides[axis];
    from += pooled * d_half.strides[axis];
    there = there && pooled < d_half.sizes[axis];
  }
  d_volume.data[to] = there ? d_half.data[from] * T(rows ? 0.5 : 0.25) : T(0);
}

template <typename T, typename U>
void check_half(const DeviceView<T, 5>& volume, const DeviceView<U, 5>& half) {
  const typename DeviceView<T, 5>::Sizes wanted{volume.size(0), volume.size(1), volume.size(2),
                                                volume.size(3) == 1 ? 1 : volume.size(3) / 2, volume.size(4) / 2};
  check(half.sizes() == wanted, "halve_volume: the volume is ", volume.shape(), ", half of it ", half.shape(),
        "; it must be half in the last two axes, rounded down, or of one row as the volume is");
}

template <typename T>
std::int64_t elements(const DeviceView<T, 5>& view) {
  return static_cast<std::int64_t>(view.size(0)) * view.size(1) * view.size(2) * view.size(3) * view.size(4);
}

}  // namespace

template <typename T>
VolumeLookup<T>::VolumeLookup(int radius, int level) : radius_(radius), level_(level) {
  check_range("VolumeLookup", "radius", radius, 0, 100);
  check_range("VolumeLookup", "level", level, 0, 15);
}

template <typename T>
void VolumeLookup<T>::operator()(DeviceView<const T, 5> volume, DeviceView<const T, 4> coordinates,
                                 DeviceView<T, 4> out, Stream stream) const {
  check_sizes<T>(radius_, volume, coordinates, out);
  with_windows<T>(radius_, level_, volume, coordinates, [&](auto all, dim3 grid, std::size_t bytes) {
    const auto start = [&](auto kernel) {
      launch(kernel, grid, block, bytes, stream, all, volume.data(), Cells<const T, 4>(), Cells<T, 4>(out));
    };
    if constexpr (std::is_same_v<decltype(all), Windows<T, true>>) {
      start(look_up<T, true, false>);
    } else {
      start(look_up<T, false, false>);
    }
  });
}

template <typename T>
void VolumeLookup<T>::backward(DeviceView<const T, 4> d_out, DeviceView<const T, 4> coordinates,
                               DeviceView<T, 5> d_volume, Stream stream) const {
  check_sizes<T>(radius_, d_volume, coordinates, d_out);
  clear(d_volume, stream);
  with_windows<T>(radius_, level_, d_volume, coordinates, [&](auto all, dim3 grid, std::size_t bytes) {
    const auto start = [&](auto kernel) {
      launch(kernel, grid, block, bytes, stream, all, Cells<const T, 4>(d_out), d_volume.data());
    };
    if constexpr (std::is_same_v<decltype(all), Windows<T, true>>) {
      start(derive<T, true>);
    } else {
      start(derive<T, false>);
    }
  });
}

template <typename T>
void VolumeLookup<T>::backward_coordinates(DeviceView<const T, 4> d_out, DeviceView<const T, 5> volume,
                                           DeviceView<const T, 4> coordinates, DeviceView<T, 4> d_coordinates,
                                           Stream stream) const {
  check_sizes<T>(radius_, volume, coordinates, d_out);
  check(d_coordinates.sizes() == coordinates.sizes(), "VolumeLookup: coordinates are ", coordinates.shape(),
        ", d_coordinates are ", d_coordinates.shape(), "; they must be equal");
  with_windows<T>(radius_, level_, volume, coordinates, [&](auto all, dim3 grid, std::size_t bytes) {
    const auto start = [&](auto kernel) {
      launch(kernel, grid, block, bytes, stream, all, volume.data(), Cells<const T, 4>(d_out),
             Cells<T, 4>(d_coordinates));
    };
    if constexpr (std::is_same_v<decltype(all), Windows<T, true>>) {
      start(look_up<T, true, true>);
    } else {
      start(look_up<T, false, true>);
    }
  });
}

template <typename T>
void halve_volume(DeviceView<const T, 5> volume, DeviceView<T, 5> half, Stream stream) {
  check_half(volume, half);
  launch(volume.size(3) == 1 ? halve<T, true> : halve<T, false>, blocks(elements(half), block), block, 0, stream,
         Cells<const T, 5>(volume), Cells<T, 5>(half), elements(half));
}

template <typename T>
void halve_volume_backward(DeviceView<const T, 5> d_half, DeviceView<T, 5> d_volume, Stream stream) {
  check_half(d_volume, d_half);
  launch(d_volume.size(3) == 1 ? halve_backward<T, true> : halve_backward<T, false>, blocks(elements(d_volume), block),
         block, 0, stream, Cells<const T, 5>(d_half), Cells<T, 5>(d_volume), elements(d_volume));
}

#define GEOMVISION_VOLUME(T)                                                    \
  template class VolumeLookup<T>;                                               \
  template void halve_volume(DeviceView<const T, 5>, DeviceView<T, 5>, Stream); \
  template void halve_volume_backward(DeviceView<const T, 5>, DeviceView<T, 5>, Stream)
GEOMVISION_VOLUME(float);
GEOMVISION_VOLUME(double);
#undef GEOMVISION_VOLUME

}  // namespace geomvision::cuda

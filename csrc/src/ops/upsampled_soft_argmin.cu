#include <algorithm>

#include "geomvision/cuda/soft_argmin.hpp"
#include "ops/check_sizes.hpp"
#include "ops/place.hpp"
#include "ops/soft_argmin.cuh"

// Upsampled costs are made when they are asked for, from two given ones at a time. Where samples lie between the given
// ones is found once for all threads.

namespace geomvision::cuda {
namespace {

constexpr int block = 128;
constexpr int warps = block / 32;

// The volume, and where the upsampled candidates, rows and columns lie in it.
template <typename T>
struct Upsampled {
  Cells<const T, 4> costs;
  const ops::Place<T>* places;
  int disparities, height, width;

  __device__ const ops::Place<T>& candidate(int d) const { return places[d]; }
  __device__ const ops::Place<T>& row(int y) const { return places[disparities + y]; }
  __device__ const ops::Place<T>& column(int x) const { return places[disparities + height + x]; }
};

template <typename T>
__global__ void __launch_bounds__(block) lay(Upsampled<T> volume, ops::Place<T>* places) {
  const auto i = static_cast<int>(blockIdx.x * block + threadIdx.x);
  const int y = i - volume.disparities, x = y - volume.height;
  if (y < 0) {
    places[i] = ops::Place<T>(i, volume.disparities, volume.costs.sizes[1]);
  } else if (x < 0) {
    places[i] = ops::Place<T>(y, volume.height, volume.costs.sizes[2]);
  } else if (x < volume.width) {
    places[i] = ops::Place<T>(x, volume.width, volume.costs.sizes[3]);
  }
}

// The upsampled costs of a pixel, one after the other.
template <typename T>
struct Column {
  const T *top, *bottom;
  std::ptrdiff_t step;
  int left, right, held = -1;  // which given candidate `low` is; `high` is the next
  T down, along, low = 0, high = 0;

  __device__ Column(const Upsampled<T>& volume, int b, int y, int x) : step(volume.costs.strides[1]) {
    const ops::Place<T> row = volume.row(y), column = volume.column(x);
    top = volume.costs.at(b, 0, row.low);
    bottom = volume.costs.at(b, 0, row.high);
    left = column.low, right = column.high;
    down = row.weight, along = column.weight;
  }

  __device__ T given(int k) const {
    const T *upper = top + k * step, *lower = bottom + k * step;
    const T near = upper[left] * (1 - down) + lower[left] * down;
    const T far = upper[right] * (1 - down) + lower[right] * down;
    return near * (1 - along) + far * along;
  }

  __device__ T cost(const ops::Place<T>& at) {
    if (at.low != held) {
      low = at.low == held + 1 && held >= 0 ? high : given(at.low);
      high = at.high == at.low ? low : given(at.high);
      held = at.low;
    }
    return low * (1 - at.weight) + high * at.weight;
  }
};

template <typename T>
__device__ Softmin<T> softmin(const Upsampled<T>& volume, int b, int y, int x) {
  Column<T> column(volume, b, y, x);
  Softmin<T> found;
  for (int d = 0; d < volume.disparities; d += softmin_step) {
    T some[softmin_step];
    for (int i = 0; i < softmin_step; ++i) {
      some[i] = d + i < volume.disparities ? column.cost(volume.candidate(d + i)) : Softmin<T>::none;
    }
    found.take(some, d);
  }
  found.mean /= found.total;
  return found;
}

template <typename T>
__global__ void __launch_bounds__(block, 8)
    average(Upsampled<T> volume, Cells<T, 3> disparity, T first, int blocks_of_plane) {
  const PlanePixel at(volume.height, volume.width, blocks_of_plane);
  if (at.there) *disparity.at(at.b, at.y, at.x) = first + softmin(volume, at.b, at.y, at.x).mean;
}

template <typename T>
__global__ void __launch_bounds__(block) find(Upsampled<T> volume, Softmin<T>* found, int blocks_of_plane) {
  const PlanePixel at(volume.height, volume.width, blocks_of_plane);
  if (!at.there) return;
  found[(static_cast<std::ptrdiff_t>(at.b) * volume.height + at.y) * volume.width + at.x] =
      softmin(volume, at.b, at.y, at.x);
}

template <typename T>
__device__ T weight_of(const ops::Place<T>& at, int given) {
  return (at.low == given ? 1 - at.weight : T(0)) + (at.high == given ? at.weight : T(0));
}

// The samples that given element i of `few` has a part in, of `many`: from `first` on, `count`.
template <typename T>
__device__ void reach(const ops::Place<T>* places, int i, int many, int few, int& first, int& count) {
  const double ratio = static_cast<double>(many) / few;
  first = i == 0 ? 0 : max(static_cast<int>((i - 0.5) * ratio) - 2, 0);
  int last = i == few - 1 ? many - 1 : static_cast<int>(min((i + 1.5) * ratio + 2, many - 1.0));
  while (first <= last && !(weight_of(places[first], i) > 0)) ++first;
  while (first <= last && !(weight_of(places[last], i) > 0)) --last;
  count = last - first + 1;
}

// A warp has a given pixel, and gathers from those upsampled ones that it has a part in: a lane has one of them at a
// time, and goes through the candidates. Sums of the lanes are in a fixed order.
template <typename T>
__global__ void __launch_bounds__(block)
    derive(Cells<const T, 3> d_disparity, Upsampled<T> volume, const Softmin<T>* found, Cells<T, 4> d_costs) {
  const auto lane = static_cast<int>(threadIdx.x) % 32;
  const int few_rows = volume.costs.sizes[2], few_columns = volume.costs.sizes[3], given = volume.costs.sizes[1];
  const std::int64_t pixel = static_cast<std::int64_t>(blockIdx.x) * warps + threadIdx.x / 32;
  const auto x = static_cast<int>(pixel % few_columns);
  const auto y = static_cast<int>(pixel / few_columns % few_rows), b = static_cast<int>(pixel / few_columns / few_rows);
  if (b >= volume.costs.sizes[0]) return;  // the whole warp
  int first_row = 0, rows = 0, first_column = 0, columns = 0;
  reach(&volume.row(0), y, volume.height, few_rows, first_row, rows);
  reach(&volume.column(0), x, volume.width, few_columns, first_column, columns);
  for (int k = lane; k < given; k += 32) *d_costs.at(b, k, y, x) = 0;
  __syncwarp();
  for (int begin = 0; begin < rows * columns; begin += 32) {
    const bool there = begin + lane < rows * columns;
    const int at = there ? begin + lane : 0, wide_y = first_row + at / columns, wide_x = first_column + at % columns;
    Column<T> column(volume, b, wide_y, wide_x);
    const Softmin<T> own = found[(static_cast<std::ptrdiff_t>(b) * volume.height + wide_y) * volume.width + wide_x];
    const T part = weight_of(volume.row(wide_y), y) * weight_of(volume.column(wide_x), x);
    const T scale = there ? part * *d_disparity.at(b, wide_y, wide_x) / own.total : T(0), shift = own.shift();
    T here = 0, next = 0;  // what given candidate `k` and the one after it get
    int k = 0;
    const auto hand_over = [&](int to) {
      for (; k < to; ++k) {
        for (int by = 16; by > 0; by /= 2) here += __shfl_xor_sync(0xffffffffu, here, by);
        if (lane == 0) *d_costs.at(b, k, y, x) += here;
        here = next;
        next = 0;
      }
    };
    for (int d = 0; d < volume.disparities; ++d) {
      const ops::Place<T> place = volume.candidate(d);
      hand_over(place.low);
      const T slope = std::exp(shift - column.cost(place)) * (own.mean - static_cast<T>(d)) * scale;
      const T share = there ? slope : T(0);
      here += share * (place.low == place.high ? T(1) : 1 - place.weight);
      next += place.low == place.high ? T(0) : share * place.weight;
    }
    hand_over(min(k + 2, given));
  }
}

template <typename T>
void check_sizes(const DeviceView<const T, 4>& costs, const DeviceView<const T, 3>& disparity, int disparities) {
  ops::check_upsampled_soft_argmin(costs, disparity, disparities);
  constexpr std::ptrdiff_t most = std::ptrdiff_t{1} << 31;
  check(disparity.size(1) * disparity.size(2) < most && disparities + disparity.size(1) + disparity.size(2) < most,
        "upsampled_soft_argmin: disparity is ", disparity.shape(), "; allowed are below 2^31 pixels");
}

// Fill `places` for a result of this size.
template <typename T>
Upsampled<T> prepare(const DeviceView<const T, 4>& costs, const DeviceView<const T, 3>& disparity, int disparities,
                     ops::Place<T>* places, Stream stream) {
  const Upsampled<T> volume{Cells<const T, 4>(costs), places, disparities, static_cast<int>(disparity.size(1)),
                            static_cast<int>(disparity.size(2))};
  launch(lay<T>, blocks(std::ptrdiff_t{disparities} + volume.height + volume.width, block), block, 0, stream, volume,
         places);
  return volume;
}

template <typename T>
std::size_t count_places(const DeviceView<const T, 3>& disparity, int disparities) {
  return static_cast<std::size_t>(disparities + disparity.size(1) + disparity.size(2));
}

}  // namespace

template <typename T>
void upsampled_soft_argmin(DeviceView<const T, 4> costs, DeviceView<T, 3> disparity, int disparities, double first,
                           Stream stream) {
  check_sizes<T>(costs, disparity, disparities);
  if (disparity.empty()) return;
  const StreamMemory<ops::Place<T>> places(count_places<T>(disparity, disparities), stream);
  const Upsampled<T> volume = prepare<T>(costs, disparity, disparities, places.data(), stream);
  const auto of_plane = static_cast<int>(blocks(disparity.size(1) * disparity.size(2), block));
  launch(average<T>, blocks(costs.size(0) * of_plane, 1), block, 0, stream, volume, Cells<T, 3>(disparity),
         static_cast<T>(first), of_plane);
}

template <typename T>
void upsampled_soft_argmin_backward(DeviceView<const T, 3> d_disparity, DeviceView<const T, 4> costs,
                                    DeviceView<T, 4> d_costs, int disparities, Stream stream) {
  check_sizes<T>(costs, d_disparity, disparities);
  ops::check_slopes("upsampled_soft_argmin_backward", costs, d_costs);
  require_packed("upsampled_soft_argmin_backward", "d_costs", d_costs);
  if (d_disparity.empty()) return clear(d_costs, stream);
  const StreamMemory<ops::Place<T>> places(count_places<T>(d_disparity, disparities), stream);
  const std::ptrdiff_t pixels = d_disparity.size(1) * d_disparity.size(2);
  const StreamMemory<Softmin<T>> found(static_cast<std::size_t>(costs.size(0) * pixels), stream);
  const Upsampled<T> volume = prepare<T>(costs, d_disparity, disparities, places.data(), stream);
  const auto of_plane = static_cast<int>(blocks(pixels, block));
  launch(find<T>, blocks(costs.size(0) * of_plane, 1), block, 0, stream, volume, found.data(), of_plane);
  launch(derive<T>, blocks(costs.size(0) * costs.size(2) * costs.size(3), warps), block, 0, stream,
         Cells<const T, 3>(d_disparity), volume, found.data(), Cells<T, 4>(d_costs));
}

#define GEOMVISION_SOFT_ARGMIN(T)                                                                                     \
  template void upsampled_soft_argmin(DeviceView<const T, 4>, DeviceView<T, 3>, int, double, Stream);                 \
  template void upsampled_soft_argmin_backward(DeviceView<const T, 3>, DeviceView<const T, 4>, DeviceView<T, 4>, int, \
                                               Stream)
GEOMVISION_SOFT_ARGMIN(float);
GEOMVISION_SOFT_ARGMIN(double);
#undef GEOMVISION_SOFT_ARGMIN

}  // namespace geomvision::cuda

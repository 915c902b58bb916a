#include "geomvision/cuda/matching_costs.hpp"
#include "ops/candidates.cuh"
#include "ops/diagonals.cuh"
#include "ops/image_types.hpp"

namespace geomvision::cuda {
namespace {

constexpr int warps = diagonals::block / diagonals::tile;

// What differences of T are taken in: exact.
template <typename T>
using Wide = std::conditional_t<std::is_integral_v<T>, std::int32_t, T>;

template <typename T>
struct Absolute {
  using Pixel = T;
  using Cost = ops::Difference<T>;
  __device__ static Wide<T> seen(const T* row, int x, int) { return row[x]; }
  __device__ static Cost cost(Wide<T> here, const T* row, int x, int) {
    const Wide<T> there = row[x];
    return static_cast<Cost>(here < there ? there - here : here - there);
  }
};

template <typename T>
struct Squared {
  using Pixel = T;
  using Cost = ops::Square<T>;
  using Number = std::conditional_t<std::is_same_v<T, std::uint8_t>, std::int32_t, Cost>;
  __device__ static Number seen(const T* row, int x, int) { return row[x]; }
  __device__ static Cost cost(Number here, const T* row, int x, int) {
    const Number difference = here - static_cast<Number>(row[x]);
    return static_cast<Cost>(difference * difference);
  }
};

template <typename T>
struct BirchfieldTomasi {
  using Pixel = T;
  using Cost = ops::Real<T>;
  // An intensity, and the least and largest from half a pixel before to half a pixel behind.
  struct Seen {
    Cost here, least, largest;
  };
  __device__ static Cost larger(Cost a, Cost b) { return a < b ? b : a; }
  __device__ static Cost smaller(Cost a, Cost b) { return b < a ? b : a; }
  __device__ static Seen seen(const T* row, int x, int width) {
    const auto here = static_cast<Cost>(row[x]);
    const Cost before = (here + static_cast<Cost>(row[max(x - 1, 0)])) / 2;
    const Cost behind = (here + static_cast<Cost>(row[min(x + 1, width - 1)])) / 2;
    return {here, smaller(smaller(here, before), behind), larger(larger(here, before), behind)};
  }
  __device__ static Cost cost(const Seen& left, const T* row, int x, int width) {
    const Seen right = seen(row, x, width);
    const Cost from_left = larger(larger(left.here - right.largest, right.least - left.here), Cost(0));
    const Cost from_right = larger(larger(right.here - left.largest, left.least - right.here), Cost(0));
    const Cost apart = left.here - right.here;
    return apart != apart ? apart : (from_left < from_right ? from_left : from_right);
  }
};

template <bool squared, typename T>
__device__ T slope(T difference) {
  if (squared) return 2 * difference;
  return difference > 0 ? T(1) : difference < 0 ? T(-1) : difference;  // NaN, and 0, are their own
}

// A warp has a left pixel and adds up its candidates' shares.
template <bool squared, typename T>
__global__ void __launch_bounds__(diagonals::block)
    derive_left(Cells<const T, 3> d_volume, Cells<const T, 2> left, Cells<const T, 2> right, int first,
                Cells<T, 2> d_left) {
  const int lane = static_cast<int>(threadIdx.x) % warpSize, width = left.sizes[1];
  const auto pixel = static_cast<std::int64_t>(blockIdx.x) * warps + threadIdx.x / warpSize;
  const auto y = static_cast<int>(pixel / width), x = static_cast<int>(pixel - static_cast<std::int64_t>(y) * width);
  if (y >= left.sizes[0]) return;
  const T* d_costs = d_volume.at(y, x);
  const T* met = right.at(y);
  const T here = *left.at(y, x);
  const int end = min(d_volume.sizes[2], x - first + 1);
  T sum = 0;
  for (int k = max(0, x - first - width + 1) + lane; k < end; k += warpSize) {
    sum += d_costs[k] * slope<squared>(here - met[x - first - k]);
  }
  for (int by = warpSize / 2; by > 0; by /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, by);
  if (lane == 0) *d_left.at(y, x) = sum;
}

template <bool squared, typename T>
__global__ void __launch_bounds__(diagonals::block)
    derive_right(Cells<const T, 3> d_volume, Cells<const T, 2> left, Cells<const T, 2> right, int first,
                 Cells<T, 2> d_right) {
  const diagonals::Tile tile(left.sizes[1], first, d_volume.sizes[2]);
  const T* seen = left.at(tile.y);
  const T* met = right.at(tile.y);
  const auto share = [&](int x, int k) {
    return *d_volume.at(tile.y, x, k) * slope<squared>(seen[x] - met[x - first - k]);
  };
  const T sum = diagonals::fold(
      tile, T(0), share, [](T all, T one, int) { return all - one; }, [](T all, T part) { return all + part; });
  if (tile.has_pixel()) *d_right.at(tile.y, tile.column()) = sum;
}

}  // namespace

template <typename T>
void absolute_differences(DeviceView<const T, 2> left, DeviceView<const T, 2> right, int first,
                          DeviceView<ops::Difference<T>, 3> volume, Stream stream) {
  candidates::fill<Absolute<T>>("absolute_differences", left, right, first, volume, stream);
}

template <typename T>
void squared_differences(DeviceView<const T, 2> left, DeviceView<const T, 2> right, int first,
                         DeviceView<ops::Square<T>, 3> volume, Stream stream) {
  candidates::fill<Squared<T>>("squared_differences", left, right, first, volume, stream);
}

template <typename T>
void birchfield_tomasi(DeviceView<const T, 2> left, DeviceView<const T, 2> right, int first,
                       DeviceView<ops::Real<T>, 3> volume, Stream stream) {
  candidates::fill<BirchfieldTomasi<T>>("birchfield_tomasi", left, right, first, volume, stream);
}

template <typename T>
void differences_backward(DeviceView<const T, 3> d_volume, DeviceView<const T, 2> left, DeviceView<const T, 2> right,
                          int first, bool squared, DeviceView<T, 2> d_left, DeviceView<T, 2> d_right, Stream stream) {
  const char* op = "differences_backward";
  check_pair(op, left, right, first, d_volume);
  check(d_left.sizes() == left.sizes() && d_right.sizes() == left.sizes(), op, ": the images are ", left.shape(),
        ", the derivatives ", d_left.shape(), " and ", d_right.shape(), "; they must be equal");
  const auto with = [&](auto kernel, dim3 grid, const DeviceView<T, 2>& made) {
    launch(kernel, grid, diagonals::block, 0, stream, Cells<const T, 3>(d_volume), Cells<const T, 2>(left),
           Cells<const T, 2>(right), first, Cells<T, 2>(made));
  };
  const dim3 pixels = blocks(left.size(0) * left.size(1), warps);
  const dim3 tiles = diagonals::grid(left.size(0), left.size(1));
  if (squared) {
    with(derive_left<true, T>, pixels, d_left);
    with(derive_right<true, T>, tiles, d_right);
  } else {
    with(derive_left<false, T>, pixels, d_left);
    with(derive_right<false, T>, tiles, d_right);
  }
}

#define GEOMVISION_INSTANTIATE(T)                                                                                   \
  template void absolute_differences(DeviceView<const T, 2>, DeviceView<const T, 2>, int,                           \
                                     DeviceView<ops::Difference<T>, 3>, Stream);                                    \
  template void squared_differences(DeviceView<const T, 2>, DeviceView<const T, 2>, int,                            \
                                    DeviceView<ops::Square<T>, 3>, Stream);                                         \
  template void birchfield_tomasi(DeviceView<const T, 2>, DeviceView<const T, 2>, int, DeviceView<ops::Real<T>, 3>, \
                                  Stream)
GEOMVISION_FOR_IMAGE_TYPES(GEOMVISION_INSTANTIATE);
#undef GEOMVISION_INSTANTIATE
#define GEOMVISION_DERIVE(T)                                                                                      \
  template void differences_backward(DeviceView<const T, 3>, DeviceView<const T, 2>, DeviceView<const T, 2>, int, \
                                     bool, DeviceView<T, 2>, DeviceView<T, 2>, Stream)
GEOMVISION_DERIVE(float);
GEOMVISION_DERIVE(double);
#undef GEOMVISION_DERIVE

}  // namespace geomvision::cuda

#include "cuda/launch.cuh"
#include "geomvision/cuda/splat.hpp"
#include "ops/taps.hpp"

namespace geomvision::cuda {
namespace {

constexpr int block = 256;
constexpr int at_once = 8;  // channels that a thread adds: they share its place, and enough threads are left
constexpr unsigned all_lanes = 0xffffffffu;

// Where a pixel goes.
template <typename T>
struct Place {
  int column[2], row[2];
  T wx[2], wy[2], sx[2], sy[2];

  // Whether anything of it lands inside; NaN does not.
  __device__ bool find(const Cells<const T, 4>& flow, int b, int y, int x) {
    const int height = flow.sizes[2], width = flow.sizes[3];
    const T at_x = static_cast<T>(x) + *flow.at(b, 0, y, x), at_y = static_cast<T>(y) + *flow.at(b, 1, y, x);
    const bool inside = at_x > -1 && at_x < static_cast<T>(width) && at_y > -1 && at_y < static_cast<T>(height);
    if (!inside) return false;
    ops::lay_inside(at_x, width, column, wx, sx);
    ops::lay_inside(at_y, height, row, wy, sy);
    return true;
  }
};

// A thread adds several channels of a pixel. Neighbours mostly go to neighbours, so that the right taps of a pixel are
// the left ones of the next: where they are, they are handed on and added once.
template <typename T>
__global__ void __launch_bounds__(block)
    add(Cells<const T, 4> image, Cells<const T, 4> flow, Cells<T, 4> sum, int blocks_of_image, int parts) {
  const int width = image.sizes[3], pixels = image.sizes[2] * width;
  const int part = static_cast<int>(blockIdx.x) / blocks_of_image, b = part / parts;
  const unsigned pixel = blockIdx.x % static_cast<unsigned>(blocks_of_image) * block + threadIdx.x;
  const int y = static_cast<int>(pixel / static_cast<unsigned>(width));
  const int x = static_cast<int>(pixel % static_cast<unsigned>(width));
  Place<T> place{};
  const bool lands = pixel < static_cast<unsigned>(pixels) && place.find(flow, b, y, x);

  const unsigned lane = threadIdx.x % warpSize;
  const int previous_column = __shfl_up_sync(all_lanes, lands ? place.column[1] : -1, 1);
  const int previous_top = __shfl_up_sync(all_lanes, place.row[0], 1);
  const int previous_bottom = __shfl_up_sync(all_lanes, place.row[1], 1);
  const bool takes = lane > 0 && lands && previous_column == place.column[0] && previous_top == place.row[0] &&
                     previous_bottom == place.row[1];
  const bool gives = (__ballot_sync(all_lanes, takes) >> lane & 2u) != 0;

  const int first = part % parts * at_once, count = min(at_once, image.sizes[1] - first);
  const T* from = lands ? image.at(b, first, y, x) : image.data;
  T* top = sum.at(b, first, place.row[0]);
  T* bottom = sum.at(b, first, place.row[1]);
  T values[at_once];
  for (int c = 0; c < at_once; ++c) values[c] = lands && c < count ? from[c * image.strides[1]] : T(0);
  for (int c = 0; c < at_once; ++c) {
    if (c >= count) break;  // all threads of the block
    const T value = values[c];
    T upper = value * (place.wy[0] * place.wx[0]), lower = value * (place.wy[1] * place.wx[0]);
    const T upper_right = value * (place.wy[0] * place.wx[1]), lower_right = value * (place.wy[1] * place.wx[1]);
    const T upper_taken = __shfl_up_sync(all_lanes, upper_right, 1);
    const T lower_taken = __shfl_up_sync(all_lanes, lower_right, 1);
    if (!lands) continue;
    const std::ptrdiff_t plane = c * sum.strides[1];
    if (takes) {
      upper += upper_taken;
      lower += lower_taken;
    }
    atomicAdd(top + plane + place.column[0], upper);
    atomicAdd(bottom + plane + place.column[0], lower);
    if (gives) continue;
    atomicAdd(top + plane + place.column[1], upper_right);
    atomicAdd(bottom + plane + place.column[1], lower_right);
  }
}

// blockDim.x pixels; thread y of one has every blockDim.y-th channel. What they find for the flow is added in order.
template <typename T>
__global__ void __launch_bounds__(block)
    derive(Cells<const T, 4> d_sum, Cells<const T, 4> image, Cells<const T, 4> flow, Cells<T, 4> d_image,
           Cells<T, 4> d_flow, int blocks_of_image) {
  __shared__ T along_x[block], along_y[block];
  const int width = image.sizes[3], pixels = flow.sizes[2] * width;
  const int b = static_cast<int>(blockIdx.x) / blocks_of_image;
  const unsigned pixel = blockIdx.x % static_cast<unsigned>(blocks_of_image) * blockDim.x + threadIdx.x;
  const int y = static_cast<int>(pixel / static_cast<unsigned>(width));
  const int x = static_cast<int>(pixel % static_cast<unsigned>(width));
  const bool there = pixel < static_cast<unsigned>(pixels);
  Place<T> place{};
  const bool lands = there && place.find(flow, b, y, x);
  const auto step = static_cast<int>(blockDim.y);
  T d_x = 0, d_y = 0;
  for (int c = static_cast<int>(threadIdx.y); c < image.sizes[1] && there; c += step) {
    T slope = 0;
    if (lands) {
      const T *top = d_sum.at(b, c, place.row[0]), *bottom = d_sum.at(b, c, place.row[1]);
      const T upper_left = top[place.column[0]], upper_right = top[place.column[1]];
      const T lower_left = bottom[place.column[0]], lower_right = bottom[place.column[1]];
      const T value = *image.at(b, c, y, x);
      const T upper = place.wx[0] * upper_left + place.wx[1] * upper_right;
      const T lower = place.wx[0] * lower_left + place.wx[1] * lower_right;
      const T across = place.wy[0] * (place.sx[0] * upper_left + place.sx[1] * upper_right) +
                       place.wy[1] * (place.sx[0] * lower_left + place.sx[1] * lower_right);
      slope = place.wy[0] * upper + place.wy[1] * lower;
      d_x += value * across;
      d_y += value * (place.sy[0] * upper + place.sy[1] * lower);
    }
    *d_image.at(b, c, y, x) = slope;
  }
  const unsigned own = threadIdx.y * blockDim.x + threadIdx.x;
  along_x[own] = d_x;
  along_y[own] = d_y;
  __syncthreads();
  if (threadIdx.y > 0 || !there) return;
  for (unsigned i = 1; i < blockDim.y; ++i) {
    d_x += along_x[i * blockDim.x + threadIdx.x];
    d_y += along_y[i * blockDim.x + threadIdx.x];
  }
  *d_flow.at(b, 0, y, x) = d_x;
  *d_flow.at(b, 1, y, x) = d_y;
}

template <typename T>
void check_sizes(const DeviceView<const T, 4>& image, const DeviceView<const T, 4>& flow) {
  const typename DeviceView<T, 4>::Sizes wanted{image.size(0), 2, image.size(2), image.size(3)};
  check(flow.sizes() == wanted, "splat: image is ", image.shape(), ", flow is ", flow.shape(),
        "; it must be batch x 2 x height x width of the image");
  check(image.size(2) * image.size(3) < (std::ptrdiff_t{1} << 31), "splat: image is ", image.shape(),
        "; allowed are below 2^31 pixels");
}

}  // namespace

template <typename T>
void splat_sum(DeviceView<const T, 4> image, DeviceView<const T, 4> flow, DeviceView<T, 4> sum, Stream stream) {
  check_sizes<T>(image, flow);
  check(sum.sizes() == image.sizes(), "splat: image is ", image.shape(), ", sum is ", sum.shape(),
        "; they must be equal");
  require_packed("splat", "sum", sum);
  if (image.empty()) return;
  clear(sum, stream);
  const auto of_image = static_cast<int>(blocks(image.size(2) * image.size(3), block));
  const auto parts = static_cast<int>(blocks(image.size(1), at_once));
  launch(add<T>, blocks(image.size(0) * parts * of_image, 1), block, 0, stream, Cells<const T, 4>(image),
         Cells<const T, 4>(flow), Cells<T, 4>(sum), of_image, parts);
}

template <typename T>
void splat_sum_backward(DeviceView<const T, 4> d_sum, DeviceView<const T, 4> image, DeviceView<const T, 4> flow,
                        DeviceView<T, 4> d_image, DeviceView<T, 4> d_flow, Stream stream) {
  check_sizes<T>(image, flow);
  check(d_sum.sizes() == image.sizes() && d_image.sizes() == image.sizes() && d_flow.sizes() == flow.sizes(),
        "splat_backward: image is ", image.shape(), ", d_sum ", d_sum.shape(), ", d_image ", d_image.shape(),
        ", d_flow ", d_flow.shape(), "; they do not belong together");
  if (flow.empty()) return;
  unsigned shares = 1;
  while (shares < at_once && shares * 2 <= static_cast<std::size_t>(image.size(1))) shares *= 2;
  const dim3 threads(block / shares, shares);
  const auto of_image = static_cast<int>(blocks(flow.size(2) * flow.size(3), static_cast<int>(threads.x)));
  launch(derive<T>, blocks(flow.size(0) * of_image, 1), threads, 0, stream, Cells<const T, 4>(d_sum),
         Cells<const T, 4>(image), Cells<const T, 4>(flow), Cells<T, 4>(d_image), Cells<T, 4>(d_flow), of_image);
}

#define GEOMVISION_SPLAT(T)                                                                                \
  template void splat_sum(DeviceView<const T, 4>, DeviceView<const T, 4>, DeviceView<T, 4>, Stream);       \
  template void splat_sum_backward(DeviceView<const T, 4>, DeviceView<const T, 4>, DeviceView<const T, 4>, \
                                   DeviceView<T, 4>, DeviceView<T, 4>, Stream)
GEOMVISION_SPLAT(float);
GEOMVISION_SPLAT(double);
#undef GEOMVISION_SPLAT

}  // namespace geomvision::cuda

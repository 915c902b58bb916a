#include <cstdint>
#include <type_traits>

#include "flow/pyramid.cuh"

namespace geomvision::cuda {
namespace {

constexpr int block = 256;

template <typename T>
__global__ void __launch_bounds__(block) convert(Cells<const T, 2> frame, Size size, float* grey) {
  const PixelOf at(size);
  if (at.y >= size.height) return;
  const T value = *frame.at(at.y, at.x);
  float level = 0;
  if constexpr (std::is_same_v<T, std::uint16_t>) {
    level = static_cast<float>(value / 257.0);
  } else {
    level = static_cast<float>(value);
  }
  grey[static_cast<std::ptrdiff_t>(at.y) * size.width + at.x] = level;
}

__device__ float blur(const float* five) {
  const float far = five[0] + five[4];
  const float near = five[1] + five[3];
  return (far + 4.0f * near + 6.0f * five[2]) * (1.0f / 16);
}

// Along x first, as on the CPU; five rows of that for each pixel, since levels are small.
__global__ void __launch_bounds__(block) halve(const float* large, Size size, float* small, Size half) {
  const PixelOf at(half);
  if (at.y >= half.height) return;
  large += blockIdx.y * size.pixels();
  float rows[5];
  for (int j = 0; j < 5; ++j) {
    const int y = min(max(2 * at.y + j - 2, 0), size.height - 1);
    const float* row = large + static_cast<std::ptrdiff_t>(y) * size.width;
    float five[5];
    for (int k = 0; k < 5; ++k) five[k] = row[min(max(2 * at.x + k - 2, 0), size.width - 1)];
    rows[j] = blur(five);
  }
  small[blockIdx.y * half.pixels() + static_cast<std::ptrdiff_t>(at.y) * half.width + at.x] = blur(rows);
}

__global__ void __launch_bounds__(block) derive(const float* planes, Size size, float* gx, float* gy) {
  const PixelOf at(size);
  if (at.y >= size.height) return;
  const float* plane = planes + blockIdx.y * size.pixels();
  const auto value = [&](int x, int y) {
    return plane[static_cast<std::ptrdiff_t>(min(max(y, 0), size.height - 1)) * size.width +
                 min(max(x, 0), size.width - 1)];
  };
  const std::ptrdiff_t out = blockIdx.y * size.pixels() + static_cast<std::ptrdiff_t>(at.y) * size.width + at.x;
  gx[out] = derivative(value(at.x - 2, at.y), value(at.x - 1, at.y), value(at.x + 1, at.y), value(at.x + 2, at.y));
  gy[out] = derivative(value(at.x, at.y - 2), value(at.x, at.y - 1), value(at.x, at.y + 1), value(at.x, at.y + 2));
}

}  // namespace

template <typename T>
void to_grey_levels(const DeviceView<const T, 2>& frame, float* grey, Stream stream) {
  const Size size{static_cast<int>(frame.size(1)), static_cast<int>(frame.size(0))};
  launch(convert<T>, blocks(size.pixels(), block), block, 0, stream, Cells<const T, 2>(frame), size, grey);
}

template void to_grey_levels(const DeviceView<const std::uint8_t, 2>&, float*, Stream);
template void to_grey_levels(const DeviceView<const std::uint16_t, 2>&, float*, Stream);
template void to_grey_levels(const DeviceView<const float, 2>&, float*, Stream);

void shrink(const float* large, Size size, int count, float* small, Stream stream) {
  const Size half = size.half();
  launch(halve, dim3(blocks(half.pixels(), block), static_cast<unsigned>(count)), block, 0, stream, large, size, small,
         half);
}

void differentiate(const float* planes, Size size, int count, float* gx, float* gy, Stream stream) {
  launch(derive, dim3(blocks(size.pixels(), block), static_cast<unsigned>(count)), block, 0, stream, planes, size, gx,
         gy);
}

}  // namespace geomvision::cuda

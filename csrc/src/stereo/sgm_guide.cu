#include <type_traits>

#include "stereo/sgm_guide.cuh"
#include "stereo/sgm_guide.hpp"

namespace geomvision::cuda {
namespace {

constexpr int block = 256;

__device__ double smaller(double a, double b) { return b < a ? b : a; }

// A block has a row. Whole numbers may be added in any order; of floats the order is part of the result, that of the
// CPU: from left to right.
template <typename T>
__global__ void __launch_bounds__(block) measure(Cells<const T, 2> image, double* changes, double* smallest) {
  __shared__ double parts[2 * block], least_of_thread[block];
  const int y = static_cast<int>(blockIdx.x), thread = static_cast<int>(threadIdx.x), width = image.sizes[1];
  const T *row = image.at(y), *above = y > 0 ? image.at(y - 1) : nullptr;
  double sum = 0, least = row[0];
  for (int begin = 0; begin < width; begin += block) {
    const int x = begin + thread;
    double beside = 0, along = 0;
    if (x < width) {
      const double here = row[x];
      if (x > 0) beside = fabs(here - static_cast<double>(row[x - 1]));
      if (above != nullptr) along = fabs(here - static_cast<double>(above[x]));
      least = smaller(least, here);
    }
    if constexpr (std::is_same_v<T, float>) {
      parts[2 * thread] = beside;
      parts[2 * thread + 1] = along;
      __syncthreads();
      for (int i = 0; i < 2 * min(block, width - begin) && thread == 0; ++i) sum += parts[i];
      __syncthreads();
    } else {
      sum += beside + along;
    }
  }
  parts[thread] = sum;
  least_of_thread[thread] = least;
  for (int half = block / 2; half > 0; half /= 2) {
    __syncthreads();
    if (thread >= half) continue;
    parts[thread] += parts[thread + half];
    least_of_thread[thread] = smaller(least_of_thread[thread], least_of_thread[thread + half]);
  }
  if (thread == 0) {
    changes[y] = parts[0];
    smallest[y] = least_of_thread[0];
  }
}

struct Scale {
  double least, units;
};

// One block: the sum of the rows, in their order.
__global__ void __launch_bounds__(block)
    summarise(const double* changes, const double* smallest, int height, double neighbours, Scale* scale) {
  __shared__ double parts[block], least_of_row[block];
  const int thread = static_cast<int>(threadIdx.x);
  double sum = 0, least = smallest[0];
  for (int begin = 0; begin < height; begin += block) {
    if (begin + thread < height) {
      parts[thread] = changes[begin + thread];
      least_of_row[thread] = smallest[begin + thread];
    }
    __syncthreads();
    for (int i = 0; i < min(block, height - begin) && thread == 0; ++i) {
      sum += parts[i];
      least = smaller(least, least_of_row[i]);
    }
    __syncthreads();
  }
  if (thread != 0) return;
  scale->least = least;
  scale->units = sum > 0.0 ? stereo::SGMGuide::usual_change * neighbours / sum : 0.0;
}

template <typename T>
__global__ void __launch_bounds__(block)
    rescale(Cells<const T, 2> image, const Scale* scale, std::ptrdiff_t pixels, std::uint16_t* guide) {
  const std::ptrdiff_t pixel = static_cast<std::ptrdiff_t>(blockIdx.x) * block + threadIdx.x;
  if (pixel >= pixels) return;
  const T* at = image.at(pixel / image.sizes[1], pixel % image.sizes[1]);
  const double value = (static_cast<double>(*at) - scale->least) * scale->units;
  guide[pixel] = static_cast<std::uint16_t>(static_cast<int>(value < 65535.0 ? value : 65535.0));
}

}  // namespace

template <typename T>
void guide_image(DeviceView<const T, 2> image, std::uint16_t* guide, Stream stream) {
  const std::ptrdiff_t height = image.size(0), width = image.size(1);
  const Cells<const T, 2> cells(image);
  StreamMemory<double> rows(2 * static_cast<std::size_t>(height), stream);
  StreamMemory<Scale> scale(1, stream);
  launch(measure<T>, blocks(height, 1), block, 0, stream, cells, rows.data(), rows.data() + height);
  const double neighbours = static_cast<double>(width - 1) * static_cast<double>(height) +
                            static_cast<double>(height - 1) * static_cast<double>(width);
  launch(summarise, 1, block, 0, stream, rows.data(), rows.data() + height, static_cast<int>(height), neighbours,
         scale.data());
  launch(rescale<T>, blocks(height * width, block), block, 0, stream, cells, scale.data(), height * width, guide);
}

template void guide_image(DeviceView<const std::uint8_t, 2>, std::uint16_t*, Stream);
template void guide_image(DeviceView<const std::uint16_t, 2>, std::uint16_t*, Stream);
template void guide_image(DeviceView<const float, 2>, std::uint16_t*, Stream);

}  // namespace geomvision::cuda

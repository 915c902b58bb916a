// Matching images that lie on a GPU, on a stream of the caller's: nothing waits until the results are wanted.
#include <cuda_runtime.h>

#include <cstdint>
#include <geomvision/cuda/sgm.hpp>
#include <iostream>
#include <vector>

namespace gv = geomvision;

int main() {
  const int width = 320, height = 240, shift = 7;
  if (gv::cuda::device_count() == 0) {
    std::cout << "no GPU\n";
    return 0;
  }
  std::vector<std::uint8_t> left(width * height), right(width * height);
  std::uint32_t state = 1;
  for (auto& pixel : left) pixel = static_cast<std::uint8_t>((state = state * 1664525u + 1013904223u) >> 24);
  for (int i = 0; i + shift < width * height; ++i) right[i] = left[i + shift];

  cudaStream_t stream = nullptr;
  std::uint8_t* images = nullptr;  // both
  float* map = nullptr;
  cudaStreamCreate(&stream);
  cudaMallocAsync(&images, 2 * left.size(), stream);
  cudaMallocAsync(&map, left.size() * sizeof(float), stream);
  cudaMemcpyAsync(images, left.data(), left.size(), cudaMemcpyHostToDevice, stream);
  cudaMemcpyAsync(images + left.size(), right.data(), right.size(), cudaMemcpyHostToDevice, stream);

  gv::stereo::SGMOptions options;
  options.max_disparity = 32;
  const gv::cuda::SGM sgm(options);
  using Image = gv::cuda::DeviceView<const std::uint8_t, 2>;
  sgm(Image(images, {height, width}), Image(images + left.size(), {height, width}), {map, {height, width}}, {}, {},
      stream);

  std::vector<float> disparity(left.size());
  cudaMemcpyAsync(disparity.data(), map, disparity.size() * sizeof(float), cudaMemcpyDeviceToHost, stream);
  cudaStreamSynchronize(stream);
  std::cout << disparity[width * height / 2 + width / 2] << " px\n";
  cudaFree(map);
  cudaFree(images);
  cudaStreamDestroy(stream);
}

#ifdef GEOMVISION_CUDA_ON_HOST

#include "cuda/launch.cuh"
#include "device.hpp"
#include "geomvision/cuda/sgm.hpp"

// The stand-in for a GPU itself: it must find what a GPU would get wrong.

using namespace device;
namespace cuda = geomvision::cuda;

namespace {

__global__ void reverse(int* values, bool wait) {
  int* kept = cuda::shared<int>();
  kept[threadIdx.x] = values[threadIdx.x];
  if (wait) __syncthreads();
  values[threadIdx.x] = kept[blockDim.x - 1 - threadIdx.x];
}

__global__ void sum_of_warp(int* values) {
  int value = values[threadIdx.x];
  for (int by = 16; by > 0; by /= 2) value += __shfl_xor_sync(0xffffffffu, value, by);
  values[threadIdx.x] = value + __shfl_up_sync(0xffffffffu, static_cast<int>(threadIdx.x), 1) * 0;
}

__global__ void half_waits() {
  if (threadIdx.x < 16) __syncwarp();
}

}  // namespace

TEST_CASE("threads of a block wait for one another, and where they do not it shows in one order or another") {
  std::vector<int> counted(100), backwards(100);
  for (int i = 0; i < 100; ++i) counted[static_cast<std::size_t>(i)] = backwards[static_cast<std::size_t>(99 - i)] = i;
  int wrong = 0;
  for (const unsigned order : {0u, 1u, 9u}) {
    cuda_on_host::order = order;
    std::vector<int> values = counted;
    cuda::launch(reverse, 1, 100, 100 * sizeof(int), nullptr, values.data(), true);
    CHECK(values == backwards);
    values = counted;
    cuda::launch(reverse, 1, 100, 100 * sizeof(int), nullptr, values.data(), false);
    wrong += values != backwards;
  }
  cuda_on_host::order = 0;
  CHECK(wrong > 0);
}

TEST_CASE("lanes of a warp exchange values") {
  std::vector<int> values(64, 1);
  values[40] = 5;
  cuda::launch(sum_of_warp, 1, 64, 0, nullptr, values.data());
  CHECK(values == [] {
    std::vector<int> wanted(64, 32);
    for (std::size_t i = 32; i < 64; ++i) wanted[i] = 36;
    return wanted;
  }());
}

TEST_CASE("what would hang or fail on a GPU is an error") {
  CHECK_THROWS_AS(cuda::launch(half_waits, 1, 32, 0, nullptr), std::logic_error);
  CHECK_THROWS_WITH(cuda::launch(half_waits, 1, 2048, 0, nullptr),
                    "CUDA: a kernel did not start: invalid configuration argument");
  CHECK_THROWS_AS(cuda::launch(half_waits, 1, 32, std::size_t{300} << 10, nullptr), std::runtime_error);
}

TEST_CASE("memory for intermediate results is given back, also after an error") {
  const std::size_t before = cuda_on_host::held_bytes();
  const auto use = [](std::size_t count) {
    const cuda::StreamMemory<float> memory(count, nullptr);
    cuda::check_call(cudaErrorInvalidValue, "always");
  };
  CHECK_THROWS_WITH(use(1000), "CUDA: always: invalid argument");
  CHECK_THROWS_WITH(use(std::size_t{1} << 40), "CUDA: 4194305 MB for intermediate results are not free on the device");
  CHECK(cuda_on_host::held_bytes() == before);
}

TEST_CASE("a thousand failing calls leave nothing, and the next one works") {
  Array<std::uint8_t, 2> left({12, 20}, random_values<std::uint8_t>(240, 0, 256, 1)), right({12, 20}, left.host);
  Array<std::uint8_t, 2> narrow({12, 19});
  Array<float, 2> wanted({12, 20}), found({12, 20});
  gv::stereo::SGMOptions options;
  options.max_disparity = 8;
  const cuda::SGM sgm(options);
  sgm(left.there(), right.there(), wanted.there());
  const std::size_t held = cuda_on_host::held_bytes(), memory = cuda_on_host::memory_bytes;
  for (int i = 0; i < 500; ++i) {
    CHECK_THROWS_AS(sgm(left.there(), narrow.there(), found.there()), std::invalid_argument);
    cuda_on_host::memory_bytes = held + 3000;  // not all of it
    CHECK_THROWS_AS(sgm(left.there(), right.there(), found.there()), std::runtime_error);
    cuda_on_host::memory_bytes = memory;
  }
  CHECK(cuda_on_host::held_bytes() == held);
  sgm(left.there(), right.there(), found.there());
  CHECK(apart(found.fetched(), wanted.fetched()) == 0);
}

#endif

#include <mutex>
#include <vector>

#include "cuda/launch.cuh"

namespace geomvision::cuda {
namespace {

// What waits for the next call and is not given back to the device when a stream is waited for.
constexpr std::uint64_t kept_bytes = std::uint64_t{2} << 30;

// A pool of the library's own for each device, so that nobody else's settings change.
cudaMemPool_t pool() {
  static std::mutex mutex;
  static std::vector<cudaMemPool_t> pools;
  int device = 0;
  check_call(cudaGetDevice(&device), "no current device");
  const std::lock_guard<std::mutex> lock(mutex);
  const auto index = static_cast<std::size_t>(device);
  if (pools.size() <= index) pools.resize(index + 1, nullptr);
  if (pools[index] == nullptr) {
    cudaMemPoolProps properties{};
    properties.allocType = cudaMemAllocationTypePinned;
    properties.location.type = cudaMemLocationTypeDevice;
    properties.location.id = device;
    check_call(cudaMemPoolCreate(&pools[index], &properties), "no pool of memory");
    std::uint64_t kept = kept_bytes;
    check_call(cudaMemPoolSetAttribute(pools[index], cudaMemPoolAttrReleaseThreshold, &kept), "no pool of memory");
  }
  return pools[index];
}

}  // namespace

int device_count() {
  int count = 0;
  if (cudaGetDeviceCount(&count) == cudaSuccess) return count;
  cudaGetLastError();
  return 0;
}

void* allocate(std::size_t bytes, Stream stream) {
  void* data = nullptr;
  const cudaError_t error = cudaMallocFromPoolAsync(&data, bytes, pool(), stream);
  if (error != cudaErrorMemoryAllocation) check_call(error, "no memory for intermediate results");
  if (error == cudaErrorMemoryAllocation) {
    cudaGetLastError();
    const std::string size = std::to_string((bytes >> 20) + 1);
    throw std::runtime_error("CUDA: " + size + " MB for intermediate results are not free on the device");
  }
  return data;
}

std::uint64_t peak_bytes(bool again) {
  std::uint64_t peak = 0, zero = 0;
  check_call(cudaMemPoolGetAttribute(pool(), cudaMemPoolAttrUsedMemHigh, &peak), "the pool does not answer");
  if (again) check_call(cudaMemPoolSetAttribute(pool(), cudaMemPoolAttrUsedMemHigh, &zero), "the pool does not answer");
  return peak;
}

}  // namespace geomvision::cuda

#pragma once

// The part of CUDA's language and runtime that the core uses, on a CPU: kernels are compiled as C++ and run where there
// is no GPU. Blocks run one after the other; the threads of a block are fibers, which change over where they wait for
// one another. What a GPU refuses is refused here, and sanitizers see every access. Only tests use this.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <type_traits>

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __shared__ static  // a block at a time
#define __launch_bounds__(...)

struct uint3 {
  unsigned x = 0, y = 0, z = 0;
};
struct dim3 {
  unsigned x, y, z;
  dim3(unsigned a = 1, unsigned b = 1, unsigned c = 1) : x(a), y(b), z(c) {}  // NOLINT(google-explicit-constructor)
};
extern uint3 threadIdx, blockIdx;
extern dim3 blockDim, gridDim;
constexpr int warpSize = 32;

struct CUstream_st;
using cudaStream_t = CUstream_st*;
enum cudaError_t { cudaSuccess, cudaErrorInvalidValue, cudaErrorMemoryAllocation, cudaErrorInvalidConfiguration };
enum cudaMemcpyKind { cudaMemcpyHostToDevice = 1, cudaMemcpyDeviceToHost, cudaMemcpyDeviceToDevice };
enum cudaFuncAttribute { cudaFuncAttributeMaxDynamicSharedMemorySize };

const char* cudaGetErrorString(cudaError_t error);
cudaError_t cudaGetLastError();
cudaError_t cudaGetDeviceCount(int* count);
cudaError_t cudaGetDevice(int* device);
cudaError_t cudaMallocAsync(void** data, std::size_t bytes, cudaStream_t stream);
cudaError_t cudaFreeAsync(void* data, cudaStream_t stream);
cudaError_t cudaMemsetAsync(void* data, int value, std::size_t bytes, cudaStream_t stream);
cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind, cudaStream_t stream);
cudaError_t cudaStreamSynchronize(cudaStream_t stream);
cudaError_t cudaFuncSetAttribute(const void* kernel, cudaFuncAttribute attribute, int value);

struct CUmemPool;
using cudaMemPool_t = CUmemPool*;
enum cudaMemPoolAttr { cudaMemPoolAttrReleaseThreshold, cudaMemPoolAttrUsedMemHigh };
enum { cudaMemAllocationTypePinned, cudaMemLocationTypeDevice };
struct cudaMemPoolProps {
  int allocType;
  struct {
    int type, id;
  } location;
};
cudaError_t cudaMemPoolCreate(cudaMemPool_t* pool, const cudaMemPoolProps* properties);
cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t pool, cudaMemPoolAttr attribute, void* value);
cudaError_t cudaMemPoolGetAttribute(cudaMemPool_t pool, cudaMemPoolAttr attribute, void* value);
cudaError_t cudaMallocFromPoolAsync(void** data, std::size_t bytes, cudaMemPool_t pool, cudaStream_t stream);

namespace cuda_on_host {

/// In which order the ready threads of a block go on: what depends on it has a race. 0: forwards, 1: backwards, others
/// are seeds of random orders.
extern unsigned order;

/// Bytes that were asked for and not given back.
std::size_t held_bytes();
/// Asking for more than this fails, as on a device that is full.
extern std::size_t memory_bytes;

/// `body` once for each thread of the grid. Throws std::logic_error where threads wait for one another for ever.
cudaError_t run(const std::function<void()>& body, dim3 grid, dim3 block, std::size_t shared_bytes);

void* dynamic_shared();
void wait_for_block();
void wait_for_warp(unsigned mask);
unsigned lane();

/// Hand `bits` in; what lane `from` of the mask handed in comes back.
std::uint64_t exchange(unsigned mask, std::uint64_t bits, unsigned from);

template <typename T>
T exchange_value(unsigned mask, T value, unsigned from) {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= 8);
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof(T));
  bits = exchange(mask, bits, from);
  std::memcpy(&value, &bits, sizeof(T));
  return value;
}

}  // namespace cuda_on_host

#include "device_functions.hpp"
#include "packed_words.hpp"

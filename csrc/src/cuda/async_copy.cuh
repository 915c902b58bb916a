#pragma once

#include <cuda_runtime.h>
#ifdef __CUDACC__
#include <cuda_pipeline_primitives.h>
#endif

// Copies from global into shared memory that threads need not wait for: from sm_80 on without a register between.

namespace geomvision::cuda {

/// Begin to copy `count` elements, 4 or 16 bytes, both of which begin on as many. They are there for the threads of a
/// block after `wait_for_copies` and __syncthreads.
template <int count, typename T>
__device__ __forceinline__ void copy_async(T* to, const T* from) {
#ifdef __CUDACC__
  __pipeline_memcpy_async(to, from, count * sizeof(T));
#else
  for (int k = 0; k < count; ++k) to[k] = from[k];
#endif
}

/// What was begun since the last call is a group.
__device__ __forceinline__ void end_copy_group() {
#ifdef __CUDACC__
  __pipeline_commit();
#endif
}

/// Wait until all groups of this thread but the last `still` are there.
template <int still>
__device__ __forceinline__ void wait_for_copies() {
#ifdef __CUDACC__
  __pipeline_wait_prior(still);
#endif
}

}  // namespace geomvision::cuda

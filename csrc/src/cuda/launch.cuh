#pragma once

#include <cuda_runtime.h>

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>

#include "geomvision/check.hpp"
#include "geomvision/cuda/device_view.hpp"

// What every CUDA source here needs. Sources are plain C++ but for what cuda_runtime.h brings, so that tests can
// compile them for the CPU (tests/cpp/cuda_on_host): kernels are started by `launch`, dynamic shared memory is
// `shared<T>()`.

namespace geomvision::cuda {

inline void check_call(cudaError_t error, const char* what) {
  if (error == cudaSuccess) return;
  cudaGetLastError();  // it was told; the context stays usable
  throw std::runtime_error(std::string("CUDA: ") + what + ": " + cudaGetErrorString(error));
}

/// Memory of the current device, from a pool of the library's own. Throws std::runtime_error where it is full.
void* allocate(std::size_t bytes, Stream stream);

/// Memory for the length of some work on a stream. A graph being captured takes it up.
template <typename T>
class StreamMemory {
 public:
  StreamMemory(std::size_t count, Stream stream)
      : stream_(stream), data_(count > 0 ? static_cast<T*>(allocate(count * sizeof(T), stream)) : nullptr) {}
  StreamMemory(const StreamMemory&) = delete;
  StreamMemory& operator=(const StreamMemory&) = delete;
  ~StreamMemory() {
    if (data_ != nullptr) cudaFreeAsync(data_, stream_);
  }
  T* data() const { return data_; }

 private:
  Stream stream_;
  T* data_;
};

/// Dynamic shared memory of the block, which begins on 16 bytes.
template <typename T>
__device__ T* shared() {
#ifdef __CUDACC__
  extern __shared__ uint4 geomvision_shared[];
  return reinterpret_cast<T*>(geomvision_shared);
#else
  return static_cast<T*>(cuda_on_host::dynamic_shared());
#endif
}

/// Start a kernel: the arguments become its parameters' types. Does nothing where the grid is empty.
template <typename... Parameters, typename... Arguments>
void launch(void (*kernel)(Parameters...), dim3 grid, dim3 block, std::size_t shared_bytes, Stream stream,
            Arguments&&... arguments) {
  if (grid.x == 0 || grid.y == 0 || grid.z == 0) return;
  constexpr std::size_t usual_shared = std::size_t{48} << 10;
  const auto* function = reinterpret_cast<const void*>(kernel);
  if (shared_bytes > usual_shared) {
    check_call(
        cudaFuncSetAttribute(function, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(shared_bytes)),
        "a kernel needs more shared memory than the device has");
  }
  std::tuple<Parameters...> parameters(std::forward<Arguments>(arguments)...);
#ifdef __CUDACC__
  std::apply(
      [&](auto&... each) {
        void* pointers[] = {static_cast<void*>(&each)...};
        check_call(cudaLaunchKernel(function, grid, block, pointers, shared_bytes, stream), "a kernel did not start");
      },
      parameters);
#else
  (void)stream;
  const auto body = [&] { std::apply(kernel, parameters); };
  check_call(cuda_on_host::run(body, grid, block, shared_bytes), "a kernel did not start");
#endif
}

/// Blocks for so many threads or tiles. Throws std::invalid_argument where a grid cannot be so large.
inline unsigned blocks(std::ptrdiff_t count, int of_block) {
  const std::ptrdiff_t needed = (count + of_block - 1) / of_block;
  check(needed < (std::ptrdiff_t{1} << 31), "CUDA: ", count,
        " elements are more than a grid holds; cut them into parts");
  return static_cast<unsigned>(needed);
}

/// A view inside a kernel.
template <typename T, int Rank>
struct Cells {
  T* data;
  std::ptrdiff_t strides[Rank];
  int sizes[Rank];

  Cells() = default;
  template <typename U>
  explicit Cells(const DeviceView<U, Rank>& view) : data(view.data()) {
    for (int axis = 0; axis < Rank; ++axis) {
      check(view.size(axis) < (std::ptrdiff_t{1} << 31), "CUDA: sizes are ", view.shape(), "; allowed are below 2^31");
      strides[axis] = view.stride(axis);
      sizes[axis] = static_cast<int>(view.size(axis));
    }
  }

  /// The element at `index...`; missing indices are 0.
  template <typename... Index>
  __device__ T* at(Index... index) const {
    const std::ptrdiff_t indices[] = {static_cast<std::ptrdiff_t>(index)...};
    T* address = data;
    for (int axis = 0; axis < static_cast<int>(sizeof...(Index)); ++axis) address += indices[axis] * strides[axis];
    return address;
  }
};

/// Which pixel of an image the thread has, counted through a grid of one axis; false where there is none.
template <typename T>
__device__ bool pixel_of(const Cells<T, 2>& image, int& y, int& x) {
  const auto pixel = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  y = static_cast<int>(pixel / image.sizes[1]);
  x = static_cast<int>(pixel - static_cast<std::int64_t>(y) * image.sizes[1]);
  return y < image.sizes[0];
}

/// Set all elements to zero; the view must be packed.
template <typename T, int Rank>
void clear(const DeviceView<T, Rank>& view, Stream stream) {
  std::size_t bytes = sizeof(T);
  for (int axis = 0; axis < Rank; ++axis) bytes *= static_cast<std::size_t>(view.size(axis));
  if (bytes > 0) check_call(cudaMemsetAsync(view.data(), 0, bytes, stream), "memory cannot be cleared");
}

template <typename T, int Rank>
void require_packed(const char* op, const char* name, const DeviceView<T, Rank>& view) {
  check(view.is_packed(), op, ": ", name, " (", view.shape(), ") has gaps between its elements; it must have none");
}

}  // namespace geomvision::cuda

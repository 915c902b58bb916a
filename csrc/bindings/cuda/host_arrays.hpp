#pragma once

#include <cuda_runtime.h>

#include <chrono>
#include <string>

#include "../bind.hpp"
#include "device_array.hpp"

namespace geomvision::bindings {

/// Counts the seconds that copies to a GPU and back take.
class Copies {
 public:
  double seconds() const { return seconds_; }

  static void check(cudaError_t error) {
    if (error == cudaSuccess) return;
    cudaGetLastError();
    throw std::runtime_error(std::string("CUDA: an array cannot be copied: ") + cudaGetErrorString(error));
  }

  /// Run `copy` and wait for it; what ran before is waited for first and not counted.
  template <typename Copy>
  void operator()(const Copy& copy) {
    check(cudaStreamSynchronize(nullptr));
    const auto start = std::chrono::steady_clock::now();
    copy();
    check(cudaStreamSynchronize(nullptr));
    seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }

 private:
  double seconds_ = 0;
};

/// An array in the current device's memory for the length of a call. An empty one has no memory.
template <typename T, int Rank>
class OnDevice {
 public:
  using Sizes = typename cuda::DeviceView<T, Rank>::Sizes;

  explicit OnDevice(const Sizes& sizes) : sizes_(sizes) {
    for (const std::ptrdiff_t size : sizes) bytes_ *= static_cast<std::size_t>(size);
    if (bytes_ > 0) Copies::check(cudaMallocAsync(&data_, bytes_, nullptr));
  }
  OnDevice(const OnDevice&) = delete;
  OnDevice& operator=(const OnDevice&) = delete;
  ~OnDevice() {
    if (data_ != nullptr) cudaFreeAsync(data_, nullptr);
  }

  cuda::DeviceView<T, Rank> view() const {
    return data_ == nullptr ? cuda::DeviceView<T, Rank>() : cuda::DeviceView<T, Rank>(static_cast<T*>(data_), sizes_);
  }
  void take(const T* from) { copy(data_, from, cudaMemcpyHostToDevice); }
  void give(T* to) const { copy(to, data_, cudaMemcpyDeviceToHost); }

 private:
  void copy(void* to, const void* from, cudaMemcpyKind kind) const {
    if (bytes_ > 0) Copies::check(cudaMemcpyAsync(to, from, bytes_, kind, nullptr));
  }

  Sizes sizes_;
  std::size_t bytes_ = sizeof(T);
  void* data_ = nullptr;
};

}  // namespace geomvision::bindings

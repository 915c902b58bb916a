#pragma once

#include <cuda_runtime.h>
#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <random>
#include <vector>

#include "geomvision/cuda/device_view.hpp"
#include "geomvision/tensor.hpp"

// What the tests of CUDA twins share. They run on a GPU or, compiled with cuda_on_host, on the CPU.

namespace device {

namespace gv = geomvision;

/// Numbers of the same sequence everywhere.
template <typename T>
std::vector<T> random_values(std::size_t count, double low, double high, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<T> values(count);
  for (T& value : values) value = static_cast<T>(low + (high - low) * (random() / 4294967296.0));
  return values;
}

/// An array here and its copy in the device's memory.
template <typename T, int Rank>
class Array {
 public:
  using Sizes = typename gv::TensorView<T, Rank>::Sizes;

  explicit Array(const Sizes& sizes, T value = T()) : Array(sizes, std::vector<T>(count(sizes), value)) {}
  Array(const Sizes& sizes, std::vector<T> values) : sizes_(sizes), host(std::move(values)) {
    REQUIRE(host.size() == count(sizes));
    REQUIRE(cudaMallocAsync(&data_, bytes() + 1, nullptr) == cudaSuccess);
    REQUIRE(cudaMemcpyAsync(data_, host.data(), bytes(), cudaMemcpyHostToDevice, nullptr) == cudaSuccess);
  }
  Array(const Array&) = delete;
  Array& operator=(const Array&) = delete;
  ~Array() { cudaFreeAsync(data_, nullptr); }

  gv::TensorView<T, Rank> here() { return {host.data(), sizes_}; }
  gv::cuda::DeviceView<T, Rank> there() const { return {static_cast<T*>(data_), sizes_}; }

  /// What the device has, once it has done all that was asked for.
  std::vector<T> fetched() const {
    std::vector<T> values(host.size());
    REQUIRE(cudaMemcpyAsync(values.data(), data_, bytes(), cudaMemcpyDeviceToHost, nullptr) == cudaSuccess);
    REQUIRE(cudaStreamSynchronize(nullptr) == cudaSuccess);
    return values;
  }

 private:
  static std::size_t count(const Sizes& sizes) {
    std::size_t all = 1;
    for (const std::ptrdiff_t size : sizes) all *= static_cast<std::size_t>(size);
    return all;
  }
  std::size_t bytes() const { return host.size() * sizeof(T); }

  Sizes sizes_;
  void* data_ = nullptr;

 public:
  std::vector<T> host;
};

/// The largest difference; infinite where only one is NaN or they differ in size.
template <typename T>
double apart(const std::vector<T>& a, const std::vector<T>& b) {
  double most = a.size() == b.size() ? 0 : INFINITY;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    const auto x = static_cast<double>(a[i]), y = static_cast<double>(b[i]);
    if (std::isnan(x) && std::isnan(y)) continue;
    const double difference = x == y ? 0 : std::abs(x - y);
    most = std::isnan(difference) ? INFINITY : std::max(most, difference);
  }
  return most;
}

/// `body` with threads that go on in several orders, where that can be chosen: a race would show in the results.
template <typename Body>
void each_order(const Body& body) {
#ifdef GEOMVISION_CUDA_ON_HOST
  for (const unsigned order : {0u, 1u, 5u}) {
    cuda_on_host::order = order;
    CAPTURE(order);
    body();
  }
  cuda_on_host::order = 0;
#else
  body();
#endif
}

}  // namespace device

#pragma once

#include <cuda_runtime.h>

#include <chrono>

#include "../bind.hpp"
#include "device_array.hpp"

namespace geomvision::bindings {

using Seconds = std::chrono::duration<double>;

inline void check_copy(cudaError_t error) {
  if (error == cudaSuccess) return;
  cudaGetLastError();
  throw std::runtime_error(std::string("CUDA: an image cannot be copied: ") + cudaGetErrorString(error));
}

/// An image in the device's memory, for the length of a call.
template <typename T>
class DeviceImage {
 public:
  DeviceImage(std::ptrdiff_t height, std::ptrdiff_t width) : sizes_{height, width} {
    check_copy(cudaMallocAsync(&data_, bytes() + 1, nullptr));
  }
  DeviceImage(const DeviceImage&) = delete;
  DeviceImage& operator=(const DeviceImage&) = delete;
  ~DeviceImage() { cudaFreeAsync(data_, nullptr); }

  cuda::DeviceView<T, 2> view() const { return {static_cast<T*>(data_), sizes_}; }
  void take(const T* from) { check_copy(cudaMemcpyAsync(data_, from, bytes(), cudaMemcpyHostToDevice, nullptr)); }
  void give(T* to) const { check_copy(cudaMemcpyAsync(to, data_, bytes(), cudaMemcpyDeviceToHost, nullptr)); }

 private:
  std::size_t bytes() const { return static_cast<std::size_t>(sizes_[0] * sizes_[1]) * sizeof(T); }

  typename cuda::DeviceView<T, 2>::Sizes sizes_;
  void* data_ = nullptr;
};

template <typename Options, typename EachOption>
Options options_of(const py::dict& given, const EachOption& each_option) {
  Options options;
  each_option(options, [&](const char* name, auto& value) {
    value = given[name].template cast<std::decay_t<decltype(value)>>();
  });
  return options;
}

/// (disparity, confidence, occluded, seconds that copying to the device and back took) of a pair of numpy images.
template <typename Matcher, typename T>
py::tuple match_arrays(const Array<T>& left, const Array<T>& right, Matcher matcher) {
  const auto seen = view(left, "left"), other = view(right, "right");
  if (other.width() != seen.width() || other.height() != seen.height()) {
    throw std::invalid_argument("left and right differ in size; they must be equal");
  }
  auto disparity = make_array<float>(seen.height(), seen.width()),
       confidence = make_array<float>(seen.height(), seen.width());
  auto occluded = make_array<std::uint8_t>(seen.height(), seen.width());
  double copying = 0;
  const auto timed = [&](const auto& copy) {
    const auto start = std::chrono::steady_clock::now();
    copy();
    check_copy(cudaStreamSynchronize(nullptr));
    copying += Seconds(std::chrono::steady_clock::now() - start).count();
  };
  float* const maps[] = {disparity.mutable_data(), confidence.mutable_data()};
  std::uint8_t* const marks = occluded.mutable_data();
  without_gil([&] {
    DeviceImage<T> images[] = {{seen.height(), seen.width()}, {seen.height(), seen.width()}};
    DeviceImage<float> found[] = {{seen.height(), seen.width()}, {seen.height(), seen.width()}};
    DeviceImage<std::uint8_t> hidden(seen.height(), seen.width());
    timed([&] {
      images[0].take(seen.data());
      images[1].take(other.data());
    });
    matcher(images[0].view(), images[1].view(), found[0].view(), found[1].view(), hidden.view(), nullptr);
    check_copy(cudaStreamSynchronize(nullptr));
    timed([&] {
      for (int i = 0; i < 2; ++i) found[i].give(maps[i]);
      hidden.give(marks);
    });
  });
  return py::make_tuple(disparity, confidence, occluded.attr("view")("bool"), copying);
}

/// Define NAME for arrays on the device, and NAME_arrays for numpy's, which are copied there and back.
template <typename Matcher, typename Options, typename EachOption>
void bind_matcher(py::module_& module, const std::string& name, const EachOption& each_option) {
  using namespace py::literals;
  const auto define = [&](auto pixel) {
    using T = decltype(pixel);
    module.def((name + "_arrays").c_str(),
               [each_option](const Array<T>& left, const Array<T>& right, const py::dict& options) {
                 return match_arrays<Matcher, T>(left, right, Matcher(options_of<Options>(options, each_option)));
               },
               "left"_a.noconvert(), "right"_a.noconvert(), "options"_a);
  };
  define(std::uint8_t{});
  define(std::uint16_t{});
  define(float{});
  module.def(
      name.c_str(),
      [each_option](const DeviceArray& left, const DeviceArray& right, const py::dict& options,
                    const DeviceArray& disparity, const DeviceArray& confidence, const DeviceArray& occluded,
                    std::uintptr_t stream) {
        Matcher matcher(options_of<Options>(options, each_option));
        const auto run = [&](auto pixel) {
          using T = const decltype(pixel);
          matcher(view<T, 2>(left, "left"), view<T, 2>(right, "right"), view<float, 2>(disparity, "disparity"),
                  view<float, 2>(confidence, "confidence"), view<std::uint8_t, 2>(occluded, "occluded"),
                  stream_of(stream));
        };
        if (left.dtype == "uint8") return run(std::uint8_t{});
        left.dtype == "uint16" ? run(std::uint16_t{}) : run(float{});
      },
      "left"_a, "right"_a, "options"_a, "disparity"_a, "confidence"_a, "occluded"_a, "stream"_a);
}

}  // namespace geomvision::bindings

#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "geomvision/tensor.hpp"

struct CUstream_st;

namespace geomvision::cuda {

/// The stream that work is put on: a `cudaStream_t`, without the need of CUDA's headers. Null is the default stream.
/// Nothing waits for it: results are there when the stream has come to them.
using Stream = ::CUstream_st*;

/// A borrowed array in the memory of a GPU: a `TensorView` that the host must not look into. Owns nothing. The device
/// that holds it must be the current one of the calling thread.
template <typename T, int Rank>
class DeviceView : private TensorView<T, Rank> {
  using Base = TensorView<T, Rank>;

 public:
  using Base::Base;
  using Base::data;
  using Base::empty;
  using Base::is_packed;
  using Base::shape;
  using Base::size;
  using Base::sizes;
  using Base::stride;
  using Base::strides;
  using typename Base::Sizes;

  DeviceView() = default;

  /// A view of non-const elements is also a view of const ones.
  template <typename U, typename = std::enable_if_t<std::is_same_v<const U, T>>>
  DeviceView(const DeviceView<U, Rank>& other)  // NOLINT(google-explicit-constructor)
      : Base(other.data(), other.sizes(), other.strides()) {}
};

/// GPUs that can be used here; 0 where there is none, or no driver. Asks for nothing else: no context is made.
int device_count();

/// The most memory that intermediate results have taken on the current device, in bytes, since the process began or
/// since it was last asked to count `again`.
std::uint64_t peak_bytes(bool again = false);

}  // namespace geomvision::cuda

#pragma once

#include "device_array.hpp"

// Batches, whose images are rows below one another or come one by one.
namespace geomvision::bindings {

/// A batch as one tall array of `Rank` axes: the first two of the array become one.
template <typename T, int Rank>
cuda::DeviceView<T, Rank> rows(const DeviceArray& array, const char* name) {
  const auto batch = view<T, Rank + 1>(array, name);
  typename cuda::DeviceView<T, Rank>::Sizes sizes{};
  for (int axis = 0; axis < Rank; ++axis) sizes[static_cast<std::size_t>(axis)] = batch.size(axis + 1);
  sizes[0] *= batch.size(0);
  return {batch.data(), sizes};
}

/// One array of a batch.
template <typename T, int Rank>
cuda::DeviceView<T, Rank> part(const DeviceArray& array, const char* name, std::ptrdiff_t index) {
  const auto batch = view<T, Rank + 1>(array, name);
  typename cuda::DeviceView<T, Rank>::Sizes sizes{};
  for (int axis = 0; axis < Rank; ++axis) sizes[static_cast<std::size_t>(axis)] = batch.size(axis + 1);
  return {batch.data() + index * batch.stride(0), sizes};
}

/// `body(T())` with the pixels of a grey image.
template <typename Body>
void with_image_type(const DeviceArray& array, const char* name, const Body& body) {
  if (array.dtype == "uint8") return body(std::uint8_t());
  if (array.dtype == "uint16") return body(std::uint16_t());
  with_floats(array, name, body);
}

/// `body(T())` with the costs of a volume.
template <typename Body>
void with_cost_type(const DeviceArray& array, const char* name, const Body& body) {
  if (array.dtype == "uint8") return body(std::uint8_t());
  if (array.dtype == "uint16") return body(std::uint16_t());
  if (array.dtype == "int32") return body(std::int32_t());
  if (array.dtype == "float32") return body(float());
  throw std::invalid_argument(std::string(name) + " is " + array.dtype +
                              "; it must be uint8, uint16, int32 or float32");
}

}  // namespace geomvision::bindings

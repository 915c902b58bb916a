#pragma once

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include "geomvision/cuda/device_view.hpp"

namespace geomvision::bindings {

namespace py = pybind11;

/// An array without gaps in a GPU's memory, as Python describes it. Owns nothing.
struct DeviceArray {
  std::uintptr_t pointer;
  std::vector<std::ptrdiff_t> shape;
  std::string dtype;  // "float32", as numpy and torch call it
};

template <typename T>
const char* dtype_of() {
  using Value = std::remove_const_t<T>;
  if constexpr (std::is_same_v<Value, float>) return "float32";
  if constexpr (std::is_same_v<Value, double>) return "float64";
  if constexpr (std::is_same_v<Value, std::uint8_t>) return "uint8";
  if constexpr (std::is_same_v<Value, std::uint16_t>) return "uint16";
  if constexpr (std::is_same_v<Value, std::int16_t>) return "int16";
  if constexpr (std::is_same_v<Value, std::int32_t>) return "int32";
  if constexpr (std::is_same_v<Value, std::int64_t>) return "int64";
}

/// Borrow it. Throws std::invalid_argument where it has another dtype or number of axes.
template <typename T, int Rank>
cuda::DeviceView<T, Rank> view(const DeviceArray& array, const char* name) {
  if (array.dtype != dtype_of<T>()) {
    throw std::invalid_argument(std::string(name) + " is " + array.dtype + "; it must be " + dtype_of<T>());
  }
  if (array.shape.size() != Rank) {
    throw std::invalid_argument(std::string(name) + " has " + std::to_string(array.shape.size()) +
                                " dimensions; it must have " + std::to_string(Rank));
  }
  typename cuda::DeviceView<T, Rank>::Sizes sizes{};
  for (int axis = 0; axis < Rank; ++axis) sizes[axis] = array.shape[static_cast<std::size_t>(axis)];
  return {reinterpret_cast<T*>(array.pointer), sizes};
}

/// `body(T())` with the floating type that the array has.
template <typename Body>
void with_floats(const DeviceArray& array, const char* name, const Body& body) {
  if (array.dtype == "float32") return body(float());
  if (array.dtype == "float64") return body(double());
  throw std::invalid_argument(std::string(name) + " is " + array.dtype + "; it must be float32 or float64");
}

inline cuda::Stream stream_of(std::uintptr_t handle) { return reinterpret_cast<cuda::Stream>(handle); }

}  // namespace geomvision::bindings

#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <new>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include "geomvision/image.hpp"
#include "geomvision/tensor.hpp"
#include "recycled.hpp"

namespace geomvision::bindings {

namespace py = pybind11;

/// A numpy array of exactly T, C-contiguous. Take it with `.noconvert()`: nothing is copied or cast in silence.
template <typename T>
using Array = py::array_t<T, py::array::c_style>;

/// Borrow a (height, width) array as a view. Throws std::invalid_argument where the core cannot count its pixels.
template <typename T>
ImageView<const T> view(const Array<T>& array, const char* name) {
  if (array.ndim() != 2) {
    throw std::invalid_argument(std::string(name) + " has " + std::to_string(array.ndim()) +
                                " dimensions; it must have 2");
  }
  constexpr py::ssize_t most = std::numeric_limits<int>::max();
  if (std::max(array.shape(0), array.shape(1)) > most || array.size() > most) {
    throw std::invalid_argument(std::string(name) + " is " + std::to_string(array.shape(1)) + "x" +
                                std::to_string(array.shape(0)) + " pixels; at most " + std::to_string(most) +
                                " in all can be taken: cut it into tiles");
  }
  return {array.data(), static_cast<int>(array.shape(1)), static_cast<int>(array.shape(0))};
}

/// Borrow a (height, width) array that will be written to.
template <typename T>
ImageView<T> mutable_view(Array<T>& array) {
  return {array.mutable_data(), static_cast<int>(array.shape(1)), static_cast<int>(array.shape(0))};
}

/// Memory for a result. Raises MemoryError with its shape where there is not enough.
inline RecycledMemory::Block result_memory(const std::vector<py::ssize_t>& shape, std::size_t bytes) {
  try {
    return recycled_memory().take(bytes);
  } catch (const std::bad_alloc&) {
    std::string sizes;
    for (const auto size : shape) sizes += (sizes.empty() ? "" : ", ") + std::to_string(size);
    const auto gigabytes = static_cast<double>(bytes) / 1e9;
    const auto told =
        "a result of shape (" + sizes + ") takes " + std::to_string(gigabytes) + " GB, which are not there";
    PyErr_SetString(PyExc_MemoryError, (told + ": ask for less at a time").c_str());
    throw py::error_already_set();
  }
}

/// A new array that begins on a cache line: numpy's own begin 16 bytes after one, where every wide store takes two.
/// Large ones take over the memory of earlier results.
template <typename T>
Array<T> aligned_array(const std::vector<py::ssize_t>& shape) {
  constexpr py::ssize_t line = 64, spare = line / static_cast<py::ssize_t>(sizeof(T));
  const auto count = std::accumulate(shape.begin(), shape.end(), py::ssize_t{1}, std::multiplies<>());
  const auto bytes = static_cast<std::size_t>(count) * sizeof(T);
  if (bytes >= RecycledMemory::least_bytes) {
    auto block = std::make_unique<RecycledMemory::Block>(result_memory(shape, bytes));
    T* const data = static_cast<T*>(block->data);
    const py::capsule owner(block.get(), [](void* held) {
      const std::unique_ptr<RecycledMemory::Block> returned(static_cast<RecycledMemory::Block*>(held));
      recycled_memory().give_back(*returned);
    });
    block.release();  // NOLINT(bugprone-unused-return-value): it is the owner's now
    return Array<T>(shape, data, owner);
  }
  Array<T> memory(count + spare);
  const auto before = static_cast<py::ssize_t>(reinterpret_cast<std::uintptr_t>(memory.data()) % line);
  return Array<T>(shape, memory.data() + (line - before) % line / static_cast<py::ssize_t>(sizeof(T)), memory);
}

/// A new (height, width) array.
template <typename T>
Array<T> make_array(int height, int width) {
  return aligned_array<T>({height, width});
}

/// Borrow an array of `Rank` axes. Throws std::invalid_argument when it has another number of axes.
template <int Rank, typename T>
TensorView<const T, Rank> tensor(const Array<T>& array, const char* name) {
  if (array.ndim() != Rank) {
    throw std::invalid_argument(std::string(name) + " has " + std::to_string(array.ndim()) +
                                " dimensions; it must have " + std::to_string(Rank));
  }
  typename TensorView<const T, Rank>::Sizes sizes{};
  std::copy_n(array.shape(), Rank, sizes.begin());
  return {array.data(), sizes};
}

/// Run `body` while other Python threads may run; it must touch no Python object, not even copy an array.
template <typename Body>
void without_gil(const Body& body) {
  const py::gil_scoped_release release;
  body();
}

/// A new array and the view to write it through.
template <typename T, int Rank>
struct Output {
  Array<T> array;
  TensorView<T, Rank> view;

  explicit Output(const typename TensorView<T, Rank>::Sizes& sizes)
      : array(aligned_array<T>({sizes.begin(), sizes.end()})), view(array.mutable_data(), sizes) {}
};

}  // namespace geomvision::bindings

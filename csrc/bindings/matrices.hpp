#pragma once

#include <array>

#include "bind.hpp"

namespace geomvision::bindings {

/// A small matrix of so many columns, row by row. Throws std::invalid_argument for another shape.
template <std::size_t count>
std::array<double, count> matrix(const Array<double>& array, const char* name, py::ssize_t columns) {
  const auto rows = static_cast<py::ssize_t>(count) / columns;
  if (array.ndim() != 2 || array.shape(0) != rows || array.shape(1) != columns) {
    throw std::invalid_argument(std::string(name) + " must be " + std::to_string(rows) + "x" + std::to_string(columns));
  }
  std::array<double, count> out;
  std::copy_n(array.data(), count, out.begin());
  return out;
}

}  // namespace geomvision::bindings

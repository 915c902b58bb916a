#pragma once

#include "bind.hpp"

namespace geomvision::bindings {

/// Image `b` of a packed batch (batch, height, width). Throws std::invalid_argument where int cannot count its sides.
template <typename T>
ImageView<T> plane(TensorView<T, 3> batch, std::ptrdiff_t b) {
  constexpr std::ptrdiff_t most = std::numeric_limits<int>::max();
  if (std::max(batch.size(1), batch.size(2)) > most) {
    throw std::invalid_argument("a map of " + batch.shape() + " has a side above " + std::to_string(most));
  }
  return {batch.at(b), static_cast<int>(batch.size(2)), static_cast<int>(batch.size(1))};
}

/// Part `b` of a packed batch.
template <typename T, int Rank>
TensorView<T, Rank - 1> part(TensorView<T, Rank> batch, std::ptrdiff_t b) {
  typename TensorView<T, Rank - 1>::Sizes sizes{};
  std::copy_n(batch.sizes().begin() + 1, Rank - 1, sizes.begin());
  return {batch.at(b), sizes};
}

/// Throw std::invalid_argument unless both begin with the same `axes` sizes.
template <typename A, typename B>
void require_same_start(const A& a, const char* a_name, const B& b, const char* b_name, int axes) {
  for (int axis = 0; axis < axes; ++axis) {
    if (a.size(axis) == b.size(axis)) continue;
    throw std::invalid_argument(std::string(a_name) + " is " + a.shape() + ", " + b_name + " is " + b.shape() +
                                "; the first " + std::to_string(axes) + " sizes must agree");
  }
}

}  // namespace geomvision::bindings

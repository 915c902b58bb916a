#pragma once

#include <cstddef>
#include <functional>
#include <utility>

#include "geomvision/check.hpp"
#include "geomvision/tensor.hpp"

namespace geomvision {

/// Where a view begins and ends in memory.
template <typename T, int Rank>
std::pair<const void*, const void*> extent(const TensorView<T, Rank>& view) {
  std::ptrdiff_t first = 0, last = 0;
  for (int axis = 0; axis < Rank; ++axis) {
    const std::ptrdiff_t reach = (view.size(axis) - 1) * view.stride(axis);
    (reach < 0 ? first : last) += reach;
  }
  return {view.data() + first, view.data() + last + 1};
}

/// Throw where a result would be written over what it is made of. Of views with gaps, which may take turns in one
/// piece of memory, only those are refused that begin at the same place.
template <typename T, typename U, int Rank, int OtherRank>
void check_apart(const char* owner, const TensorView<T, Rank>& input, const TensorView<U, OtherRank>& output) {
  if (input.empty() || output.empty()) return;
  const auto [in_begin, in_end] = extent(input);
  const auto [out_begin, out_end] = extent(output);
  const std::less<const void*> before;
  const bool together = before(in_begin, out_end) && before(out_begin, in_end);
  const bool wrong = input.is_packed() && output.is_packed() ? together : in_begin == out_begin;
  check(!wrong, owner, ": the result lies where an input does; give it memory of its own");
}

}  // namespace geomvision

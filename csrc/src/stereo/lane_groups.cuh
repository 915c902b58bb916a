#pragma once

#include <type_traits>

#include "cuda/launch.cuh"

// Groups of 16 or 32 lanes of a warp that go through the candidates of one pixel together. Blocks have one axis, and
// all lanes of a warp take part in everything here.

namespace geomvision::cuda {

constexpr unsigned whole_warp = 0xffffffffu;

/// The smallest value of the group, for all its lanes.
template <int lanes>
__device__ __forceinline__ unsigned least_of(unsigned value) {
#if __CUDA_ARCH__ >= 800
  if constexpr (lanes == 32) return __reduce_min_sync(whole_warp, value);
  const bool second = threadIdx.x % 32 >= 16;
  const unsigned a = __reduce_min_sync(whole_warp, second ? whole_warp : value);
  const unsigned b = __reduce_min_sync(whole_warp, second ? value : whole_warp);
  return second ? b : a;
#else
  for (int by = lanes / 2; by > 0; by /= 2) value = min(value, __shfl_xor_sync(whole_warp, value, by, lanes));
  return value;
#endif
}

/// The sum over the group, for all its lanes.
template <int lanes>
__device__ __forceinline__ unsigned total_of(unsigned value) {
#if __CUDA_ARCH__ >= 800
  if constexpr (lanes == 32) return __reduce_add_sync(whole_warp, value);
  const bool second = threadIdx.x % 32 >= 16;
  const unsigned a = __reduce_add_sync(whole_warp, second ? 0 : value);
  const unsigned b = __reduce_add_sync(whole_warp, second ? value : 0);
  return second ? b : a;
#else
  for (int by = lanes / 2; by > 0; by /= 2) value += __shfl_xor_sync(whole_warp, value, by, lanes);
  return value;
#endif
}

/// Words that lie side by side, from a place that is a multiple of as many words (of four, where there are more).
template <int words>
__device__ __forceinline__ void load_words(const unsigned* from, unsigned (&to)[words]) {
  if constexpr (words == 1) {
    to[0] = *from;
  } else if constexpr (words == 2) {
    const uint2 both = *reinterpret_cast<const uint2*>(from);
    to[0] = both.x, to[1] = both.y;
  } else {
    for (int k = 0; k < words; k += 4) {
      const uint4 four = *reinterpret_cast<const uint4*>(from + k);
      to[k] = four.x, to[k + 1] = four.y, to[k + 2] = four.z, to[k + 3] = four.w;
    }
  }
}

template <int words>
__device__ __forceinline__ void store_words(unsigned* to, const unsigned (&from)[words]) {
  if constexpr (words == 1) {
    *to = from[0];
  } else if constexpr (words == 2) {
    *reinterpret_cast<uint2*>(to) = make_uint2(from[0], from[1]);
  } else {
    for (int k = 0; k < words; k += 4) {
      *reinterpret_cast<uint4*>(to + k) = make_uint4(from[k], from[k + 1], from[k + 2], from[k + 3]);
    }
  }
}

/// Candidates that groups can hold, a byte each.
constexpr int most_candidates = 2048;

/// `body(lanes, words)`, constants: the smallest group that holds so many candidates, and words of four that each of
/// its lanes has.
template <typename Body>
void with_group(int candidates, const Body& body) {
  using std::integral_constant;
  if (candidates <= 64) return body(integral_constant<int, 16>(), integral_constant<int, 1>());
  if (candidates <= 128) return body(integral_constant<int, 32>(), integral_constant<int, 1>());
  if (candidates <= 256) return body(integral_constant<int, 32>(), integral_constant<int, 2>());
  if (candidates <= 512) return body(integral_constant<int, 32>(), integral_constant<int, 4>());
  if (candidates <= 1024) return body(integral_constant<int, 32>(), integral_constant<int, 8>());
  body(integral_constant<int, 32>(), integral_constant<int, 16>());
}

/// Bytes from one pixel's candidates to the next one's: lanes read whole words.
inline int padded_candidates(int candidates) {
  const int part = candidates <= 512 ? 16 : (candidates <= 1024 ? 32 : 64);
  return (candidates + part - 1) / part * part;
}

}  // namespace geomvision::cuda

#pragma once

// Functions and types that CUDA's device code has without including anything. Part of cuda_runtime.h in this folder.

using std::max;
using std::min;

inline void __syncthreads() { cuda_on_host::wait_for_block(); }
inline void __syncwarp(unsigned mask = 0xffffffffu) { cuda_on_host::wait_for_warp(mask); }
inline void __threadfence() {}

// As on the device, a lane beyond the segment of `width` lanes gives its own value.
template <typename T>
T __shfl_sync(unsigned mask, T value, int from, int width = warpSize) {
  const unsigned lane = cuda_on_host::lane(), first = lane / width * width;
  return cuda_on_host::exchange_value(mask, value, first + static_cast<unsigned>(from) % width);
}
template <typename T>
T __shfl_up_sync(unsigned mask, T value, unsigned by, int width = warpSize) {
  const unsigned lane = cuda_on_host::lane();
  return cuda_on_host::exchange_value(mask, value, lane % width >= by ? lane - by : lane);
}
template <typename T>
T __shfl_down_sync(unsigned mask, T value, unsigned by, int width = warpSize) {
  const unsigned lane = cuda_on_host::lane();
  return cuda_on_host::exchange_value(mask, value, lane % width + by < static_cast<unsigned>(width) ? lane + by : lane);
}
template <typename T>
T __shfl_xor_sync(unsigned mask, T value, int by, int width = warpSize) {
  const unsigned lane = cuda_on_host::lane(), from = lane ^ static_cast<unsigned>(by);
  return cuda_on_host::exchange_value(mask, value, from / width <= lane / width ? from : lane);
}
inline unsigned __ballot_sync(unsigned mask, int predicate) {
  unsigned ballot = 0;
  for (unsigned from = 0; from < warpSize; ++from) {
    if ((mask >> from & 1) == 0) continue;
    if (cuda_on_host::exchange_value(mask, predicate, from) != 0) ballot |= 1u << from;
  }
  return ballot;
}
inline int __any_sync(unsigned mask, int predicate) { return __ballot_sync(mask, predicate) != 0; }
inline int __all_sync(unsigned mask, int predicate) { return __ballot_sync(mask, predicate) == mask; }

// Threads of a block change over only where they wait: nothing comes between.
template <typename T, typename U>
T atomicAdd(T* at, U value) {
  const T before = *at;
  *at = static_cast<T>(before + static_cast<T>(value));
  return before;
}
template <typename T, typename U>
T atomicMin(T* at, U value) {
  const T before = *at;
  *at = min(before, static_cast<T>(value));
  return before;
}
template <typename T, typename U>
T atomicMax(T* at, U value) {
  const T before = *at;
  *at = max(before, static_cast<T>(value));
  return before;
}
template <typename T>
T atomicCAS(T* at, T expected, T wanted) {
  const T before = *at;
  if (before == expected) *at = wanted;
  return before;
}

template <typename T>
T __ldg(const T* at) {
  return *at;
}
inline int __popc(unsigned bits) { return __builtin_popcount(bits); }
inline int __popcll(unsigned long long bits) { return __builtin_popcountll(bits); }
inline int __clz(int bits) { return bits == 0 ? 32 : __builtin_clz(static_cast<unsigned>(bits)); }
inline int __ffs(int bits) { return __builtin_ffs(bits); }
inline unsigned __float_as_uint(float value) {
  unsigned bits = 0;
  std::memcpy(&bits, &value, sizeof(bits));
  return bits;
}
inline float __uint_as_float(unsigned bits) {
  float value = 0;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

// Rounded one by one, never fused.
inline double __dadd_rn(double a, double b) { return a + b; }
inline double __dmul_rn(double a, double b) { return a * b; }

struct alignas(8) float2 {
  float x, y;
};
struct alignas(16) float4 {
  float x, y, z, w;
};
struct alignas(8) uint2 {
  unsigned x, y;
};
struct alignas(16) uint4 {
  unsigned x, y, z, w;
};
inline float2 make_float2(float x, float y) { return {x, y}; }
inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }
inline uint2 make_uint2(unsigned x, unsigned y) { return {x, y}; }
inline uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w) { return {x, y, z, w}; }

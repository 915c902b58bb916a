#pragma once

#if defined(__x86_64__) || defined(__i386__)
#include <xmmintrin.h>
#endif

#include <cstddef>
#include <cstdint>

#include "geomvision/tensor.hpp"

namespace geomvision {

/// Whether kernels shall write `out` past the caches: it is more than they keep for those who read it, and wherever a
/// row has a multiple of 16 floats before it, a cache line begins. Call `finish_streams` after having written so.
template <typename T>
bool streams(const TensorView<T, 4>& out) {
  constexpr std::ptrdiff_t kept = 8 << 20, line = 64 / sizeof(T);
  return out.size(0) * out.size(1) * out.size(2) * out.size(3) * static_cast<std::ptrdiff_t>(sizeof(T)) > kept &&
         reinterpret_cast<std::uintptr_t>(out.data()) % 64 == 0 && out.stride(0) % line == 0 &&
         out.stride(1) % line == 0 && out.stride(2) % line == 0;
}

/// Whether a result is more than the caches keep for those who read it, for kernels that see to lines by themselves.
template <typename T, int Rank>
bool is_large(const TensorView<T, Rank>& out) {
  constexpr std::ptrdiff_t kept = 8 << 20;
  std::ptrdiff_t bytes = sizeof(T);
  for (const std::ptrdiff_t size : out.sizes()) bytes *= size;
  return bytes > kept;
}

/// Lets other threads see what this one has written past the caches.
inline void finish_streams() {
#if defined(__x86_64__) || defined(__i386__)
  _mm_sfence();
#endif
}

}  // namespace geomvision

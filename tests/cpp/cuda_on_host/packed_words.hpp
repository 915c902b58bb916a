#pragma once

// CUDA's functions of packed words. Part of cuda_runtime.h in this folder.

// Bytes and 16-bit halves of a word, each on its own.
namespace cuda_on_host {
template <int bits, typename Function>
unsigned each(unsigned a, unsigned b, const Function& function) {
  constexpr unsigned mask = (1u << bits) - 1;
  unsigned result = 0;
  for (int at = 0; at < 32; at += bits) result |= (function(a >> at & mask, b >> at & mask) & mask) << at;
  return result;
}
}  // namespace cuda_on_host

#define CUDA_ON_HOST_EACH(name, bits, expression)                                                          \
  inline unsigned name(unsigned a, unsigned b) {                                                           \
    constexpr unsigned most = (1u << bits) - 1;                                                            \
    (void)most;                                                                                            \
    return cuda_on_host::each<bits>(a, b, [&](unsigned x, unsigned y) -> unsigned { return expression; }); \
  }
CUDA_ON_HOST_EACH(__vadd4, 8, x + y)
CUDA_ON_HOST_EACH(__vadd2, 16, x + y)
CUDA_ON_HOST_EACH(__vsub4, 8, x - y)
CUDA_ON_HOST_EACH(__vsub2, 16, x - y)
CUDA_ON_HOST_EACH(__vaddus4, 8, min(x + y, most))
CUDA_ON_HOST_EACH(__vaddus2, 16, min(x + y, most))
CUDA_ON_HOST_EACH(__vsubus4, 8, x - min(x, y))
CUDA_ON_HOST_EACH(__vsubus2, 16, x - min(x, y))
CUDA_ON_HOST_EACH(__vminu4, 8, min(x, y))
CUDA_ON_HOST_EACH(__vminu2, 16, min(x, y))
CUDA_ON_HOST_EACH(__vmaxu4, 8, max(x, y))
CUDA_ON_HOST_EACH(__vmaxu2, 16, max(x, y))
CUDA_ON_HOST_EACH(__vabsdiffu4, 8, max(x, y) - min(x, y))
CUDA_ON_HOST_EACH(__vcmpeq2, 16, x == y ? most : 0u)
CUDA_ON_HOST_EACH(__vcmpltu2, 16, x < y ? most : 0u)
#undef CUDA_ON_HOST_EACH

inline unsigned __byte_perm(unsigned a, unsigned b, unsigned selector) {
  const std::uint64_t bytes = static_cast<std::uint64_t>(b) << 32 | a;
  unsigned result = 0;
  for (int i = 0; i < 4; ++i) {
    const unsigned which = selector >> (4 * i) & 7;
    result |= static_cast<unsigned>(bytes >> (8 * which) & 0xff) << (8 * i);
  }
  return result;
}
inline unsigned __vsadu4(unsigned a, unsigned b) {
  const unsigned apart = __vabsdiffu4(a, b);
  return (apart & 0xff) + (apart >> 8 & 0xff) + (apart >> 16 & 0xff) + (apart >> 24);
}

#pragma once

// A vector of bytes as wide as the instruction set allows, with the few operations that semi-global matching needs.
// Some take it for 16-bit words: a vector of bytes, widened, is one of its even lanes' and one of its odd lanes'.

#if defined(__AVX512BW__)
#include "kernels/byte_lanes_avx512.hpp"
#elif defined(__AVX2__)
#include "kernels/byte_lanes_avx2.hpp"
#elif defined(__SSE2__)
#include "kernels/byte_lanes_sse2.hpp"
#else
#include "kernels/byte_lanes_plain.hpp"
#endif

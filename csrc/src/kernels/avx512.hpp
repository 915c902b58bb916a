#pragma once

// Intrinsics of AVX-512, for kernels only.

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // GCC 12 means its own intrinsics (GCC bug 105593)
#endif
#include <immintrin.h>

#pragma once

#include "geomvision/isa.hpp"

// Kernels live in src/kernels/NAME.cpp, compiled once per instruction set into the namespaces
// geomvision::kernels::{baseline, avx2, avx512}. Their header declares them with
//
//     GEOMVISION_DECLARE_KERNEL(int, sum_row, (const int* values, int count));
//
// and callers ask for the one to run with GEOMVISION_KERNEL(sum_row)(values, count).

#ifdef GEOMVISION_X86
#define GEOMVISION_DECLARE_KERNEL(result, function, parameters) \
  namespace geomvision::kernels {                               \
  namespace baseline {                                          \
  result function parameters;                                   \
  }                                                             \
  namespace avx2 {                                              \
  result function parameters;                                   \
  }                                                             \
  namespace avx512 {                                            \
  result function parameters;                                   \
  }                                                             \
  }                                                             \
  static_assert(true, "a semicolon follows")

#define GEOMVISION_KERNEL(function)                                                                      \
  (::geomvision::active_isa() == ::geomvision::Isa::avx512                                               \
       ? &::geomvision::kernels::avx512::function                                                        \
       : (::geomvision::active_isa() == ::geomvision::Isa::avx2 ? &::geomvision::kernels::avx2::function \
                                                                : &::geomvision::kernels::baseline::function))
#else
#define GEOMVISION_DECLARE_KERNEL(result, function, parameters) \
  namespace geomvision::kernels::baseline {                     \
  result function parameters;                                   \
  }                                                             \
  static_assert(true, "a semicolon follows")

#define GEOMVISION_KERNEL(function) (&::geomvision::kernels::baseline::function)
#endif

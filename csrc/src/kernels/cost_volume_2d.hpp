#pragma once

#include <cstddef>

#include "dispatch.hpp"

// One row of pixels: costs[x * apart + i * side + k] compares frame0[x] with frame1[i * pitch + x + k], i and k below
// side.
GEOMVISION_DECLARE_KERNEL(void, displacement_costs_f32,
                          (const float* frame0, const float* frame1, std::ptrdiff_t pitch, int width, int side,
                           bool squared, std::ptrdiff_t apart, float* costs));
GEOMVISION_DECLARE_KERNEL(void, displacement_costs_f64,
                          (const double* frame0, const double* frame1, std::ptrdiff_t pitch, int width, int side,
                           bool squared, std::ptrdiff_t apart, double* costs));

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

// Their derivatives. One row of frame 0: d_frame0[x] is the sum of its candidates' slopes, those of costs that are
// not finite being 0. d_costs is laid out like costs above, frame1 too; sums are scratch, side elements.
GEOMVISION_DECLARE_KERNEL(void, displacement_slopes_f32,
                          (const float* d_costs, const float* frame0, const float* frame1, std::ptrdiff_t pitch,
                           int width, int side, bool squared, std::ptrdiff_t apart, float* sums, float* d_frame0));
GEOMVISION_DECLARE_KERNEL(void, displacement_slopes_f64,
                          (const double* d_costs, const double* frame0, const double* frame1, std::ptrdiff_t pitch,
                           int width, int side, bool squared, std::ptrdiff_t apart, double* sums, double* d_frame0));

// One row of frame 1, met by one row of frame 0 at `side` candidates a pixel: d_frame1[x + k] -= the slope of
// d_costs[x * apart + k] at frame0[x] - frame1[x + k].
GEOMVISION_DECLARE_KERNEL(void, met_slopes_f32,
                          (const float* d_costs, const float* frame0, const float* frame1, int width, int side,
                           bool squared, std::ptrdiff_t apart, float* d_frame1));
GEOMVISION_DECLARE_KERNEL(void, met_slopes_f64,
                          (const double* d_costs, const double* frame0, const double* frame1, int width, int side,
                           bool squared, std::ptrdiff_t apart, double* d_frame1));
